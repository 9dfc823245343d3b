//! The map that a night proposed, as it was kept of the run.
//!
//! The maps of a night hang together: the roles and enrollments of people who have new keys have new ones too.  So a hold
//! stands for the maps of all tables.

use crate::{
    exit::Failure,
    identity::{COLUMNS, KEPT_PREFIX, MapFile, read_map},
};
use roster_core::{Error, ErrorKind};
use roster_sink::{Hold, Sink, private_file};
use std::{
    io::{self, BufWriter, Write as _},
    path::Path,
    sync::Arc,
};

/// A proposed map.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) map: MapFile,
    files: Files,
}

/// The files as they were kept.  `Debug` shows how many, never what.
struct Files(Vec<Vec<u8>>);

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Files").field(&self.0.len()).finish()
    }
}

impl Proposal {
    /// Reads what was kept of the hold's run.
    pub(super) async fn load(sink: &Arc<dyn Sink>, hold: &Hold) -> Result<Self, Failure> {
        let names = sink.kept_names(&hold.run).await?;
        let (mut map, mut files) = (MapFile::default(), Vec::new());
        for name in names.iter().filter(|it| it.starts_with(KEPT_PREFIX)) {
            let Some(bytes) = sink.kept(&hold.run, name).await? else { continue };
            let MapFile { pairs, undecided, how } =
                read_map(&bytes[..]).map_err(|_| damaged(hold, name))?;
            map.pairs.extend(pairs);
            map.undecided.extend(undecided);
            map.how.extend(how);
            files.push(bytes);
        }
        if files.is_empty() {
            let message = format!(
                "the map of hold {} is no longer kept; a newer night proposes it again",
                hold.id
            );
            return Err(Failure::Usage(message));
        }
        Ok(Self { map, files: Files(files) })
    }

    /// Writes the maps of all tables into one new file that only its owner can read.
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        let write = || -> io::Result<()> {
            let mut out = BufWriter::new(private_file(path)?);
            writeln!(out, "{}", COLUMNS.join(","))?;
            for file in &self.files.0 {
                let header =
                    file.iter().position(|it| *it == b'\n').map_or(file.len(), |it| it + 1);
                out.write_all(&file[header..])?;
            }
            out.flush()
        };
        let message = "the file cannot be written";
        write().map_err(|err| {
            let error = Error::new(ErrorKind::Unavailable, "rekey.write", message);
            error.context("path", path.display()).source(err).into()
        })
    }
}

fn damaged(hold: &Hold, name: &str) -> Error {
    let message = "the map that was kept of the run is damaged; restore the database from a backup";
    Error::new(ErrorKind::Damaged, "rekey.proposal", message)
        .context("hold", &hold.id)
        .context("file", name)
}
