//! Turns a cell into a field's canonical text and says what was odd about it.

use super::layout::{Need, Note, Parser, Step};
use crate::{files::vocabularies::Vocabulary, version::Version};
use roster_core::{DiagnosticCode, RowBuilder, value::push_json_string};
use roster_tabular::{
    field::{self, ListOutcome, Parsed},
    finding::Findings,
};
use std::{borrow::Cow, fmt::Write as _, sync::Arc};

/// The longest key the standard allows, in characters.
const LONGEST_KEY: usize = 255;

/// What the checks of the whole record need.
#[derive(Debug, Default)]
pub(super) struct Notes<'a> {
    start: Option<roster_core::value::Date>,
    end: Option<(roster_core::value::Date, &'a Step)>,
    subjects: usize,
    subject_codes: Option<(usize, &'a Step)>,
    not_teacher: bool,
    primary: Option<&'a Step>,
    missing: Option<&'a Arc<str>>,
}

impl<'a> Notes<'a> {
    /// Remembers that a value is missing that the standard asks for; the first one is reported.
    pub(super) fn expect(&mut self, name: &'a Arc<str>) {
        self.missing.get_or_insert(name);
    }

    /// Reports what only shows in the whole record.
    pub(super) fn report(self, findings: &mut Findings<'_>) {
        if let Some(name) = self.missing {
            findings.warn(DiagnosticCode::MissingExpected, name);
        }
        if let (Some(start), Some((end, step))) = (self.start, self.end)
            && end < start
        {
            findings.warn(DiagnosticCode::DateOrder, &step.name);
        }
        if let Some((codes, step)) = self.subject_codes
            && self.subjects > 0
            && codes != self.subjects
        {
            findings.warn(DiagnosticCode::ListLengths, &step.name);
        }
        if let Some(step) = self.primary
            && self.not_teacher
        {
            findings.warn(DiagnosticCode::PrimaryNotTeacher, &step.name);
        }
    }
}

/// What one field needs to be read.
pub(super) struct Field<'a, 'f, 'o> {
    pub(super) step: &'a Step,
    pub(super) text: &'a str,
    pub(super) version: Version,
    pub(super) findings: &'f mut Findings<'o>,
    pub(super) notes: &'f mut Notes<'a>,
}

/// True for the word that databases write for an empty value.
pub(super) fn is_null(text: &str) -> bool {
    text == "NULL"
}

impl Field<'_, '_, '_> {
    /// Appends the field; false when the record cannot be used.
    pub(super) fn push(mut self, row: &mut RowBuilder<'_>) -> bool {
        if is_null(self.text) && !self.step.keeps_null {
            self.repaired(DiagnosticCode::NullLiteral);
            self.text = "";
        }
        if self.text.is_empty() {
            row.push(None);
            return self.blank();
        }
        let mut kept = false;
        row.push_with(|out| {
            kept = self.write(out);
            kept
        });
        kept || self.step.need != Need::Required
    }

    fn blank(&mut self) -> bool {
        match self.step.need {
            Need::Optional => true,
            Need::Expected => {
                self.notes.expect(&self.step.name);
                true
            }
            Need::Required => {
                self.findings.rejected(DiagnosticCode::MissingRequired, &self.step.name);
                false
            }
        }
    }

    fn write(&mut self, out: &mut String) -> bool {
        match self.step.parser {
            Parser::Text => self.text(out),
            Parser::Key => self.key(out),
            Parser::FirstKey => self.first_key(out),
            Parser::KeyList => self.keys(out),
            Parser::List => self.list(out),
            Parser::Identifiers => self.identifiers(out),
            Parser::Boolean => self.boolean(out),
            Parser::Primary => self.primary(out),
            Parser::Date => self.date(out),
            Parser::Year => self.year(out),
            Parser::Float => self.float(out),
            Parser::Term(vocabulary, terms) => self.term(vocabulary, terms, out),
            Parser::TermList(vocabulary) => self.terms(vocabulary, out),
        }
    }

    fn text(&self, out: &mut String) -> bool {
        out.push_str(self.text);
        true
    }

    fn key(&mut self, out: &mut String) -> bool {
        if !is_plain_key(self.text) {
            self.warn(DiagnosticCode::IdentifierCharacters);
        }
        self.text(out)
    }

    fn first_key(&mut self, out: &mut String) -> bool {
        let Some(first) = field::list_items(self.text).next() else { return false };
        out.push_str(&first);
        true
    }

    fn keys(&mut self, out: &mut String) -> bool {
        if field::list_items(self.text).any(|it| !is_plain_key(&it)) {
            self.warn(DiagnosticCode::IdentifierCharacters);
        }
        self.list(out)
    }

    fn list(&mut self, out: &mut String) -> bool {
        let outcome = field::push_list(self.text, out);
        match self.step.note {
            Note::Subjects => self.notes.subjects = outcome.items,
            Note::SubjectCodes => self.notes.subject_codes = Some((outcome.items, self.step)),
            _ => {}
        }
        self.judge(outcome);
        if outcome.items == 0 && self.step.need == Need::Expected {
            self.notes.expect(&self.step.name);
        }
        outcome.items > 0
    }

    fn judge(&mut self, outcome: ListOutcome) {
        if outcome.empty_items {
            self.repaired(DiagnosticCode::InvalidList);
        }
        if outcome.json_form {
            self.repaired(DiagnosticCode::ListForm);
        }
    }

    fn identifiers(&mut self, out: &mut String) -> bool {
        let mut odd = false;
        let before = out.len();
        for item in field::list_items(self.text) {
            out.push(if out.len() == before { '[' } else { ',' });
            let (scheme, identifier) = identifier(&item).unwrap_or_else(|| {
                odd = true;
                loose_identifier(&item)
            });
            out.push_str("{\"type\":");
            push_json_string(out, &scheme);
            out.push_str(",\"identifier\":");
            push_json_string(out, &identifier);
            out.push('}');
        }
        // 1.0 has no types.
        if odd && self.version != Version::V1_0 {
            self.repaired(DiagnosticCode::ListItemForm);
        }
        if out.len() == before {
            return false;
        }
        out.push(']');
        true
    }

    fn boolean(&mut self, out: &mut String) -> bool {
        let parsed = field::boolean(self.text);
        let codes = (DiagnosticCode::BooleanForm, DiagnosticCode::InvalidBoolean);
        let Some(value) = self.judged(parsed, codes) else { return false };
        if value && self.step.note == Note::Primary {
            self.notes.primary = Some(self.step);
        }
        out.push_str(if value { "true" } else { "false" });
        true
    }

    fn primary(&mut self, out: &mut String) -> bool {
        let parsed = field::term(self.text, &["primary", "secondary"]);
        let codes = (DiagnosticCode::VocabularyForm, DiagnosticCode::UnknownVocabulary);
        let Some(term) = self.judged(parsed, codes) else { return false };
        out.push_str(if term == "primary" { "true" } else { "false" });
        true
    }

    fn date(&mut self, out: &mut String) -> bool {
        let parsed = field::date(self.text);
        let codes = (DiagnosticCode::DateForm, DiagnosticCode::InvalidDate);
        let Some(date) = self.judged(parsed, codes) else { return false };
        match self.step.note {
            Note::Start => self.notes.start = Some(date),
            Note::End => self.notes.end = Some((date, self.step)),
            _ => {}
        }
        match parsed {
            Parsed::Exact(_) => self.text(out),
            _ => write!(out, "{date}").is_ok(),
        }
    }

    fn year(&mut self, out: &mut String) -> bool {
        let codes = (DiagnosticCode::YearForm, DiagnosticCode::InvalidYear);
        let year = self.judged(field::year(self.text), codes);
        year.is_some_and(|it| write!(out, "{it}").is_ok())
    }

    fn float(&mut self, out: &mut String) -> bool {
        let number = match field::decimal(self.text) {
            // Spaces and thousands separators change nothing that is worth a word.
            Parsed::Exact(number) | Parsed::Repaired(number) => number,
            Parsed::Invalid => return self.invalid(DiagnosticCode::InvalidDecimal),
        };
        write!(out, "{number}").is_ok()
    }

    fn term(
        &mut self,
        vocabulary: &'static Vocabulary,
        model: &'static [&'static str],
        out: &mut String,
    ) -> bool {
        let term = match term_of(self.text, vocabulary, model, self.version) {
            Term::Listed(term) => term,
            Term::Respelt(term) => {
                self.repaired(DiagnosticCode::VocabularyForm);
                term
            }
            Term::Unknown(term) => {
                self.warn(DiagnosticCode::UnknownVocabulary);
                term
            }
        };
        if self.step.note == Note::Role {
            self.notes.not_teacher = term != "teacher";
        }
        out.push_str(term);
        true
    }

    fn terms(&mut self, vocabulary: &'static Vocabulary, out: &mut String) -> bool {
        let (mut respelt, mut unknown) = (false, false);
        let before = out.len();
        for item in field::list_items(self.text) {
            out.push(if out.len() == before { '[' } else { ',' });
            let term = term_of(&item, vocabulary, &[], self.version);
            respelt |= matches!(term, Term::Respelt(_));
            unknown |= matches!(term, Term::Unknown(_));
            push_json_string(out, term.text());
        }
        if respelt {
            self.repaired(DiagnosticCode::VocabularyForm);
        }
        if unknown {
            self.warn(DiagnosticCode::UnknownVocabulary);
        }
        if out.len() == before {
            return false;
        }
        out.push(']');
        true
    }

    /// The value; reports its odd form, or that there is none.
    fn judged<T>(
        &mut self,
        parsed: Parsed<T>,
        (form, invalid): (DiagnosticCode, DiagnosticCode),
    ) -> Option<T> {
        match parsed {
            Parsed::Exact(value) => Some(value),
            Parsed::Repaired(value) => {
                self.repaired(form);
                Some(value)
            }
            Parsed::Invalid => {
                self.invalid(invalid);
                None
            }
        }
    }

    /// Reports a value that is left out; false for good measure.
    fn invalid(&mut self, code: DiagnosticCode) -> bool {
        if self.step.need == Need::Required {
            self.findings.rejected(code, &self.step.name);
        } else {
            self.repaired(code);
        }
        false
    }

    fn warn(&mut self, code: DiagnosticCode) {
        self.findings.warn(code, &self.step.name);
    }

    fn repaired(&mut self, code: DiagnosticCode) {
        self.findings.repaired(code, &self.step.name);
    }
}

/// A term that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term<'a> {
    /// As the edition lists it.
    Listed(&'a str),
    /// Listed, and written in another form.
    Respelt(&'a str),
    /// Not listed by the edition; as the model spells it, else as it is written.
    Unknown(&'a str),
}

impl<'a> Term<'a> {
    pub(super) fn text(self) -> &'a str {
        match self {
            Self::Listed(text) | Self::Respelt(text) | Self::Unknown(text) => text,
        }
    }
}

/// Reads a term of an edition's vocabulary, else of the model's.
pub(super) fn term_of<'a>(
    text: &'a str,
    vocabulary: &'static Vocabulary,
    model: &'static [&'static str],
    version: Version,
) -> Term<'a> {
    let parsed = field::term(text, vocabulary.terms);
    match parsed {
        Parsed::Exact(term) if vocabulary.allows(term, version) => Term::Listed(term),
        Parsed::Repaired(term) if vocabulary.allows(term, version) => Term::Respelt(term),
        Parsed::Exact(term) | Parsed::Repaired(term) => Term::Unknown(term),
        Parsed::Invalid if vocabulary.allows(text, version) => Term::Listed(text),
        Parsed::Invalid => Term::Unknown(field::term(text, model).value().unwrap_or(text)),
    }
}

/// Bytes that a key may have.  A table, since every key of every record is checked.
const KEY_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        #[expect(clippy::cast_possible_truncation, reason = "the table has 256 entries")]
        let plain = byte as u8;
        table[byte] =
            plain.is_ascii_alphanumeric() || matches!(plain, b'.' | b'-' | b'_' | b'/' | b'@');
        byte += 1;
    }
    table
};

/// Whether a key has only characters that the standard allows, and not too many.
pub(super) fn is_plain_key(text: &str) -> bool {
    text.len() <= LONGEST_KEY && text.bytes().all(|it| KEY_BYTES[usize::from(it)])
}

/// Type and identifier of `{type:identifier}`.
fn identifier(item: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let (scheme, identifier) = item.strip_prefix('{')?.strip_suffix('}')?.split_once(':')?;
    let (scheme, identifier) = (scheme.trim(), identifier.trim());
    let plain = !scheme.is_empty() && !scheme.starts_with('"') && !identifier.is_empty();
    plain.then(|| (scheme.into(), identifier.into()))
}

/// Type and identifier of what has another form: a JSON object, or an identifier without a type.
fn loose_identifier(item: &str) -> (Cow<'_, str>, Cow<'_, str>) {
    if let Ok(object) = serde_json::from_str::<serde_json::Value>(item)
        && let Some(identifier) = object.get("identifier").and_then(|it| it.as_str())
    {
        let scheme = object.get("type").and_then(|it| it.as_str()).unwrap_or_default();
        return (scheme.to_owned().into(), identifier.to_owned().into());
    }
    let bare = item.trim_start_matches('{').trim_end_matches('}').trim_matches([':', ' ']);
    ("".into(), bare.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::vocabularies::{ENROLLMENT_ROLE, ORG_TYPE, SEX};
    use roster_core::model::{EnrollmentRole, OrgType};

    #[test]
    fn terms_are_found_in_the_standard_then_in_the_model() {
        use Version::{V1_1, V1_2_1};
        let check = |text, vocabulary, model, version, expected| {
            assert_eq!(term_of(text, vocabulary, model, version), expected, "{text}");
        };
        check("school", &ORG_TYPE, OrgType::TERMS, V1_1, Term::Listed("school"));
        check("School", &ORG_TYPE, OrgType::TERMS, V1_1, Term::Respelt("school"));
        check("academy", &ORG_TYPE, OrgType::TERMS, V1_1, Term::Unknown("academy"));
        check("ext:academy", &ORG_TYPE, OrgType::TERMS, V1_1, Term::Unknown("ext:academy"));
        check("ext:academy", &ORG_TYPE, OrgType::TERMS, V1_2_1, Term::Listed("ext:academy"));
        check("Aide", &ENROLLMENT_ROLE, EnrollmentRole::TERMS, V1_1, Term::Unknown("aide"));
        check("other", &SEX, &[], V1_1, Term::Unknown("other"));
    }

    #[test]
    fn identifiers_have_a_type_where_the_item_tells_it() {
        let check = |item, expected: (&str, &str)| {
            let found = identifier(item).unwrap_or_else(|| loose_identifier(item));
            assert_eq!((&*found.0, &*found.1), expected, "{item}");
        };
        check("{LDAP:7}", ("LDAP", "7"));
        check("{LTI: a:b }", ("LTI", "a:b"));
        check("7", ("", "7"));
        check("{7}", ("", "7"));
        check("{:7}", ("", "7"));
        check(r#"{"identifier":"7","type":"LDAP"}"#, ("LDAP", "7"));
        check(r#"{"identifier":"7"}"#, ("", "7"));
    }

    #[test]
    fn keys_are_plain_when_the_standard_allows_their_characters() {
        for plain in ["a", "A-1_2.3/4@5", &"x".repeat(255)] {
            assert!(is_plain_key(plain), "{plain}");
        }
        for odd in ["a b", "a:b", "é", &"x".repeat(256)] {
            assert!(!is_plain_key(odd), "{odd}");
        }
    }
}
