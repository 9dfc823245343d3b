//! Where two districts differ, in words.  The values are made up, so they may be shown.

use crate::{District, Record};
use roster_core::EntityKind;
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// One way in which a district is not the expected one.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// A record is missing.
    Missing {
        /// Its entity.
        entity: EntityKind,
        /// Its key.
        source_id: String,
    },
    /// A record was not expected.
    Unexpected {
        /// Its entity.
        entity: EntityKind,
        /// Its key.
        source_id: String,
    },
    /// A key came more than once.
    Repeated {
        /// Its entity.
        entity: EntityKind,
        /// The key.
        source_id: String,
    },
    /// A field has another value.
    Field {
        /// The entity.
        entity: EntityKind,
        /// The record's key.
        source_id: String,
        /// The field.
        field: String,
        /// What it should be; `None` is an empty field.
        expected: Option<Value>,
        /// What it is.
        found: Option<Value>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { entity, source_id } => {
                write!(f, "{} {source_id}: missing", entity.table())
            }
            Self::Unexpected { entity, source_id } => {
                write!(f, "{} {source_id}: not expected", entity.table())
            }
            Self::Repeated { entity, source_id } => {
                write!(f, "{} {source_id}: more than once", entity.table())
            }
            Self::Field { entity, source_id, field, expected, found } => {
                let (expected, found) = (shown(expected.as_ref()), shown(found.as_ref()));
                let table = entity.table();
                write!(f, "{table} {source_id}: {field} is {found}, expected {expected}")
            }
        }
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "empty".to_owned(), Value::to_string)
}

/// All differences, at most forty of them shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Differences(pub Vec<Difference>);

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 40;
        write!(f, "{} differences", self.0.len())?;
        for difference in self.0.iter().take(SHOWN) {
            write!(f, "\n  {difference}")?;
        }
        match self.0.len().checked_sub(SHOWN + 1) {
            Some(more) => write!(f, "\n  and {} more", more + 1),
            None => Ok(()),
        }
    }
}

/// Compares by key; the order of records does not count.
///
/// # Errors
///
/// The differences, when there are any.
pub fn differences(expected: &District, found: &District) -> Result<(), Differences> {
    let mut out = Vec::new();
    for entity in EntityKind::ALL {
        compare(*entity, expected.records(*entity), found.records(*entity), &mut out);
    }
    if out.is_empty() { Ok(()) } else { Err(Differences(out)) }
}

fn compare(entity: EntityKind, expected: &[Record], found: &[Record], out: &mut Vec<Difference>) {
    let by_key = |records: &[Record]| -> BTreeMap<String, Record> {
        records.iter().map(|it| (it.source_id().to_owned(), it.clone())).collect()
    };
    let (wanted, given) = (by_key(expected), by_key(found));
    let mut seen = BTreeMap::<&str, usize>::new();
    for record in found {
        *seen.entry(record.source_id()).or_default() += 1;
    }
    for (source_id, record) in &wanted {
        match given.get(source_id) {
            Some(other) => compare_fields(entity, record, other, out),
            None => out.push(Difference::Missing { entity, source_id: source_id.clone() }),
        }
    }
    let unexpected = given.keys().filter(|it| !wanted.contains_key(*it));
    out.extend(unexpected.map(|it| Difference::Unexpected { entity, source_id: it.clone() }));
    let repeated = seen.into_iter().filter(|(_, times)| *times > 1);
    out.extend(repeated.map(|(it, _)| Difference::Repeated { entity, source_id: it.to_owned() }));
}

fn compare_fields(entity: EntityKind, wanted: &Record, given: &Record, out: &mut Vec<Difference>) {
    for field in entity.schema().fields {
        let (expected, found) = (wanted.0.get(field.name), given.0.get(field.name));
        if expected != found {
            out.push(Difference::Field {
                entity,
                source_id: wanted.source_id().to_owned(),
                field: field.name.to_owned(),
                expected: expected.cloned(),
                found: found.cloned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orgs(records: &[&str]) -> District {
        let mut district = District::default();
        for record in records {
            district.push(EntityKind::Org, Record(serde_json::from_str(record).unwrap()));
        }
        district
    }

    fn check(expected: &[&str], found: &[&str], words: &[&str]) {
        let shown = match differences(&orgs(expected), &orgs(found)) {
            Ok(()) => Vec::new(),
            Err(it) => it.0.iter().map(Difference::to_string).collect(),
        };
        assert_eq!(shown, words);
    }

    #[test]
    fn differences_name_record_field_and_both_values() {
        let (a, b) = (r#"{"source_id":"a","name":"A"}"#, r#"{"source_id":"b","name":"B"}"#);
        check(&[a, b], &[b, a], &[]);
        check(&[a], &[], &["orgs a: missing"]);
        check(&[], &[a], &["orgs a: not expected"]);
        check(&[a], &[a, a], &["orgs a: more than once"]);
        check(
            &[a],
            &[r#"{"source_id":"a","city":"X"}"#],
            &["orgs a: name is empty, expected \"A\"", "orgs a: city is \"X\", expected empty"],
        );
    }
}
