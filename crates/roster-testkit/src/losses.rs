//! What a format cannot tell of the canonical district, declared as data: "cannot" and "forgot" differ.

mod keys;

use crate::{District, Failed, Record};
use keys::KeyLoss;
use roster_core::EntityKind;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fs, path::Path};

/// Losses of one format, as in `tests/district/losses/<format>.toml`; every one has a reason.
///
/// Applied to the canonical rows in this order: whole tables, rows, fields, what is told otherwise, terms, keys, what is
/// told in addition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Losses {
    #[serde(default)]
    table: Vec<TableLoss>,
    #[serde(default)]
    rows: Vec<RowLoss>,
    #[serde(default)]
    fields: Vec<FieldLoss>,
    #[serde(default)]
    told: Vec<ToldLoss>,
    #[serde(default)]
    term: Vec<TermLoss>,
    #[serde(default)]
    keys: Vec<KeyLoss>,
    #[serde(default)]
    added: Vec<AddedLoss>,
}

/// A table the format does not have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableLoss {
    table: String,
    reason: String,
}

/// Rows the format has no way to write: those with one of the keys, with given values, or without a field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowLoss {
    table: String,
    #[serde(default)]
    source_ids: Vec<String>,
    #[serde(default)]
    r#where: BTreeMap<String, String>,
    without: Option<String>,
    reason: String,
}

/// Fields the format does not have; where values are given, only of records that have them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldLoss {
    table: String,
    fields: Vec<String>,
    #[serde(default)]
    r#where: BTreeMap<String, String>,
    reason: String,
}

/// Rows of which the format tells something else: those with one of the keys, with given values, or all of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldLoss {
    table: String,
    #[serde(default)]
    source_ids: Vec<String>,
    #[serde(default)]
    r#where: BTreeMap<String, String>,
    /// Values that are told; in a text `{field}` stands for the record's own.
    #[serde(default)]
    set: Map<String, Value>,
    /// Fields that are told empty.
    #[serde(default)]
    remove: Vec<String>,
    reason: String,
}

/// A record that the format tells beside those of the district, under the format's own key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddedLoss {
    table: String,
    record: Map<String, Value>,
    reason: String,
}

/// Terms the format writes as another, or not at all; `key` is the key that follows from the written term.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermLoss {
    table: String,
    field: String,
    from: Vec<String>,
    to: String,
    key: Option<String>,
    reason: String,
}

impl Losses {
    /// Reads a file of losses.
    ///
    /// # Errors
    ///
    /// When it cannot be read, names a table or field that the model does not have, or gives no reason.
    pub fn read(file: &Path) -> Result<Self, Failed> {
        let text = fs::read_to_string(file).map_err(|err| format!("{}: {err}", file.display()))?;
        Ok(Self::parse(&text).map_err(|err| format!("{}: {err}", file.display()))?)
    }

    /// Reads the text of a file of losses.
    ///
    /// # Errors
    ///
    /// When it names a table or field that the model does not have, or gives no reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        let losses: Self = toml::from_str(text).map_err(|err| err.to_string())?;
        losses.validate()?;
        Ok(losses)
    }

    /// These losses and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.table.extend(others.table);
        self.rows.extend(others.rows);
        self.fields.extend(others.fields);
        self.term.extend(others.term);
        self.told.extend(others.told);
        self.keys.extend(others.keys);
        self.added.extend(others.added);
        self
    }

    /// The district as the format can tell it.
    #[must_use]
    pub fn apply(&self, district: &District) -> District {
        let mut told = district.filtered(|entity, record| {
            !self.table.iter().any(|it| it.table == entity.table())
                && !self.rows.iter().any(|it| it.table == entity.table() && it.covers(record))
        });
        for entity in EntityKind::ALL {
            told.change(*entity, |record| self.apply_to(*entity, record));
        }
        let mut told = keys::apply(&self.keys, told);
        for loss in &self.added {
            // The table was validated when the losses were read.
            if let Some(entity) = EntityKind::from_table(&loss.table) {
                told.push(entity, Record(loss.record.clone()));
            }
        }
        told
    }

    fn apply_to(&self, entity: EntityKind, record: &mut Record) {
        for loss in self.fields.iter().filter(|it| it.table == entity.table()) {
            if loss.r#where.iter().all(|(field, text)| record.text(field) == text) {
                record.0.retain(|field, _| !loss.fields.contains(field));
            }
        }
        for loss in self.told.iter().filter(|it| it.table == entity.table()) {
            loss.apply_to(record);
        }
        for loss in self.term.iter().filter(|it| it.table == entity.table()) {
            loss.apply_to(record);
        }
    }

    fn validate(&self) -> Result<(), String> {
        for loss in &self.table {
            known(&loss.table, [], &loss.reason)?;
        }
        for loss in &self.rows {
            let fields = loss.r#where.keys().chain(&loss.without).map(String::as_str);
            known(&loss.table, fields, &loss.reason)?;
            if loss.source_ids.is_empty() && loss.r#where.is_empty() && loss.without.is_none() {
                return Err(format!("[[rows]] of {} says not which rows", loss.table));
            }
        }
        for loss in &self.fields {
            let fields = loss.r#where.keys().chain(&loss.fields).map(String::as_str);
            known(&loss.table, fields, &loss.reason)?;
        }
        for loss in &self.told {
            let fields = loss.r#where.keys().chain(loss.set.keys()).chain(&loss.remove);
            known(&loss.table, fields.map(String::as_str), &loss.reason)?;
        }
        for loss in &self.added {
            known(&loss.table, loss.record.keys().map(String::as_str), &loss.reason)?;
        }
        for loss in &self.keys {
            known(loss.table(), [], loss.reason())?;
        }
        self.term.iter().try_for_each(|it| known(&it.table, [it.field.as_str()], &it.reason))
    }
}

impl RowLoss {
    fn covers(&self, record: &Record) -> bool {
        let named = self.source_ids.iter().any(|it| it == record.source_id());
        let matches = !self.r#where.is_empty()
            && self.r#where.iter().all(|(field, text)| record.text(field) == text);
        let lacks = self.without.as_ref().is_some_and(|it| !record.0.contains_key(it));
        named || matches || lacks
    }
}

impl ToldLoss {
    fn apply_to(&self, record: &mut Record) {
        let everyone = self.source_ids.is_empty() && self.r#where.is_empty();
        let named = self.source_ids.iter().any(|it| it == record.source_id());
        let matches = !self.r#where.is_empty()
            && self.r#where.iter().all(|(field, text)| record.text(field) == text);
        if !(everyone || named || matches) {
            return;
        }
        record.0.retain(|field, _| !self.remove.contains(field));
        for (field, value) in &self.set {
            let value = value_filled_in(value, record);
            record.0.insert(field.clone(), value);
        }
    }
}

impl TermLoss {
    fn apply_to(&self, record: &mut Record) {
        if !self.from.iter().any(|it| it == record.text(&self.field)) {
            return;
        }
        record.set_text(&self.field, &self.to);
        if let Some(key) = &self.key {
            let key = filled_in(key, record);
            record.set_text("source_id", &key);
        }
    }
}

fn known<'a>(
    table: &str,
    fields: impl IntoIterator<Item = &'a str>,
    reason: &str,
) -> Result<(), String> {
    let entity = EntityKind::from_table(table).ok_or(format!("there is no table {table}"))?;
    if reason.trim().is_empty() {
        return Err(format!("a loss of {table} has no reason"));
    }
    match fields.into_iter().find(|it| entity.schema().field(it).is_none()) {
        Some(field) => Err(format!("{table} has no field {field}")),
        None => Ok(()),
    }
}

/// The value with its texts filled in, however deep they stand.
fn value_filled_in(value: &Value, record: &Record) -> Value {
    match value {
        Value::String(text) => Value::String(filled_in(text, record)),
        Value::Array(items) => items.iter().map(|it| value_filled_in(it, record)).collect(),
        Value::Object(fields) => {
            let filled =
                |(name, value): (&String, _)| (name.clone(), value_filled_in(value, record));
            fields.iter().map(filled).collect()
        }
        other => other.clone(),
    }
}

/// Replaces every `{field}` by the record's text.
fn filled_in(template: &str, record: &Record) -> String {
    record.0.iter().fold(template.to_owned(), |key, (field, value)| {
        key.replace(&format!("{{{field}}}"), value.as_str().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(records: &[&str]) -> District {
        let mut district = District::default();
        for record in records {
            district.push(EntityKind::Role, Record(serde_json::from_str(record).unwrap()));
        }
        district
    }

    fn check(losses: &str, before: &[&str], after: &[&str]) {
        let told = Losses::parse(losses).unwrap().apply(&roles(before));
        let rest = told.filtered(|_, _| true);
        assert_eq!(rest.records(EntityKind::Role), roles(after).records(EntityKind::Role));
    }

    const BOTH: [&str; 2] = [
        r#"{"source_id":"1","role":"teacher","begin_date":"2026-08-17"}"#,
        r#"{"source_id":"2","role":"aide"}"#,
    ];

    #[test]
    fn tables_rows_fields_and_terms_are_lost() {
        check("[[table]]\ntable='roles'\nreason='r'", &BOTH, &[]);
        check("[[rows]]\ntable='roles'\nsource_ids=['1']\nreason='r'", &BOTH, &BOTH[1..]);
        check("[[rows]]\ntable='roles'\nwhere={role='aide'}\nreason='r'", &BOTH, &BOTH[..1]);
        check("[[rows]]\ntable='roles'\nwithout='begin_date'\nreason='r'", &BOTH, &BOTH[..1]);
        check(
            "[[fields]]\ntable='roles'\nwhere={role='aide'}\nfields=['begin_date']\nreason='r'",
            &BOTH,
            &BOTH,
        );
        let without_dates = [r#"{"source_id":"1","role":"teacher"}"#, BOTH[1]];
        check(
            "[[fields]]\ntable='roles'\nfields=['begin_date']\nreason='r'",
            &BOTH,
            &without_dates,
        );
        check(
            "[[term]]\ntable='roles'\nfield='role'\nfrom=['aide']\nto='staff'\nkey='k/{role}'\nreason='r'",
            &BOTH,
            &[BOTH[0], r#"{"source_id":"k/staff","role":"staff"}"#],
        );
    }

    #[test]
    fn rows_are_told_otherwise_renamed_and_added() {
        check(
            "[[told]]\ntable='roles'\nwhere={role='aide'}\nset={begin_date='{source_id}-x'}\nreason='r'",
            &BOTH,
            &[BOTH[0], r#"{"source_id":"2","role":"aide","begin_date":"2-x"}"#],
        );
        check(
            "[[told]]\ntable='roles'\nsource_ids=['1']\nremove=['begin_date']\nreason='r'",
            &BOTH,
            &[r#"{"source_id":"1","role":"teacher"}"#, BOTH[1]],
        );
        check(
            "[[keys]]\ntable='roles'\nkeys={1='one'}\nreason='r'",
            &BOTH,
            &[r#"{"source_id":"one","role":"teacher","begin_date":"2026-08-17"}"#, BOTH[1]],
        );
        check(
            "[[added]]\ntable='roles'\nrecord={source_id='3'}\nreason='r'",
            &BOTH[..1],
            &[BOTH[0], r#"{"source_id":"3"}"#],
        );
    }

    #[test]
    fn losses_without_reason_or_of_unknown_fields_are_refused() {
        for bad in [
            "[[table]]\ntable='roles'\nreason=' '",
            "[[table]]\ntable='rules'\nreason='r'",
            "[[fields]]\ntable='roles'\nfields=['sex']\nreason='r'",
            "[[rows]]\ntable='roles'\nreason='r'",
            "[[rows]]\ntable='roles'\nwithout='sex'\nreason='r'",
            "[[told]]\ntable='roles'\nset={sex='male'}\nreason='r'",
            "[[added]]\ntable='roles'\nrecord={sex='male'}\nreason='r'",
            "[[keys]]\ntable='rules'\nreason='r'",
            "[[term]]\ntable='roles'\nfield='sex'\nfrom=[]\nto=''\nreason='r'",
        ] {
            assert!(Losses::parse(bad).is_err(), "{bad}");
        }
    }
}
