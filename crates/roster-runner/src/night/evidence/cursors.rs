//! Where the next night goes on, as the source told it at the end of each entity.
//!
//! It is kept with the run, so that it moves in the run's own transaction; a night that is held or fails moves nothing,
//! since what it held must come again.

use super::unwritable;
use roster_core::{Completion, Cursor, EntityKind, ExtractRequest, Result};
use roster_sink::KeptFolder;
use std::io::{self, Write as _};

/// Name of the file: a list of cursors, each with the tables it is for.
pub(crate) const FILE: &str = "cursors";

/// Cursors, those that are the same written once.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Cursors(Vec<(Cursor, Vec<String>)>);

impl Cursors {
    pub(super) fn add(&mut self, completion: &Completion) {
        let Some(next) = &completion.next else { return };
        let table = completion.entity.table().to_owned();
        match self.0.iter_mut().find(|it| it.0 == *next) {
            Some((_, tables)) => tables.push(table),
            None => self.0.push((next.clone(), vec![table])),
        }
    }

    /// Writes the file, if the source told any.
    pub(super) fn write(&self, kept: &KeptFolder) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut file = kept.write(FILE)?;
        let written = serde_json::to_writer(&mut file, &self.0).map_err(io::Error::from);
        written.and_then(|()| file.flush()).map_err(unwritable)
    }

    /// Reads the file; one that cannot be read is the same as none, and everything is read from the start.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Hands them to the entities they are for.
    pub(crate) fn hand_to(&self, request: &mut ExtractRequest) {
        for (cursor, tables) in &self.0 {
            let entities: Vec<_> =
                tables.iter().filter_map(|it| EntityKind::from_table(it)).collect();
            for wanted in request.entities.iter_mut().filter(|it| entities.contains(&it.entity)) {
                wanted.resume = Some(cursor.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{BatchLimits, Coverage, EntityRequest, SyncMode};

    #[test]
    fn cursors_are_handed_to_the_entities_they_were_told_for() {
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptFolder::create(folder.path()).unwrap();
        let mut cursors = Cursors::default();
        let cursor = |it: u32| Some(Cursor::encode("test", 1, &it).unwrap());
        for (entity, next) in [
            (EntityKind::Org, None),
            (EntityKind::User, cursor(1)),
            (EntityKind::Role, cursor(1)),
            (EntityKind::Enrollment, cursor(2)),
        ] {
            cursors.add(&Completion { entity, coverage: Coverage::Complete, next });
        }
        cursors.write(&kept).unwrap();
        let bytes = std::fs::read(&kept.files().unwrap()[0].1).unwrap();
        let wanted = |entity| EntityRequest { entity, mode: SyncMode::Snapshot, resume: None };
        let mut request = ExtractRequest {
            entities: [EntityKind::Org, EntityKind::Role, EntityKind::Enrollment]
                .map(wanted)
                .into(),
            limits: BatchLimits::default(),
        };
        Cursors::read(&bytes).hand_to(&mut request);
        let handed: Vec<_> = request.entities.into_iter().map(|it| it.resume).collect();
        assert_eq!(handed, [None, cursor(1), cursor(2)]);
        assert!(Cursors::read(b"damaged").0.is_empty());
    }
}
