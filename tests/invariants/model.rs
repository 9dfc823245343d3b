//! What the published state should be, by simple rules.
//!
//! - A record that is accepted is published as it is tonight.
//! - A record that is rejected keeps its last good version; so do the records that belong to it.
//! - A record that is absent is deleted if its table was given whole: complete, not empty, every record readable.
//! - What the feed says is gone is deleted.
//! - What cannot do without a record that is deleted is deleted with it.
//! - A night that fails changes nothing.

use crate::{
    district::{TABLES, references},
    feed::{Feed, Read, Told},
};
use roster_core::{Coverage, EntityKind};
use roster_testkit::Record;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The published state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    tables: BTreeMap<EntityKind, BTreeMap<String, Published>>,
    /// Keys of the records that were rejected tonight.
    rejected: BTreeMap<EntityKind, BTreeSet<String>>,
}

#[derive(Clone, Debug)]
struct Published {
    record: Record,
    active: bool,
}

/// What was found in tonight's table.
#[derive(Debug, Default)]
struct Tonight {
    accepted: BTreeSet<String>,
    gone: BTreeSet<String>,
    unreadable: bool,
}

impl Model {
    /// Applies a night.
    pub(crate) fn night(&mut self, feed: &Feed) {
        if feed.cut.is_some() {
            return;
        }
        self.rejected.clear();
        for table in &TABLES {
            self.table(table.entity, feed.told.get(&table.entity));
        }
    }

    /// Takes over which records are there.
    pub(crate) fn adopt(&mut self, entity: EntityKind, active: BTreeMap<String, Record>) {
        let records = self.tables.entry(entity).or_default();
        for published in records.values_mut() {
            published.active = false;
        }
        let active = active.into_iter();
        records.extend(active.map(|(key, record)| (key, Published { record, active: true })));
    }

    /// The active records of an entity, by key.
    pub(crate) fn active(&self, entity: EntityKind) -> BTreeMap<&str, &Record> {
        let all = self.tables.get(&entity).into_iter().flatten();
        all.filter(|it| it.1.active).map(|it| (it.0.as_str(), &it.1.record)).collect()
    }

    fn table(&mut self, entity: EntityKind, told: Option<&Told>) {
        let mut tonight = Tonight::default();
        for line in told.map(|it| it.lines.as_slice()).unwrap_or_default() {
            match line.read(entity) {
                Read::Row(record) => self.row(entity, record, &mut tonight),
                Read::Gone(key) => _ = tonight.gone.insert(key),
                Read::Rejected(Some(key)) => self.reject(entity, key),
                Read::Rejected(None) => tonight.unreadable = true,
            }
        }
        self.delete(entity, told, &tonight);
        self.drop_missing_parents(entity, &tonight);
    }

    fn row(&mut self, entity: EntityKind, mut record: Record, tonight: &mut Tonight) {
        let key = record.source_id().to_owned();
        if tonight.accepted.contains(&key) {
            return;
        }
        for (field, target) in references(entity).into_iter().filter(|it| it.1 != entity) {
            let named = record.text(field);
            if named.is_empty() || self.is_active(target, named) {
                continue;
            }
            if is_required(entity, field) {
                return self.reject(entity, key);
            }
            record.set_text(field, "");
        }
        self.shorten_lists(entity, &mut record);
        tonight.accepted.insert(key.clone());
        let records = self.tables.entry(entity).or_default();
        records.insert(key, Published { record, active: true });
    }

    fn reject(&mut self, entity: EntityKind, key: String) {
        self.rejected.entry(entity).or_default().insert(key);
    }

    /// Takes out of lists of references what is not there.
    fn shorten_lists(&self, entity: EntityKind, record: &mut Record) {
        for field in entity.schema().fields {
            let Some(target) = field.reference.filter(|it| it.many) else { continue };
            let Some(Value::Array(items)) = record.0.get(field.name).cloned() else { continue };
            let there =
                |it: &Value| it.as_str().is_some_and(|it| self.is_active(target.entity, it));
            let stay: Vec<_> = items.into_iter().filter(there).collect();
            record.0.remove(field.name);
            if !stay.is_empty() {
                record.0.insert(field.name.to_owned(), json!(stay));
            }
        }
    }

    fn delete(&mut self, entity: EntityKind, told: Option<&Told>, tonight: &Tonight) {
        let mut records = self.tables.remove(&entity).unwrap_or_default();
        for (key, published) in records.iter_mut().filter(|it| it.1.active) {
            if tonight.accepted.contains(key) {
                continue;
            }
            let stays = self.is_rejected(entity, key)
                || !(tonight.gone.contains(key)
                    || self.is_absent(entity, &published.record, told, tonight));
            published.active = stays && self.has_all_it_needs(entity, &published.record);
        }
        self.tables.insert(entity, records);
    }

    /// Whether it counts that a record is not in the feed.
    fn is_absent(
        &self,
        entity: EntityKind,
        record: &Record,
        told: Option<&Told>,
        tonight: &Tonight,
    ) -> bool {
        let Some(told) = told else { return false };
        let owner = entity.schema().owner().map(|it| &entity.schema().fields[it]);
        let its_owner = owner.and_then(|it| Some((it.reference?.entity, record.text(it.name))));
        let whole =
            told.coverage == Coverage::Complete && !told.lines.is_empty() && !tonight.unreadable;
        let stays_by_owner = its_owner.is_some_and(|(owner, key)| self.is_rejected(owner, key));
        let replaced = its_owner.is_some_and(|it| told.replaced.contains(it.1));
        replaced || (whole && !stays_by_owner)
    }

    fn has_all_it_needs(&self, entity: EntityKind, record: &Record) -> bool {
        let needed = references(entity).into_iter().filter(|it| is_required(entity, it.0));
        needed.into_iter().all(|(field, target)| self.is_active(target, record.text(field)))
    }

    /// A parent that is not there is left out.
    fn drop_missing_parents(&mut self, entity: EntityKind, tonight: &Tonight) {
        for (field, _) in references(entity).into_iter().filter(|it| it.1 == entity) {
            let records = self.tables.entry(entity).or_default();
            let active: BTreeSet<String> =
                records.iter().filter(|it| it.1.active).map(|it| it.0.clone()).collect();
            for (_, published) in records.iter_mut().filter(|it| tonight.accepted.contains(it.0)) {
                if !active.contains(published.record.text(field)) {
                    published.record.set_text(field, "");
                }
            }
        }
    }

    fn is_active(&self, entity: EntityKind, key: &str) -> bool {
        self.tables.get(&entity).and_then(|it| it.get(key)).is_some_and(|it| it.active)
    }

    fn is_rejected(&self, entity: EntityKind, key: &str) -> bool {
        self.rejected.get(&entity).is_some_and(|it| it.contains(key))
    }
}

fn is_required(entity: EntityKind, field: &str) -> bool {
    let number = entity.schema().field(field).expect("the entity has the field");
    entity.schema().fields[number].required
}
