//! Tables as JSON lines, in the form of the model's owned structs.

use super::{tables::TableFile, unwritable};
use roster_core::{EntityKind, Error, ErrorKind, Result, Rows, model::owned_json};
use std::io::{BufWriter, Write as _};
use tempfile::NamedTempFile;

/// A table, one record a line.
#[derive(Debug)]
pub(super) struct Lines(BufWriter<NamedTempFile>);

impl TableFile for Lines {
    const ENDING: &'static str = "jsonl";

    fn start(_: EntityKind, file: NamedTempFile) -> Result<Self> {
        Ok(Self(BufWriter::new(file)))
    }

    fn write(&mut self, rows: Rows) -> Result<()> {
        for row in rows.iter() {
            let line = owned_json(row).map_err(|err| {
                let message = "a row has no JSON form; please report it";
                Error::new(ErrorKind::Internal, "export.write", message).source(err)
            })?;
            let written = writeln!(self.0, "{line}");
            written.map_err(|err| unwritable(self.0.get_ref().path(), err))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<NamedTempFile> {
        let path = self.0.get_ref().path().to_owned();
        self.0.into_inner().map_err(|err| unwritable(&path, err.into_error()))
    }
}
