//! The changes that a hold holds back, as a file that a person can look through.

use futures::StreamExt as _;
use roster_core::{EntityKind, Error, ErrorKind, Result, Row, Rows};
use roster_sink::{
    Hold, HoldRule, Operation, PlanEntry, PlanReader, Published, PublishedIndex, Sink, Slot,
    private_file,
};
use std::{
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

/// Names of the columns.
const HEADER: [&str; 6] = ["table", "operation", "source_id", "field", "before", "after"];

/// Writes one line for each field that a held change would change; gives the number of changes.  Before is what is
/// published now.  Nobody but its owner can read the file.
///
/// # Errors
///
/// [`ErrorKind::NotFound`] when the changes are no longer kept, [`ErrorKind::Unavailable`] when the file cannot be
/// written, and the sink's.
pub(crate) async fn write_changes(sink: &Arc<dyn Sink>, hold: &Hold, file: &Path) -> Result<u64> {
    let mut published = sink.published(&hold.district).await?;
    let failed = |err: io::Error| unwritable(file).source(err);
    let mut out = BufWriter::new(private_file(file).map_err(failed)?);
    line(&mut out, HEADER.map(Some)).map_err(failed)?;
    let mut written = Writing { sink, hold, out, changes: 0, file };
    if matches!(hold.rule, HoldRule::Emptied | HoldRule::Missing) {
        written.all_rows().await?;
    } else {
        written.kept_changes(&mut published).await?;
    }
    written.out.flush().map_err(failed)?;
    Ok(written.changes)
}

struct Writing<'w> {
    sink: &'w Arc<dyn Sink>,
    hold: &'w Hold,
    out: BufWriter<std::fs::File>,
    changes: u64,
    file: &'w Path,
}

impl Writing<'_> {
    /// Everything that is published of the entity would go.
    async fn all_rows(&mut self) -> Result<()> {
        let mut rows = self.sink.rows(&self.hold.district, self.hold.entity);
        while let Some(chunk) = rows.next().await {
            for row in chunk?.iter() {
                self.change(Operation::Delete, Some(row), None)?;
            }
        }
        Ok(())
    }

    async fn kept_changes(&mut self, published: &mut Published) -> Result<()> {
        let number = self.hold.id.as_str().rsplit_once('.').map_or("", |it| it.1);
        let prefix = format!("held.{number}.");
        let names = self.sink.kept_names(&self.hold.run).await?;
        if names.is_empty() {
            return Err(no_longer_kept(self.hold));
        }
        let names: Vec<_> = names.iter().filter(|it| it.starts_with(&prefix)).collect();
        for name in names {
            let Some(entity) = EntityKind::from_table(&name[prefix.len()..]) else { continue };
            let Some(bytes) = self.sink.kept(&self.hold.run, name).await? else { continue };
            let mut reader = PlanReader::of_kept(name, bytes, entity)?;
            let index = published.indexes.entry(entity).or_default();
            while let Some((entries, rows)) = reader.chunk()? {
                self.chunk(entity, entries, rows, index).await?;
            }
        }
        Ok(())
    }

    async fn chunk(
        &mut self,
        entity: EntityKind,
        entries: &[PlanEntry],
        rows: &Rows,
        index: &PublishedIndex,
    ) -> Result<()> {
        let is_there =
            |it: &&PlanEntry| it.operation != Operation::Create && index.is_published(it.slot);
        let slots: Vec<Slot> = entries.iter().filter(is_there).map(|it| it.slot).collect();
        let before = self.sink.fetch(&self.hold.district, entity, index, &slots).await?;
        let mut before = before.iter();
        for entry in entries {
            let before = if is_there(&entry) { before.next() } else { None };
            self.change(entry.operation, before, entry.row.and_then(|it| rows.get(it)))?;
        }
        Ok(())
    }

    fn change(
        &mut self,
        operation: Operation,
        before: Option<Row<'_>>,
        after: Option<Row<'_>>,
    ) -> Result<()> {
        self.changes += 1;
        let Some(row) = after.or(before) else { return Ok(()) };
        let (table, source_id) = (row.entity().table(), row.source_id());
        for (number, field) in row.schema().fields.iter().enumerate() {
            let value = |it: Option<Row<'_>>| it.and_then(|it| it.get(number).map(str::to_owned));
            let (before, after) = (value(before), value(after));
            if before != after {
                let cells = [table, operation.code(), source_id, field.name].map(Some);
                let [table, operation, source_id, field] = cells;
                line(
                    &mut self.out,
                    [table, operation, source_id, field, before.as_deref(), after.as_deref()],
                )
                .map_err(|err| unwritable(self.file).source(err))?;
            }
        }
        Ok(())
    }
}

/// Writes a line, its values so that no spreadsheet takes them for formulas.
fn line(out: &mut impl Write, cells: [Option<&str>; 6]) -> io::Result<()> {
    for (number, cell) in cells.into_iter().enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        let cell = cell.unwrap_or_default();
        let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        let quoted = cell.contains(['"', ',', '\n', '\r']);
        if quoted {
            write!(out, "\"{guard}{}\"", cell.replace('"', "\"\""))?;
        } else {
            write!(out, "{guard}{cell}")?;
        }
    }
    out.write_all(b"\r\n")
}

fn no_longer_kept(hold: &Hold) -> Error {
    let message =
        "the changes of this hold are no longer kept; a newer night has them if they still wait";
    Error::new(ErrorKind::NotFound, "holds.changes", message).context("hold", &hold.id)
}

fn unwritable(file: &Path) -> Error {
    Error::new(ErrorKind::Unavailable, "holds.write", "the file cannot be written")
        .context("path", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let mut out = Vec::new();
        line(
            &mut out,
            [Some("users"), None, Some("=1+1"), Some("a,b"), Some("say \"x\""), Some("-1,2")],
        )
        .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "users,,'=1+1,\"a,b\",\"say \"\"x\"\"\",\"'-1,2\"\r\n");
    }
}
