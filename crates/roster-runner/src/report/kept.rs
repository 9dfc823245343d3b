//! Reads back what a run kept for its reports: its findings, and the records it left out.

use roster_core::{EntityKind, Error, ErrorKind, Result, Severity};
use roster_sink::{RunId, Sink};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use std::{collections::BTreeMap, fmt};

/// Name of the file of findings.
const FINDINGS: &str = "findings";
/// What names of files of rejected records begin with; the table follows.
const QUARANTINE: &str = "quarantine.";
/// Name of the file that says what was more than is kept.
const OMITTED: &str = "omitted";

/// A finding; no value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Finding {
    /// Whose record, by table, or whose file.
    #[serde(rename = "entity", deserialize_with = "entity")]
    pub(crate) entity: EntityKind,
    /// See `docs/diagnostics.md`.
    pub(crate) code: String,
    /// What was done.
    pub(crate) severity: Severity,
    /// File, path of a page, or name of a query.
    #[serde(default)]
    pub(crate) file: Option<String>,
    /// Line of the file, index in the page, or row.
    #[serde(default)]
    pub(crate) line: Option<u64>,
    /// The field by the source's name for it.
    #[serde(default)]
    pub(crate) field: Option<String>,
    /// The record's key at the source.
    #[serde(default)]
    pub(crate) source_id: Option<String>,
}

/// What the fields of a rejected record are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// Texts as they stood, by the source's names: the connector left the record out.
    Source,
    /// Canonical texts by the model's names: a check of the night left the record out.
    Model,
}

/// A rejected record with its values.  `Debug` shows where it stood, not what it says.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Quarantined {
    /// Where it stood in its file, page or query.
    pub(crate) position: u64,
    /// That file, page or query.
    pub(crate) file: String,
    /// Its key at the source, when it could be read.
    #[serde(default)]
    pub(crate) source_id: Option<String>,
    /// What its fields are.
    pub(crate) form: Form,
    /// Its filled fields, in order.
    #[serde(deserialize_with = "fields")]
    pub(crate) fields: Vec<(String, String)>,
}

impl fmt::Debug for Quarantined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Quarantined");
        debug.field("file", &self.file).field("position", &self.position).finish_non_exhaustive()
    }
}

impl Quarantined {
    /// The text of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }
}

/// What was more than is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Omitted {
    /// Findings.
    pub(crate) findings: u64,
    /// Rejected records by table.
    pub(crate) quarantine: BTreeMap<String, u64>,
}

/// What a run kept for its reports.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Its findings, in the order they were made; fewer than it had where they were many.
    pub(crate) findings: Vec<Finding>,
    /// The records it left out, by entity.
    pub(crate) quarantine: BTreeMap<EntityKind, Vec<Quarantined>>,
    /// What was more than is kept.
    pub(crate) omitted: Omitted,
}

impl Kept {
    /// Loads what is still kept of a run; of one whose files were deleted, or that kept none, nothing.
    ///
    /// # Errors
    ///
    /// The sink's, and [`ErrorKind::Damaged`] for a file that cannot be read.
    pub(crate) async fn load(sink: &dyn Sink, run: &RunId) -> Result<Self> {
        let mut kept = Self::default();
        for name in sink.kept_names(run).await? {
            let table = name.strip_prefix(QUARANTINE).and_then(EntityKind::from_table);
            if name != FINDINGS && name != OMITTED && table.is_none() {
                continue;
            }
            let Some(bytes) = sink.kept(run, &name).await? else { continue };
            match table {
                Some(entity) => _ = kept.quarantine.insert(entity, lines(&name, &bytes)?),
                None if name == FINDINGS => kept.findings = lines(&name, &bytes)?,
                None => kept.omitted = one(&name, 1, &bytes)?,
            }
        }
        Ok(kept)
    }
}

fn lines<T: for<'de> Deserialize<'de>>(name: &str, bytes: &[u8]) -> Result<Vec<T>> {
    let lines = bytes.split(|it| *it == b'\n').enumerate().filter(|it| !it.1.is_empty());
    lines.map(|(index, line)| one(name, index + 1, line)).collect()
}

fn one<T: for<'de> Deserialize<'de>>(name: &str, line: usize, bytes: &[u8]) -> Result<T> {
    // What is wrong with it is not told: it would quote the record.
    serde_json::from_slice(bytes).map_err(|_| {
        Error::new(ErrorKind::Damaged, "kept.read", "what the run kept for review cannot be read")
            .context("name", name)
            .context("line", line)
    })
}

fn entity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EntityKind, D::Error> {
    let table = String::deserialize(deserializer)?;
    EntityKind::from_table(&table).ok_or_else(|| serde::de::Error::custom("there is no such table"))
}

/// Reads an object in its own order.
fn fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    struct InOrder;
    impl<'de> Visitor<'de> for InOrder {
        type Value = Vec<(String, String)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                fields.push(field);
            }
            Ok(fields)
        }
    }
    deserializer.deserialize_map(InOrder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_records_keep_the_order_of_their_fields_and_hide_their_values() {
        let line = br#"{"position":4,"file":"users.csv","source_id":"u1","form":"source","fields":{"z":"CANARY","a":"2"}}"#;
        let record: Quarantined = one("quarantine.users", 1, line).unwrap();
        let names: Vec<_> = record.fields.iter().map(|it| it.0.as_str()).collect();
        assert_eq!(
            (names, record.get("a"), record.form),
            (vec!["z", "a"], Some("2"), Form::Source)
        );
        assert!(!format!("{record:?}").contains("CANARY"));
    }

    #[test]
    fn damaged_files_are_told_by_name_and_line_and_not_quoted() {
        let check = |text: &str| {
            let error = lines::<Finding>(FINDINGS, text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Damaged);
            assert!(error.to_string().contains("[name=findings, line=2]"), "{error}");
            assert!(!error.to_string().contains("CANARY"), "{error}");
        };
        let good = r#"{"entity":"users","code":"csv_syntax","severity":"rejected"}"#;
        check(&format!("{good}\nCANARY\n"));
        check(&format!(
            "{good}\n{{\"entity\":\"CANARY\",\"code\":\"a\",\"severity\":\"rejected\"}}\n"
        ));
        assert_eq!(lines::<Finding>(FINDINGS, format!("{good}\n").as_bytes()).unwrap().len(), 1);
    }
}
