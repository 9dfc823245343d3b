//! Tables as Parquet files.

use super::tables::TableFile;
use roster_core::{EntityKind, Result, Rows};
use roster_sink::ParquetFile;
use tempfile::NamedTempFile;

/// A table as a Parquet file.
#[derive(Debug)]
pub(super) struct Columns(ParquetFile<NamedTempFile>);

impl TableFile for Columns {
    const ENDING: &'static str = "parquet";

    fn start(entity: EntityKind, file: NamedTempFile) -> Result<Self> {
        let name = file.path().display().to_string();
        ParquetFile::new(entity, &name, file).map(Self)
    }

    fn write(&mut self, rows: Rows) -> Result<()> {
        self.0.write(rows)
    }

    fn finish(self) -> Result<NamedTempFile> {
        self.0.finish()
    }
}
