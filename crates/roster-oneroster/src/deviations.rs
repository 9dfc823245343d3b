//! What sets in the field do otherwise than the standard says, and what is done about it.
//!
//! One table: `docs/oneroster-deviations.md` is made of it, and every row is a test case of the same id.

mod table;

use roster_core::DiagnosticCode;
use std::fmt::Write as _;
pub use table::AREAS;

/// The part of a set that deviations are about.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// Its heading in the document.
    pub title: &'static str,
    /// Its rows.
    pub deviations: &'static [Deviation],
}

/// Something that a set does otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// Id of the row and of its test case.
    pub id: &'static str,
    /// What a set has.
    pub seen: &'static str,
    /// What comes of it.
    pub outcome: Outcome,
    /// The finding that says so; `None` where nothing is said, or where the set is refused with a sentence.
    pub code: Option<DiagnosticCode>,
    /// What is done, in a sentence.
    pub done: &'static str,
}

/// What comes of a deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Read without a word.
    Accepted,
    /// Read as it was meant, with a finding.
    Repaired,
    /// The record is left out.
    Rejected,
    /// The whole set is left out.
    Refused,
}

impl Outcome {
    fn words(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repaired => "read, with a finding",
            Self::Rejected => "record rejected",
            Self::Refused => "set refused",
        }
    }
}

const fn accepted(id: &'static str, seen: &'static str, done: &'static str) -> Deviation {
    Deviation { id, seen, outcome: Outcome::Accepted, code: None, done }
}

const fn read(
    id: &'static str,
    seen: &'static str,
    code: DiagnosticCode,
    done: &'static str,
) -> Deviation {
    Deviation { id, seen, outcome: Outcome::Repaired, code: Some(code), done }
}

const fn rejected(
    id: &'static str,
    seen: &'static str,
    code: DiagnosticCode,
    done: &'static str,
) -> Deviation {
    Deviation { id, seen, outcome: Outcome::Rejected, code: Some(code), done }
}

const fn refused(id: &'static str, seen: &'static str, done: &'static str) -> Deviation {
    Deviation { id, seen, outcome: Outcome::Refused, code: None, done }
}

const PREFACE: &str = "\
# OneRoster sets as they are

What sets do otherwise than the standard says, and what Homeroom does about it.  It reads what a person would read: a
set is refused only where it is something else, a record is rejected only where it cannot be used, and nothing is
changed without a finding.  The codes are explained in [diagnostics.md](diagnostics.md).

Keys that occur twice, and references to records that are not there, show only in the whole set and in what was
published before; they are found after the reading, see [diagnostics.md](diagnostics.md).
";

/// The table as a document, `docs/oneroster-deviations.md`.
#[must_use]
pub fn deviations_markdown() -> String {
    let mut text = PREFACE.to_owned();
    for Area { title, deviations } in AREAS {
        _ = writeln!(text, "\n## {title}\n");
        text.push_str("| a set has | outcome | code | what is done |\n|---|---|---|---|\n");
        for it in *deviations {
            let code = it.code.map_or_else(String::new, |it| format!("`{}`", it.code()));
            _ = writeln!(text, "| {} | {} | {code} | {} |", it.seen, it.outcome.words(), it.done);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all() -> impl Iterator<Item = &'static Deviation> {
        AREAS.iter().flat_map(|it| it.deviations)
    }

    #[test]
    fn rows_are_complete_and_have_ids_of_their_own() {
        let ids: BTreeSet<_> = all().map(|it| it.id).collect();
        assert_eq!(ids.len(), all().count());
        for it in all() {
            assert!(!it.seen.contains('|') && !it.done.contains('|'), "{}", it.id);
            assert!(it.done.ends_with('.') && !it.seen.ends_with('.'), "{}", it.id);
        }
    }

    #[test]
    fn document_has_every_row() {
        let text = deviations_markdown();
        for it in all() {
            assert!(text.contains(it.seen) && text.contains(it.done), "{}", it.id);
        }
    }
}
