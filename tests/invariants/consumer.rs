//! A program that follows the change feed and nothing else.

use crate::{district::TABLES, world::Failed};
use homeroom_tests::Database;
use roster_core::EntityKind;
use roster_testkit::Record;
use std::collections::{BTreeMap, BTreeSet};

/// Who follows the change feed and nothing else.
#[derive(Debug, Default)]
pub(crate) struct Consumer {
    seen: u64,
    active: BTreeSet<(String, String)>,
    known: BTreeSet<(String, String)>,
}

impl Consumer {
    /// Reads what is new in the change feed; every entry must make sense after those before it.
    pub(crate) fn follow(&mut self, database: &Database) -> Result<(), Failed> {
        let seen = self.seen;
        let query = format!(
            "SELECT seq, operation, coalesce(entity, ''), coalesce(source_id, '') FROM changes WHERE seq > {seen} ORDER BY seq"
        );
        for row in database.rows(&query) {
            let [seq, operation, entity, key] = row.splitn(4, '|').collect::<Vec<_>>()[..] else {
                return Err(format!("a change cannot be read: {row}"));
            };
            self.seen = seq.parse().unwrap_or_default();
            let record = (entity.to_owned(), key.to_owned());
            let (is_known, is_active) =
                (self.known.contains(&record), self.active.contains(&record));
            match (operation, is_known, is_active) {
                ("load", _, _) => self.load(database),
                ("create", false, false) | ("restore", true, false) => {
                    self.known.insert(record.clone());
                    self.active.insert(record);
                }
                ("update", true, true) => {}
                ("delete", true, true) => _ = self.active.remove(&record),
                _ => return Err(format!("{operation} of {entity} {key} cannot be")),
            }
        }
        Ok(())
    }

    /// The marker of a first load: everything is to be read.
    fn load(&mut self, database: &Database) {
        for table in &TABLES {
            let name = table.entity.table();
            for key in database.active(name) {
                self.known.insert((name.to_owned(), key.clone()));
                self.active.insert((name.to_owned(), key));
            }
        }
    }

    /// It knows the active records of a table.
    pub(crate) fn check(
        &self,
        entity: EntityKind,
        found: &BTreeMap<String, Record>,
    ) -> Result<(), Failed> {
        let of_table = self.active.iter().filter(|it| it.0 == entity.table()).map(|it| &it.1);
        if of_table.eq(found.keys()) {
            return Ok(());
        }
        Err(format!("who follows the changes of {} does not see what is there", entity.table()))
    }
}
