//! Causes of made-up nights.

use super::*;
use crate::report::testing::{finding, reject, run};
use roster_sink::Cause;

/// A cause in a line: severity, code, table, fields, file, findings and followers, and the records named.
fn shown(cause: &RootCause) -> String {
    let RootCause { severity, code, table, fields, file, reach, followers, records, .. } = cause;
    let records: Vec<_> =
        records.iter().map(|it| format!(" {}:{}", it.source_id, it.followers)).collect();
    format!(
        "{} {code} {} {} {} {}+{followers}{}",
        severity.code(),
        table.unwrap_or("-"),
        fields.join(","),
        file.as_deref().unwrap_or("-"),
        reach - followers,
        records.concat(),
    )
}

#[track_caller]
fn check(record: &RunRecord, kept: &Kept, expected: &[&str]) {
    let causes = root_causes(record, kept, Names::of("oneroster"));
    let shown: Vec<_> = causes.iter().map(shown).collect();
    assert_eq!(shown, expected);
}

fn counted(kept: &Kept) -> RunRecord {
    let mut counts: BTreeMap<(Severity, &str), u64> = BTreeMap::new();
    for it in &kept.findings {
        *counts.entry((it.severity, it.code.as_str())).or_default() += 1;
    }
    let mut record = run();
    record.report.diagnostics = counts
        .into_iter()
        .map(|((severity, code), count)| finding(code, severity, count))
        .collect();
    record
}

fn caused(table: &str, source_id: &str, code: &str, followers: u64) -> Cause {
    let (table, source_id, code) = (table.to_owned(), source_id.to_owned(), code.to_owned());
    Cause { table, source_id, code, followers }
}

fn user(kept: &mut Kept, line: u64, key: &str) {
    reject(kept, EntityKind::User, "missing_required", (line, "givenName"), &[("source_id", key)]);
}

fn enrollment(kept: &mut Kept, line: u64, code: &str, field: (&str, &str, &str)) {
    let key = format!("e{line}");
    let fields = [("source_id", key.as_str()), (field.1, field.2)];
    reject(kept, EntityKind::Enrollment, code, (line, field.0), &fields);
}

#[test]
fn records_that_refer_to_one_that_was_left_out_follow_its_cause() {
    let mut kept = Kept::default();
    (2..5).for_each(|line| user(&mut kept, line, &format!("u{line}")));
    for line in 2..9 {
        let user = ["u2", "u3"][usize::from(line > 6)];
        let field = ("userSourcedId", "user_source_id", user);
        enrollment(&mut kept, line, "reference_rejected", field);
    }
    let mut record = counted(&kept);
    record.causes = vec![
        caused("users", "u2", "reference_rejected", 5),
        caused("users", "u3", "reference_rejected", 2),
    ];
    check(&record, &kept, &["rejected missing_required - givenName users.csv 3+7 u2:5 u3:2"]);
}

#[test]
fn chains_of_left_out_records_have_the_cause_of_the_first() {
    let mut kept = Kept::default();
    let section = [("source_id", "k1"), ("course_source_id", "c9")];
    reject(&mut kept, EntityKind::Section, "reference_not_found", (2, "courseSourcedId"), &section);
    for line in 2..6 {
        enrollment(
            &mut kept,
            line,
            "reference_rejected",
            ("classSourcedId", "section_source_id", "k1"),
        );
    }
    let mut record = counted(&kept);
    record.causes = vec![
        caused("sections", "k1", "reference_rejected", 4),
        caused("courses", "c9", "reference_not_found", 1),
    ];
    check(
        &record,
        &kept,
        &["rejected reference_not_found courses courseSourcedId - 1+4 k1:4 c9:1"],
    );
}

#[test]
fn missing_records_of_a_table_are_one_cause() {
    let mut kept = Kept::default();
    for line in 2..7 {
        let key = ["k1", "k2"][usize::from(line == 6)];
        enrollment(
            &mut kept,
            line,
            "reference_not_found",
            ("classSourcedId", "section_source_id", key),
        );
    }
    let mut record = counted(&kept);
    record.causes = vec![
        caused("sections", "k1", "reference_not_found", 4),
        caused("sections", "k2", "reference_not_found", 1),
    ];
    check(
        &record,
        &kept,
        &["rejected reference_not_found sections classSourcedId - 5+0 k1:4 k2:1"],
    );
}

#[test]
fn columns_of_one_header_are_one_cause_and_fields_of_records_are_not() {
    let mut kept = Kept::default();
    for (code, field) in [
        ("column_unknown", "shoeSize"),
        ("column_unknown", "busRoute"),
        ("missing_expected", "role"),
        ("missing_expected", "primary"),
    ] {
        user(&mut kept, 1, "");
        let added = kept.findings.last_mut().unwrap();
        (added.code, added.field) = (code.to_owned(), Some(field.to_owned()));
        added.severity = Severity::Warning;
    }
    check(
        &counted(&kept),
        &kept,
        &[
            "warning column_unknown - shoeSize,busRoute users.csv 2+0",
            "warning missing_expected - primary users.csv 1+0",
            "warning missing_expected - role users.csv 1+0",
        ],
    );
}

#[test]
fn causes_are_ranked_by_what_they_cost() {
    let mut record = run();
    record.report.diagnostics = vec![
        finding("missing_required", Severity::Rejected, 2),
        finding("duplicate_key", Severity::Rejected, 9),
        finding("date_form", Severity::Repaired, 900),
        finding("entity_became_empty", Severity::Warning, 1),
        finding("status_in_bulk", Severity::Warning, 5000),
    ];
    check(
        &record,
        &Kept::default(),
        &[
            "rejected duplicate_key -  - 9+0",
            "rejected missing_required -  - 2+0",
            "warning entity_became_empty - givenName users.csv 1+0",
            "repaired date_form -  - 900+0",
            "warning status_in_bulk -  - 5000+0",
        ],
    );
}

#[test]
fn what_was_too_much_to_keep_still_counts() {
    let mut kept = Kept::default();
    user(&mut kept, 2, "u2");
    let mut record = run();
    record.report.diagnostics = vec![finding("missing_required", Severity::Rejected, 150_000)];
    check(
        &record,
        &kept,
        &[
            "rejected missing_required -  - 149999+0",
            "rejected missing_required - givenName users.csv 1+0",
        ],
    );
}

#[test]
fn references_of_a_run_that_kept_nothing_are_told_by_their_tables() {
    let mut record = run();
    record.report.diagnostics = vec![finding("reference_not_found", Severity::Rejected, 12)];
    record.causes = vec![
        caused("sections", "k1", "reference_not_found", 7),
        caused("users", "u1", "reference_not_found", 2),
        caused("sections", "k2", "reference_not_found", 1),
    ];
    check(
        &record,
        &Kept::default(),
        &[
            "rejected reference_not_found sections  - 8+0 k1:7 k2:1",
            "rejected reference_not_found -  - 2+0",
            "rejected reference_not_found users  - 2+0 u1:2",
        ],
    );
}
