//! Writes the findings of a night, one JSON object a line, without values.

use super::unwritable;
use roster_core::{Diagnostic, EntityKind, Locus, Result, Severity};
use roster_sink::KeptFolder;
use serde::Serialize;
use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
};

/// Name of the file.
pub(crate) const FILE: &str = "findings";

/// Findings about rejected records that are kept.
const MOST_REJECTED: u64 = 150_000;

/// Other findings that are kept: they are many where a whole column has another form, and must not crowd out the rest.
const MOST_OTHERS: u64 = 50_000;

/// Characters of a key that are kept.
const LONGEST_KEY: usize = 255;

/// Writes findings.
#[derive(Debug, Default)]
pub(super) struct Findings {
    file: Option<BufWriter<File>>,
    rejected: u64,
    others: u64,
}

/// A finding as it is kept.
#[derive(Serialize)]
struct Kept<'f> {
    entity: &'static str,
    code: &'static str,
    severity: Severity,
    file: Option<&'f str>,
    line: Option<u64>,
    field: Option<&'f str>,
    source_id: Option<&'f str>,
}

impl Findings {
    /// Adds a finding, or counts it when there are too many.
    pub(super) fn add(
        &mut self,
        kept: &KeptFolder,
        entity: EntityKind,
        finding: &Diagnostic,
    ) -> Result<()> {
        let (count, most) = match finding.severity {
            Severity::Rejected => (&mut self.rejected, MOST_REJECTED),
            Severity::Warning | Severity::Repaired => (&mut self.others, MOST_OTHERS),
        };
        *count += 1;
        if *count > most {
            return Ok(());
        }
        if self.file.is_none() {
            self.file = Some(kept.write(FILE)?);
        }
        let file = self.file.as_mut().expect("it was made just now");
        serde_json::to_writer(&mut *file, &line(entity, finding))
            .map_err(Into::into)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(unwritable)
    }

    /// Ends the file; gives how many findings are not in it.
    pub(super) fn finish(mut self) -> Result<u64> {
        self.file.as_mut().map_or(Ok(()), io::Write::flush).map_err(unwritable)?;
        Ok(self.rejected.saturating_sub(MOST_REJECTED) + self.others.saturating_sub(MOST_OTHERS))
    }
}

fn line(entity: EntityKind, finding: &Diagnostic) -> Kept<'_> {
    let (file, line) = match &finding.locus {
        Locus::File { file, line } => (Some(&**file), Some(*line).filter(|it| *it > 0)),
        Locus::Page { url, index } => (Some(&**url), Some(*index)),
        Locus::Row { query, row } => (Some(&**query), Some(*row)),
        _ => (None, None),
    };
    Kept {
        entity: entity.table(),
        code: finding.code.code(),
        severity: finding.severity,
        file,
        line,
        field: finding.field.as_deref(),
        source_id: finding.source_id.as_deref().map(shortened),
    }
}

fn shortened(key: &str) -> &str {
    key.char_indices().nth(LONGEST_KEY).map_or(key, |(end, _)| &key[..end])
}
