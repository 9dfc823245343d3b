//! Made-up districts as OneRoster files, given new keys: everybody is found again, and nobody is taken for another.
#![cfg(feature = "connector-oneroster")]

use futures::StreamExt as _;
use roster_core::{
    EntityKind, ExtractEvent, ExtractRequest, Row, Rows, RunContext, derived_id,
    model::EntitySchema, value::TextList,
};
use roster_runner::{
    identity::{Matcher, Matches},
    registry,
};
use roster_synth::{Options, Version, write_first, write_next};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// All rows of a feed.
async fn read(file: &Path) -> Vec<Rows> {
    let source = registry::connector("oneroster")
        .and_then(|it| it.from_path(file).map_err(|err| err.to_string()));
    let source = source.expect("the connector is built in");
    let ctx = RunContext::detached();
    let catalog = source.discover(&ctx).await.expect("the files are there");
    let mut events = source.extract(&ctx, ExtractRequest::everything(&catalog));
    let mut all = Vec::new();
    while let Some(event) = events.next().await {
        if let ExtractEvent::Batch(batch) = event.expect("the files are good") {
            all.push(batch.rows);
        }
    }
    all
}

/// What a student information system gives out instead of its old keys.
fn new_key(entity: EntityKind, old: &str) -> String {
    let number = roster_sink::key_of(&format!("{}:{old}", entity.table()));
    format!("{number:032x}")
}

/// The key that a row has afterwards: keys that are made of others change with them.
fn new_key_of(row: Row<'_>) -> String {
    let parts: Vec<_> = row.source_id().split('/').collect();
    match (row.entity(), &parts[..]) {
        (EntityKind::Role, [user, organization, role]) => derived_id(&[
            &new_key(EntityKind::User, user),
            &new_key(EntityKind::Org, organization),
            role,
        ]),
        (EntityKind::Relationship, people) => {
            let keys: Vec<_> = people.iter().map(|it| new_key(EntityKind::User, it)).collect();
            derived_id(&keys.iter().map(String::as_str).collect::<Vec<_>>())
        }
        (EntityKind::Demographics, _) => new_key(EntityKind::User, row.source_id()),
        (entity, _) => new_key(entity, row.source_id()),
    }
}

/// The rows under their new keys.
fn rekeyed(rows: &Rows) -> Rows {
    let mut out = Rows::new(rows.entity());
    for row in rows.iter() {
        let mut builder = out.begin();
        for (number, field) in row.schema().fields.iter().enumerate() {
            let value = row.get(number).map(|text| match field.reference {
                _ if number == EntitySchema::SOURCE_ID => new_key_of(row),
                Some(to) if to.many => {
                    let keys: Vec<String> = serde_json::from_str(text).expect("lists are JSON");
                    let keys = keys.iter().map(|it| new_key(to.entity, it)).collect();
                    TextList::new(&keys).json().unwrap_or_default().to_owned()
                }
                Some(to) => new_key(to.entity, text),
                None => text.to_owned(),
            });
            builder.push(value.as_deref());
        }
        builder.finish(row.position());
    }
    out
}

/// What a record is under its new key.  An enrollment is a student in a section: one that ends and one that begins there
/// are the same to anybody but the system that numbers them.
fn what(row: Row<'_>) -> String {
    if row.entity() != EntityKind::Enrollment {
        return new_key_of(row);
    }
    let parts = ["user_source_id", "section_source_id"].map(|it| row.schema().field(it));
    let [user, section] = parts.map(|it| it.and_then(|it| row.get(it)).unwrap_or_default());
    derived_id(&[&new_key(EntityKind::User, user), &new_key(EntityKind::Section, section)])
}

/// What records are, by entity and key.
type Known = BTreeMap<(EntityKind, String), String>;

/// Two nights and what came of matching them.
struct Matched {
    matches: Matches,
    /// By old keys and by new ones.
    before: Known,
    after: Known,
    /// Entity, old key and new key of all records that both nights have.
    truth: BTreeSet<(EntityKind, String, String)>,
}

/// Matches a district's first night with its next one, in which so many percent changed, under new keys.
async fn matched(version: Version, percent: u32) -> Matched {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let [first, next] = ["first.zip", "next.zip"].map(|it| folder.path().join(it));
    let options = Options { students: 400, version, ..Options::default() };
    write_first(&options, &first).expect("the district can be written");
    write_next(&options, percent, &next).expect("the district can be written");
    let (mut matcher, mut before, mut after) = (Matcher::new(), Known::new(), Known::new());
    let mut truth = BTreeSet::new();
    for rows in read(&first).await {
        let known = rows.iter().map(|it| ((it.entity(), it.source_id().to_owned()), what(it)));
        before.extend(known);
        matcher.old(&rows);
    }
    for rows in read(&next).await {
        for row in rows.iter() {
            let (entity, old, new) = (row.entity(), row.source_id().to_owned(), new_key_of(row));
            after.insert((entity, new.clone()), what(row));
            if before.contains_key(&(entity, old.clone())) {
                truth.insert((entity, old, new));
            }
        }
        matcher.new_rows(&rekeyed(&rows));
    }
    Matched { matches: matcher.run(), before, after, truth }
}

async fn check(version: Version, percent: u32) {
    let Matched { matches, before, after, truth } = matched(version, percent).await;
    let found: BTreeSet<_> = matches
        .entities()
        .flat_map(|entity| matches.maps(entity).map(move |it| (entity, it)))
        .map(|(entity, it)| (entity, it.old.to_owned(), it.new.to_owned()))
        .collect();
    for (entity, old, new) in &found {
        let (was, is) = (before.get(&(*entity, old.clone())), after.get(&(*entity, new.clone())));
        assert_eq!(was, is, "{old} of {} is not {new}", entity.table());
    }
    let ambiguous: BTreeSet<_> = matches
        .entities()
        .flat_map(|entity| matches.ambiguous(entity).map(move |it| (entity, it)))
        .flat_map(|(entity, it)| it.old.into_iter().map(move |key| (entity, key)))
        .collect();
    let missed: Vec<_> =
        truth.difference(&found).filter(|it| !ambiguous.contains(&(it.0, it.1.as_str()))).collect();
    assert!(missed.is_empty(), "{} are not found, as {:?}", missed.len(), missed[0]);
    // Who is twice in one section may have been the one or the other before.
    let others = ambiguous.iter().filter(|it| it.0 != EntityKind::Enrollment).count();
    assert!(others == 0 && ambiguous.len() * 50 < truth.len(), "{ambiguous:?}");
    assert!(truth.len() > 3_000, "{} records are too few to tell anything", truth.len());
}

#[tokio::test]
async fn everybody_is_found_under_new_keys() {
    check(Version::V1_1, 0).await;
    check(Version::V1_2, 0).await;
}

#[tokio::test]
async fn everybody_who_stays_is_found_while_others_leave_come_and_change() {
    check(Version::V1_1, 10).await;
    check(Version::V1_2, 40).await;
}
