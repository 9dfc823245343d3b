//! Files, queries and collections, and their columns.

use super::{finding, seen};
use roster_core::{Diagnostic, DiagnosticCode, PartInfo};
use roster_sink::{PartKind, PartProfile, Seen};
use std::collections::BTreeSet;

/// Parts that no longer come and are still remembered.
const MOST_GONE: usize = 200;
/// Fewer digits in a row are part of a name and no date or number of a night.
const FEWEST_DIGITS: usize = 6;

/// Compares the parts of tonight's feed with those that came before; gives what is remembered from now on.
pub(super) fn compare(
    before: &[PartProfile],
    now: &[PartInfo],
    whole: bool,
    findings: &mut Vec<Diagnostic>,
) -> Vec<PartProfile> {
    let mut after = Vec::new();
    for part in now {
        let (kind, name) = PartProfile::of(&part.origin);
        if after.iter().any(|it| is_same(it, kind, name)) {
            continue;
        }
        let known = before.iter().find(|it| is_same(it, kind, name));
        if known.is_none() {
            findings.push(finding(DiagnosticCode::FileNew, None, part.origin.locus(0)));
        }
        let columns = compare_columns(known.and_then(|it| it.columns.as_ref()), part, findings);
        after.push(PartProfile { kind, name: name.to_owned(), there: true, columns });
    }
    let came = after.len();
    let absent =
        |it: &&PartProfile| !after[..came].iter().any(|now| is_same(now, it.kind, &it.name));
    let absent: Vec<PartProfile> = before.iter().filter(absent).cloned().collect();
    for mut part in absent {
        if part.there && whole {
            findings.push(finding(DiagnosticCode::FileGone, None, part.origin().locus(0)));
            part.there = false;
        }
        after.push(part);
    }
    let surplus = (after.len() - came).saturating_sub(MOST_GONE);
    after.drain(came..came + surplus);
    after
}

/// Compares the columns of a part; those of a part that is new are no news of their own.
fn compare_columns(
    before: Option<&Seen>,
    part: &PartInfo,
    findings: &mut Vec<Diagnostic>,
) -> Option<Seen> {
    let Some(columns) = &part.columns else { return before.cloned() };
    let now: BTreeSet<String> = columns.iter().map(|it| it.name.to_string()).collect();
    let Some(before) = before else {
        return Some(Seen { there: now.into_iter().collect(), gone: Vec::new() });
    };
    let difference = seen::compare(before, &now, true);
    let mut tell = |code, names: &[String]| {
        let about = |it: &String| finding(code, Some(it), part.origin.locus(0));
        findings.extend(names.iter().map(about));
    };
    tell(DiagnosticCode::ColumnNew, &difference.new);
    tell(DiagnosticCode::ColumnGone, &difference.gone);
    Some(difference.after)
}

fn is_same(part: &PartProfile, kind: PartKind, name: &str) -> bool {
    part.kind == kind && undated(&part.name) == undated(name)
}

/// A name without the date, time or number that differs from night to night: runs of at least six digits, also when
/// they are set apart by `-`, `_`, `.` or `:`.
fn undated(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(start) = rest.find(|it: char| it.is_ascii_digit()) {
        let end = start + run(&rest.as_bytes()[start..]);
        out.push_str(&rest[..start]);
        let digits = rest[start..end].bytes().filter(u8::is_ascii_digit).count();
        out.push_str(if digits < FEWEST_DIGITS { &rest[start..end] } else { "#" });
        rest = &rest[end..];
    }
    out + rest
}

/// Length of the run of digits that the bytes start with.
fn run(bytes: &[u8]) -> usize {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_mark = |at: usize| bytes.get(at).is_some_and(|it| b"-_.:".contains(it));
    let goes_on = |at: &usize| is_digit(*at) || (is_mark(*at) && is_digit(at + 1));
    (0..bytes.len()).take_while(goes_on).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_names_do_not_make_another_file() {
        let check = |name: &str, expected: &str| assert_eq!(undated(name), expected);
        check("users.csv", "users.csv");
        check("export_20261123.csv", "export_#.csv");
        check("export-2026-11-23_0215/users.csv", "export-#/users.csv");
        check("2026-11-23T02:15:00.csv", "#T#.csv");
        check("grade12.csv", "grade12.csv");
        check("v1.1/users2.csv", "v1.1/users2.csv");
        check("é123456ü", "é#ü");
    }
}
