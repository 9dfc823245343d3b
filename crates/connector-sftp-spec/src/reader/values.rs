//! Turns a cell into a field's canonical text and says what was odd about it.

use super::layout::BoundColumn;
use crate::spec::{Kind, vocabularies};
use roster_core::{
    DiagnosticCode as Code,
    value::{Date, push_json_string},
};
use roster_tabular::{
    field::{self, Parsed},
    finding::Findings,
};
use std::fmt::Write as _;

/// The canonical values of one record, column by column, in memory that is used again.
#[derive(Default)]
pub(super) struct Values {
    text: String,
    places: Vec<Option<(usize, usize)>>,
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

impl Values {
    /// The value of a column.
    pub(super) fn get(&self, column: usize) -> Option<&str> {
        let (start, end) = (*self.places.get(column)?)?;
        Some(&self.text[start..end])
    }

    /// Forgets the values of the record before.
    pub(super) fn clear(&mut self, columns: usize) {
        self.text.clear();
        self.places.clear();
        self.places.resize(columns, None);
    }

    /// Lets `write` append the value of a column; false from it leaves it empty.
    pub(super) fn set(&mut self, column: usize, write: impl FnOnce(&mut String) -> bool) -> bool {
        let start = self.text.len();
        let filled = write(&mut self.text);
        if filled {
            self.places[column] = Some((start, self.text.len()));
        } else {
            self.text.truncate(start);
        }
        filled
    }
}

/// What one cell needs to be read.
pub(super) struct Cell<'a, 'f, 'o> {
    pub(super) column: &'a BoundColumn,
    pub(super) text: &'a str,
    pub(super) findings: &'f mut Findings<'o>,
    /// Whether end dates are the last day.
    pub(super) last_days: bool,
    /// The date that was read.
    pub(super) date: Option<Date>,
}

impl Cell<'_, '_, '_> {
    /// Appends the canonical text; false when there is none.
    pub(super) fn write(&mut self, out: &mut String) -> bool {
        match self.column.kind {
            Kind::Key | Kind::Reference(_) => {
                out.push_str(&self.column.prefix);
                self.plain(out)
            }
            Kind::Text | Kind::Deleted => self.plain(out),
            Kind::List | Kind::References(_) => self.list(out),
            Kind::Identifiers => self.identifiers(out),
            Kind::Date => self.date(out, false),
            Kind::LastDay => self.date(out, self.last_days),
            Kind::Boolean => self.boolean(out),
            Kind::Year => {
                let codes = (Code::YearForm, Code::InvalidYear);
                self.judged(field::year(self.text), codes)
                    .is_some_and(|it| write!(out, "{it}").is_ok())
            }
            Kind::Number => self.number(out),
            Kind::Grades => self.grades(out),
            Kind::Term(vocabulary) => self.term(vocabulary, out),
        }
    }

    fn plain(&self, out: &mut String) -> bool {
        out.push_str(self.text);
        true
    }

    fn list(&mut self, out: &mut String) -> bool {
        let mut list = JsonList::begin(out);
        for item in items(self.text) {
            list.push(item);
        }
        list.end()
    }

    fn grades(&mut self, out: &mut String) -> bool {
        let mut unknown = false;
        let mut list = JsonList::begin(out);
        for item in items(self.text) {
            let grade = vocabularies::grade(item);
            unknown |= grade.is_none();
            list.push(grade.unwrap_or(item));
        }
        let filled = list.end();
        if unknown {
            self.findings.warn(Code::UnknownVocabulary, &self.column.name);
        }
        filled
    }

    fn identifiers(&mut self, out: &mut String) -> bool {
        let mut odd = false;
        let before = out.len();
        for item in items(self.text) {
            let bare = item.trim_matches(['{', '}']);
            let (scheme, identifier) = bare.split_once(':').unwrap_or_else(|| {
                odd = true;
                ("", bare)
            });
            push_identifier(out, out.len() > before, scheme.trim(), identifier.trim());
        }
        if odd {
            self.findings.repaired(Code::ListItemForm, &self.column.name);
        }
        out.len() > before
    }

    fn boolean(&mut self, out: &mut String) -> bool {
        let Some(value) = field::boolean(self.text).value() else {
            return self.invalid(Code::InvalidBoolean);
        };
        out.push_str(if value { "true" } else { "false" });
        true
    }

    fn number(&mut self, out: &mut String) -> bool {
        match field::integer(self.text).value() {
            Some(number) => write!(out, "{number}").is_ok(),
            None => self.invalid(Code::InvalidInteger),
        }
    }

    /// A date, or the day after it.
    fn date(&mut self, out: &mut String, day_after: bool) -> bool {
        let parsed = match field::date(self.text) {
            Parsed::Repaired(date) if is_american(self.text) => Parsed::Exact(date),
            other => other,
        };
        let Some(date) = self.judged(parsed, (Code::DateForm, Code::InvalidDate)) else {
            return false;
        };
        self.date = Some(date);
        let kept = if day_after { date.tomorrow() } else { Ok(date) };
        match kept {
            Ok(kept) => write!(out, "{kept}").is_ok(),
            Err(_) => self.invalid(Code::InvalidDate),
        }
    }

    fn term(&mut self, vocabulary: &vocabularies::Vocabulary, out: &mut String) -> bool {
        if let Some(term) = vocabulary.term(self.text) {
            out.push_str(term);
            return true;
        }
        if !self.text.starts_with("ext:") {
            self.findings.warn(Code::UnknownVocabulary, &self.column.name);
        }
        self.plain(out)
    }

    /// The value; reports its odd form, or that there is none.
    fn judged<T>(&mut self, parsed: Parsed<T>, (form, invalid): (Code, Code)) -> Option<T> {
        match parsed {
            Parsed::Exact(value) => Some(value),
            Parsed::Repaired(value) => {
                self.findings.repaired(form, &self.column.name);
                Some(value)
            }
            Parsed::Invalid => {
                self.invalid(invalid);
                None
            }
        }
    }

    /// Reports a value that is left out; false for good measure.
    fn invalid(&mut self, code: Code) -> bool {
        if self.column.required {
            self.findings.rejected(code, &self.column.name);
        } else {
            self.findings.repaired(code, &self.column.name);
        }
        false
    }
}

/// Appends an identifier to a list in the making.
pub(super) fn push_identifier(out: &mut String, follows: bool, scheme: &str, identifier: &str) {
    if follows {
        out.push(',');
    }
    out.push_str("{\"type\":");
    push_json_string(out, scheme);
    out.push_str(",\"identifier\":");
    push_json_string(out, identifier);
    out.push('}');
}

/// `M/D/YYYY`, as the specification allows it.
fn is_american(text: &str) -> bool {
    let mut parts = text.split('/');
    let mut number = |longest: usize, shortest: usize| {
        parts.next().is_some_and(|it| {
            (shortest..=longest).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_digit())
        })
    };
    number(2, 1) && number(2, 1) && number(4, 4) && parts.next().is_none()
}

/// The items of a list: separated by `;` or `|` where the cell has one of them, else by commas.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    let commas = !text.contains([';', '|']);
    let items = text.split(move |it| if commas { it == ',' } else { matches!(it, ';' | '|') });
    items.map(str::trim).filter(|it| !it.is_empty())
}

/// A list in the making.
struct JsonList<'o> {
    out: &'o mut String,
    start: usize,
}

impl<'o> JsonList<'o> {
    fn begin(out: &'o mut String) -> Self {
        let start = out.len();
        Self { out, start }
    }

    fn push(&mut self, item: &str) {
        self.out.push(if self.out.len() == self.start { '[' } else { ',' });
        push_json_string(self.out, item);
    }

    /// Whether there is an item.
    fn end(self) -> bool {
        let filled = self.out.len() > self.start;
        if filled {
            self.out.push(']');
        }
        filled
    }
}
