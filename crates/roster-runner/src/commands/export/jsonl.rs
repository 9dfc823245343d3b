//! A folder with one file of JSON lines for each table, in the form of the model's owned structs.

use super::{Export, Written, unwritable};
use futures::StreamExt as _;
use roster_core::{EntityKind, Error, ErrorKind, model::owned_json};
use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

/// Writes every table that has rows.
pub(super) async fn write(export: &Export, folder: &Path) -> Result<Vec<Written>, Error> {
    make_private_folder(folder).map_err(|err| unwritable(folder, err))?;
    let mut written = Vec::new();
    for entity in EntityKind::ALL {
        let path = folder.join(format!("{}.jsonl", entity.table()));
        let rows = write_table(export, *entity, &path).await?;
        written.extend((rows > 0).then_some(Written { name: entity.table().into(), rows }));
    }
    Ok(written)
}

async fn write_table(export: &Export, entity: EntityKind, path: &Path) -> Result<u64, Error> {
    let mut batches = export.sink.rows(&export.district, entity);
    let mut lines = Lines { path: path.to_owned(), file: None, rows: 0 };
    while let Some(rows) = batches.next().await {
        export.refuse_cancelled()?;
        for row in rows?.iter() {
            let line = owned_json(row).map_err(|err| {
                let message = "a row has no JSON form; please report it";
                Error::new(ErrorKind::Internal, "export.write", message).source(err)
            })?;
            lines.push(&line)?;
        }
    }
    lines.finish()
}

/// A file that is made with its first line.
struct Lines {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    rows: u64,
}

impl Lines {
    fn push(&mut self, line: &str) -> Result<(), Error> {
        let Self { path, file, rows } = self;
        let mut write = || {
            if file.is_none() {
                *file = Some(BufWriter::new(File::create_new(&*path)?));
            }
            let file = file.as_mut().expect("the file was just made");
            writeln!(file, "{line}")
        };
        write().map_err(|err| unwritable(path, err))?;
        *rows += 1;
        Ok(())
    }

    fn finish(self) -> Result<u64, Error> {
        if let Some(mut file) = self.file {
            file.flush().map_err(|err| unwritable(&self.path, err))?;
        }
        Ok(self.rows)
    }
}

/// Makes a folder that only its owner can read.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
