//! What a run kept of one record: places, findings, values, held changes.

use super::{Check, Place, Record, Sharing, Stand};
use crate::{
    night::evidence::{
        Fate, coverage,
        places::{self, Stood},
    },
    render::manual,
};
use roster_core::{EntityKind, Error, ErrorKind, Result};
use roster_sink::{Operation, PlanReader, RunId, Sink};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeMap, sync::Arc};

/// Characters of a key that findings keep.
const LONGEST_KEY: usize = 255;

/// What a run kept for review.
#[derive(Debug)]
pub(super) struct KeptRun<'s> {
    sink: &'s Arc<dyn Sink>,
    run: &'s RunId,
    names: Vec<String>,
}

/// What a run kept of one record.
#[derive(Debug, Default)]
pub(super) struct Traces {
    pub(super) stood: Vec<Stood>,
    pub(super) checks: Vec<Check>,
    pub(super) quarantined: Vec<Quarantined>,
    /// Number of the hold and what waits.
    pub(super) held: Vec<(u16, Operation)>,
    /// Whether the feed gave the entity whole, when it spoke of it.
    pub(super) whole: Option<bool>,
}

/// A record that was set aside.
#[derive(Deserialize)]
pub(super) struct Quarantined {
    source_id: Option<String>,
    /// `source` or `model`.
    pub(super) form: String,
    pub(super) fields: BTreeMap<String, String>,
}

impl std::fmt::Debug for Quarantined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Quarantined").field("form", &self.form).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Finding {
    entity: String,
    code: String,
    severity: String,
    file: Option<String>,
    line: Option<u64>,
    field: Option<String>,
    source_id: Option<String>,
}

impl<'s> KeptRun<'s> {
    pub(super) async fn open(sink: &'s Arc<dyn Sink>, run: &'s RunId) -> Result<Self> {
        Ok(Self { sink, run, names: sink.kept_names(run).await? })
    }

    /// Whether nothing is kept of the run, or not any more.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// What it kept of a record.
    pub(super) async fn traces(&self, record: &Record<'_>) -> Result<Traces> {
        Ok(Traces {
            stood: self.stood(record).await?,
            checks: self.checks(record).await?,
            quarantined: self.quarantined(record).await?,
            held: self.held(record).await?,
            whole: self.whole(record.entity).await?,
        })
    }

    /// Where a record stood, and what became of it.
    pub(super) async fn stood(&self, record: &Record<'_>) -> Result<Vec<Stood>> {
        let file = self.file(&places::name(record.entity)).await?;
        file.map_or(Ok(Vec::new()), |it| places::find(&it, record.slot, record.key))
    }

    async fn checks(&self, record: &Record<'_>) -> Result<Vec<Check>> {
        let key = shortened(record.source_id);
        let lines: Vec<Finding> = self.lines("findings", key).await?;
        let table = record.entity.table();
        let of_record = |it: &Finding| it.entity == table && it.source_id.as_deref() == Some(key);
        Ok(lines.into_iter().filter(of_record).map(Check::from).collect())
    }

    async fn quarantined(&self, record: &Record<'_>) -> Result<Vec<Quarantined>> {
        let name = format!("quarantine.{}", record.entity.table());
        let mut lines: Vec<Quarantined> = self.lines(&name, record.source_id).await?;
        lines.retain(|it| it.source_id.as_deref() == Some(record.source_id));
        Ok(lines)
    }

    async fn held(&self, record: &Record<'_>) -> Result<Vec<(u16, Operation)>> {
        let mut held = Vec::new();
        for name in &self.names {
            let Some(number) = hold_number(name, record.entity.table()) else { continue };
            let Some(file) = self.file(name).await? else { continue };
            let mut reader = PlanReader::of_kept(name, file, record.entity)?;
            while let Some((entries, _)) = reader.chunk()? {
                let of_record = entries.iter().filter(|it| it.key == record.key);
                held.extend(of_record.map(|it| (number, it.operation)));
            }
        }
        Ok(held)
    }

    async fn whole(&self, entity: EntityKind) -> Result<Option<bool>> {
        let Some(file) = self.file(coverage::FILE).await? else { return Ok(None) };
        Ok(coverage::read(&file)?.get(&entity).copied())
    }

    /// The lines of a file that have a text in them, read.
    async fn lines<T: DeserializeOwned>(&self, name: &str, text: &str) -> Result<Vec<T>> {
        let Some(file) = self.file(name).await? else { return Ok(Vec::new()) };
        let file = String::from_utf8(file).map_err(|_| damaged(name))?;
        let needle = serde_json::to_string(text).map_err(|_| damaged(name))?;
        let lines = file.lines().filter(|it| it.contains(&needle));
        lines.map(|it| serde_json::from_str(it).map_err(|_| damaged(name))).collect()
    }

    async fn file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        if !self.names.iter().any(|it| it == name) {
            return Ok(None);
        }
        self.sink.kept(self.run, name).await
    }
}

impl Traces {
    /// Whether the record was in the feed.
    pub(super) fn is_in_feed(&self) -> bool {
        self.stood.iter().any(|it| it.fate.stands()) || !self.checks.is_empty()
    }

    /// Whether a record of the feed was accepted.
    pub(super) fn is_accepted(&self) -> bool {
        self.stood.iter().any(|it| it.fate == Fate::Accepted)
    }

    /// Whether it was in the feed and a check left it out.
    pub(super) fn is_rejected(&self) -> bool {
        let by_place = self.stood.iter().any(|it| it.fate == Fate::Rejected);
        !self.is_accepted() && (by_place || self.rejections().next().is_some())
    }

    /// What left the record out.
    pub(super) fn rejections(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|it| it.severity == "rejected")
    }

    /// Why it goes.
    pub(super) fn leaving(&self) -> Option<&Stood> {
        let goes = |it: &&Stood| it.fate == Fate::Said || !it.fate.stands();
        self.stood.iter().find(goes)
    }

    /// Where it stood.  What a connector left out is known from the findings about it.
    pub(super) fn feed(&self) -> Vec<Stand> {
        let stands = self.stood.iter().filter_map(|it| {
            let (origin, position) = it.place.as_ref()?;
            Some(Stand { place: Place::of(origin, *position), fate: word(it.fate) })
        });
        let mut stands: Vec<Stand> = stands.collect();
        for check in self.rejections() {
            let (Some(file), Some(line)) = (check.file.clone(), check.line) else { continue };
            let known = stands.iter().any(|it| it.place.is_at(&file, line));
            if !known {
                stands.push(Stand { place: Place::File { file, line }, fate: "rejected" });
            }
        }
        stands
    }

    pub(super) fn sharing(&self) -> Sharing {
        match self.leaving() {
            Some(Stood { fate: Fate::Withdrawn, .. }) => Sharing::Withdrawn,
            _ if self.is_in_feed() => Sharing::Shared,
            Some(_) => Sharing::NotAsked,
            _ => Sharing::Unknown,
        }
    }
}

impl Place {
    fn is_at(&self, name: &str, position: u64) -> bool {
        match self {
            Self::File { file: it, line: at }
            | Self::Page { page: it, index: at }
            | Self::Query { query: it, row: at } => it == name && *at == position,
        }
    }
}

impl From<Finding> for Check {
    fn from(finding: Finding) -> Self {
        let Finding { code, severity, file, line, field, .. } = finding;
        Self { manual: manual(&code), code, severity, file, line, field }
    }
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Rejected => "rejected",
        Fate::Said => "said_gone",
        _ => "accepted",
    }
}

/// The number in `held.<number>.<table>`.
fn hold_number(name: &str, table: &str) -> Option<u16> {
    let (number, of) = name.strip_prefix("held.")?.split_once('.')?;
    (of == table).then(|| number.parse().ok())?
}

fn shortened(key: &str) -> &str {
    key.char_indices().nth(LONGEST_KEY).map_or(key, |(end, _)| &key[..end])
}

fn damaged(name: &str) -> Error {
    let message = "what the run kept for review cannot be read; it may be of a newer Homeroom";
    Error::new(ErrorKind::Damaged, "explain.kept", message).context("name", name)
}
