//! What the zip says of itself, in its comment: whose roster it holds, and which state of which store.

use super::file::write_error;
use crate::{PublishedState, RunId};
use roster_core::{DistrictId, Result};
use roster_oneroster::{Version, export::comment_of};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, BufReader},
    path::Path,
};

/// Which roster a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The district.
    pub(super) district: DistrictId,
    /// The run that published it; `None` of a store that was never published to.
    run: Option<RunId>,
    /// Id of the store.
    store: String,
    /// How often the store was published to.
    basis: u64,
    /// The edition.
    edition: String,
}

/// The comment: one key, so that other programs see whose it is.
#[derive(Serialize, Deserialize)]
struct Comment {
    homeroom: Mark,
}

/// What is in a file's place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing, or an empty file.
    Nothing,
    /// A file that Homeroom wrote.
    Mark(Mark),
    /// Somebody's file.
    Foreign,
}

impl Mark {
    /// A state of a store, as this edition.
    pub(super) fn new(district: &DistrictId, state: &PublishedState, version: Version) -> Self {
        let PublishedState { store, basis, run } = state.clone();
        Self { district: district.clone(), run, store, basis, edition: version.to_string() }
    }

    /// The zip's comment.
    pub(super) fn comment(&self) -> String {
        let comment = Comment { homeroom: self.clone() };
        serde_json::to_string(&comment).expect("texts and numbers have a JSON form")
    }
}

/// Looks at what is in a file's place.
pub(super) fn find(path: &Path) -> Result<Found> {
    let file = match File::open(path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        file => file.map_err(|err| write_error(path, err))?,
    };
    let metadata = file.metadata().map_err(|err| write_error(path, err))?;
    if metadata.is_file() && metadata.len() == 0 {
        return Ok(Found::Nothing);
    }
    let comment = comment_of(BufReader::new(file));
    let comment = comment.and_then(|it| serde_json::from_str::<Comment>(&it).ok());
    Ok(comment.map_or(Found::Foreign, |it| Found::Mark(it.homeroom)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{EntityKind, Rows};
    use roster_oneroster::export::{RowSource, RowsIter, write_fileset};
    use std::fs;

    struct NoRows;

    impl RowSource for NoRows {
        fn rows(&mut self, _: EntityKind) -> Result<RowsIter<'_>> {
            Ok(Box::new(std::iter::empty::<Result<Rows>>()))
        }
    }

    #[test]
    fn only_what_homeroom_wrote_is_told_apart_from_somebodys_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.zip");
        let state =
            PublishedState { store: "5".to_owned(), basis: 7, run: Some(RunId::from_text("r")) };
        let mark = Mark::new(&"lakeside".parse().unwrap(), &state, Version::V1_1);
        let zip = |comment: &str| {
            let out = io::Cursor::new(Vec::new());
            write_fileset(out, Version::V1_1, &mut NoRows, comment).unwrap().0.into_inner()
        };
        assert_eq!(find(&path).unwrap(), Found::Nothing);
        let check = |bytes: &[u8], expected: Found| {
            fs::write(&path, bytes).unwrap();
            assert_eq!(find(&path).unwrap(), expected);
        };
        check(b"", Found::Nothing);
        check(&zip(&mark.comment()), Found::Mark(mark.clone()));
        check(&zip(""), Found::Foreign);
        check(&zip("{\"homeroom\":{}}"), Found::Foreign);
        check(b"text", Found::Foreign);
    }
}
