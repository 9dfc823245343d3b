//! The words of reports: a district's own names for tables and fields, and the manual's for findings.

use crate::{registry, render};
use roster_core::{EntityKind, Severity, model::FieldSchema, value::FieldType};
use roster_sink::{RECHECK, RunRecord};

/// A connector's own names for what the model has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Names(Option<registry::SourceNames>);

impl Names {
    /// The names that a connector has; those of the model for one that was not built in.
    pub(crate) fn of(connector: &str) -> Self {
        Self(registry::connector(connector).ok().and_then(registry::ConnectorEntry::names))
    }

    /// The names of the connector that read a run's feed: of what was checked again, the one of the night before.
    pub(crate) fn of_run(record: &RunRecord, earlier: &[RunRecord]) -> Self {
        let connector = &record.report.connector;
        match earlier.first() {
            Some(night) if connector == RECHECK => Self::of(&night.report.connector),
            _ => Self::of(connector),
        }
    }

    /// What a table is called: its file, say.
    pub(crate) fn table(self, entity: EntityKind) -> &'static str {
        self.0.and_then(|it| (it.table)(entity)).unwrap_or(entity.table())
    }

    /// What a field is called.
    pub(crate) fn field(self, entity: EntityKind, field: &'static str) -> &'static str {
        self.0.and_then(|it| (it.field)(entity, field)).unwrap_or(field)
    }

    /// What finds the name of a field; of a connector that has none, nothing.
    pub(crate) fn field_name(self) -> fn(EntityKind, &str) -> Option<&'static str> {
        self.0.map_or(|_, _| None, |it| it.field)
    }

    /// What the field of this name refers to; several may have the name, such as a key that is a reference as well.
    pub(crate) fn reference_named(
        self,
        entity: EntityKind,
        name: &str,
    ) -> Option<(&'static FieldSchema, EntityKind)> {
        let references =
            entity.schema().fields.iter().filter_map(|it| Some((it, it.reference?.entity)));
        references.into_iter().find(|it| self.field(entity, it.0.name) == name)
    }

    /// The field of the model that has this name.
    pub(crate) fn field_named(
        self,
        entity: EntityKind,
        name: &str,
    ) -> Option<&'static FieldSchema> {
        entity.schema().fields.iter().find(|it| self.field(entity, it.name) == name)
    }
}

/// Canonical text as a person would write it: lists with commas, in place of JSON.
pub(crate) fn plain_value(field_type: FieldType, text: &str) -> String {
    let items: Option<Vec<String>> = match field_type {
        FieldType::TextList => serde_json::from_str(text).ok(),
        FieldType::Identifiers => serde_json::from_str(text).ok().map(identifiers),
        _ => None,
    };
    items.map_or_else(|| text.to_owned(), |it| it.join(","))
}

fn identifiers(items: Vec<roster_core::value::Identifier>) -> Vec<String> {
    items.into_iter().map(|it| format!("{{{}:{}}}", it.scheme, it.identifier)).collect()
}

/// What the manual says of a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// What it means, without the final dot.
    pub(crate) meaning: String,
    /// What becomes of the record or the file.
    pub(crate) effect: String,
    /// What to do about it, as a sentence.
    pub(crate) mend: String,
}

impl Page {
    /// The page of a code; empty for one that this version does not have.
    pub(crate) fn of(code: &str) -> Self {
        let manual = render::manual(code).unwrap_or_default();
        let (told, mend) = manual.split_once("Mend:").unwrap_or((&manual, ""));
        let (meaning, effect) = told.split_once("\n\n").unwrap_or((told, ""));
        let meaning = one_line(meaning).trim_end_matches('.').to_owned();
        Self { meaning, effect: one_line(effect), mend: sentence(mend) }
    }
}

/// What was done about a finding's record, for the people who sent it.
pub(crate) fn effect(severity: Severity) -> &'static str {
    match severity {
        Severity::Rejected => "left out; an earlier version of the record stays as it was",
        Severity::Repaired => "taken, with the value read as what was meant or left out",
        Severity::Warning => "taken as it is",
    }
}

fn sentence(text: &str) -> String {
    let text = one_line(text);
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

/// Without line breaks, and without the marks of Markdown.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_sentences_without_marks() {
        let page = Page::of("invalid_date");
        assert_eq!(page.meaning, "A value is not a date");
        assert!(page.effect.starts_with("The value is left out"), "{page:?}");
        assert_eq!(page.mend, "Write YYYY-MM-DD.");
        assert_eq!(Page::of("of_a_later_version"), Page::default());
    }

    #[test]
    fn values_are_written_as_people_write_them() {
        let check = |field_type, text: &str, expected: &str| {
            assert_eq!(plain_value(field_type, text), expected);
        };
        check(FieldType::TextList, r#"["09","10"]"#, "09,10");
        check(FieldType::TextList, "09", "09");
        check(FieldType::Identifiers, r#"[{"type":"LDAP","identifier":"7"}]"#, "{LDAP:7}");
        check(FieldType::Text, "[1]", "[1]");
    }

    #[cfg(feature = "connector-oneroster")]
    #[test]
    fn names_are_the_connectors_or_the_models() {
        let check = |connector: &str, table: &str, field: &str| {
            let names = Names::of(connector);
            assert_eq!(names.table(EntityKind::Section), table);
            assert_eq!(names.field(EntityKind::Section, "course_source_id"), field);
            let found = names.field_named(EntityKind::Section, field).map(|it| it.name);
            assert_eq!(found, Some("course_source_id"));
        };
        check("oneroster", "classes.csv", "courseSourcedId");
        check("none", "sections", "course_source_id");
    }
}
