//! Which entities a feed gave whole, so that what it is silent about can be told from what it lacks.

use super::unwritable;
use roster_core::{Completion, Coverage, EntityKind, Error, ErrorKind, Result};
use roster_sink::KeptFolder;
use std::{
    collections::BTreeMap,
    io::{self, Write as _},
};

/// Name of the file: an object of tables, each `complete` or `changes`.
pub(crate) const FILE: &str = "coverage";

const COMPLETE: &str = "complete";
const CHANGES: &str = "changes";

/// How the entities of a feed ended.
#[derive(Debug, Default)]
pub(super) struct Coverages(BTreeMap<EntityKind, Coverage>);

impl Coverages {
    pub(super) fn add(&mut self, completion: &Completion) {
        self.0.insert(completion.entity, completion.coverage);
    }

    /// Writes the file, if any entity ended.
    pub(super) fn write(self, kept: &KeptFolder) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let word = |it: Coverage| if it == Coverage::Complete { COMPLETE } else { CHANGES };
        let words: BTreeMap<_, _> =
            self.0.into_iter().map(|it| (it.0.table(), word(it.1))).collect();
        let mut file = kept.write(FILE)?;
        let written = serde_json::to_writer(&mut file, &words).map_err(io::Error::from);
        written.and_then(|()| file.flush()).map_err(unwritable)
    }
}

/// Reads the file: whether each entity came whole.
///
/// # Errors
///
/// [`ErrorKind::Damaged`] when it is not such a file.
pub(crate) fn read(bytes: &[u8]) -> Result<BTreeMap<EntityKind, bool>> {
    let words: BTreeMap<String, String> = serde_json::from_slice(bytes).map_err(|_| {
        Error::new(ErrorKind::Damaged, "coverage.read", "what the run kept cannot be read")
    })?;
    let known =
        |(table, word): (String, String)| Some((EntityKind::from_table(&table)?, word != CHANGES));
    Ok(words.into_iter().filter_map(known).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptFolder::create(folder.path()).unwrap();
        let mut coverages = Coverages::default();
        for (entity, coverage) in
            [(EntityKind::Org, Coverage::Complete), (EntityKind::User, Coverage::Changes)]
        {
            coverages.add(&Completion { entity, coverage, next: None });
        }
        coverages.write(&kept).unwrap();
        let bytes = std::fs::read(&kept.files().unwrap()[0].1).unwrap();
        let expected = [(EntityKind::Org, true), (EntityKind::User, false)].into();
        assert_eq!(read(&bytes).unwrap(), expected);
        assert!(read(b"[]").is_err());
    }
}
