//! The fixture district is what the model says: canonical, complete, and without a dangling reference.

use roster_core::{EntityKind, Rows, model::*};
use roster_testkit::{District, FileSet, Losses, Record, district_folder};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeSet, fs};

fn golden() -> District {
    District::golden().expect("the golden district can be read")
}

/// Reads the lines as `T` and writes them again.
fn rewritten<T: DeserializeOwned + Serialize>(text: &str) -> String {
    let again = |line: &str| {
        let record: T = serde_json::from_str(line).unwrap_or_else(|err| panic!("{line}: {err}"));
        serde_json::to_string(&record).expect("an owned record serializes") + "\n"
    };
    text.lines().map(again).collect()
}

macro_rules! rewritten_as {
    ($entity:expr, $text:expr; $($kind:ident)+) => {
        match $entity { $(EntityKind::$kind => rewritten::<$kind>($text),)+ }
    };
}

#[test]
fn every_line_is_what_serde_writes_for_the_owned_struct_sorted_by_key() {
    for entity in EntityKind::ALL {
        let file = district_folder().join(format!("canonical/{}.jsonl", entity.table()));
        let text = fs::read_to_string(&file).unwrap();
        let again = rewritten_as!(*entity, &text; Org AcademicSession Course Section User
            UserProfile Role Relationship Demographics Program Enrollment Resource SectionResource
            CourseResource UserResource Category LineItem ScoreScale LineItemScoreScale
            LineItemLearningObjective Result ResultScoreScale ResultLearningObjective);
        assert_eq!(text, again, "{}", file.display());
        let keys: Vec<_> =
            golden().records(*entity).iter().map(|it| it.source_id().to_owned()).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "{} is sorted, each key once", entity.table());
    }
}

#[test]
fn every_entity_and_every_field_is_used() {
    let district = golden();
    for entity in EntityKind::ALL {
        for field in entity.schema().fields.iter().filter(|it| it.name != "extensions") {
            let used = district.records(*entity).iter().any(|it| it.0.contains_key(field.name));
            assert!(used, "no record fills {}.{}", entity.table(), field.name);
        }
    }
}

#[test]
fn every_reference_names_a_record() {
    let district = golden();
    let keys = |entity| -> BTreeSet<&str> {
        district.records(entity).iter().map(Record::source_id).collect()
    };
    for entity in EntityKind::ALL {
        for field in entity.schema().fields {
            let Some(reference) = field.reference else { continue };
            let targets = keys(reference.entity);
            for record in district.records(*entity) {
                for key in references(record, field.name) {
                    assert!(targets.contains(key), "{}.{} names {key}", entity.table(), field.name);
                }
            }
        }
    }
}

fn references<'a>(record: &'a Record, field: &str) -> Vec<&'a str> {
    match record.0.get(field) {
        Some(serde_json::Value::Array(items)) => {
            items.iter().filter_map(|it| it.as_str()).collect()
        }
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

#[test]
fn records_survive_batches() {
    let district = golden();
    for entity in EntityKind::ALL {
        let rows: Rows = district.rows(*entity);
        let back: Vec<_> = rows.iter().map(Record::from_row).collect();
        assert_eq!(district.records(*entity), back, "{}", entity.table());
    }
}

#[test]
fn owned_structs_can_be_had() {
    let users = golden().owned::<User>(EntityKind::User).unwrap();
    let named = |id: &str| users.iter().find(|it| it.source_id == id).unwrap();
    assert_eq!(named("0001011").family_name, "Null");
    assert_eq!(named("0001003").given_name, "Robert \"Bobby\"");
    assert_eq!(named("0001010").enabled, Some(false));
}

#[test]
fn losses_of_every_format_can_be_read_and_lose_something_but_not_much() {
    let golden = golden();
    for format in ["oneroster-1.1", "oneroster-1.2"] {
        let losses =
            Losses::read(&district_folder().join(format!("losses/{format}.toml"))).unwrap();
        let told = losses.apply(&golden);
        assert!(told.len() < golden.len() && told.len() * 10 > golden.len() * 9, "{format}");
        assert!(
            !FileSet::read(&district_folder().join(format))
                .unwrap()
                .names()
                .collect::<Vec<_>>()
                .is_empty()
        );
    }
}
