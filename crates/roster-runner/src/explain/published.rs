//! What is published of a record now, and which run deleted it.

use super::{
    Asked, Place, Referred, Values,
    decision::{reason, why_deleted},
    is_active,
    kept::KeptRun,
};
use crate::night::evidence::Fate;
use roster_core::{ErrorKind, Result, Rows, value::Timestamp};
use roster_sink::{Published, RecordHistory, RunId};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// What is published of a record.
#[derive(Serialize)]
pub(crate) struct PublishedRecord {
    /// Its public id.
    pub(crate) id: Option<String>,
    /// Whether it is published and not deleted.
    pub(crate) active: bool,
    /// The run that published it first.
    pub(crate) first_run: Option<RunId>,
    /// The run that last changed it.
    pub(crate) last_run: Option<RunId>,
    /// Its entries in the change feed, oldest first.
    pub(crate) changes: Vec<Change>,
    /// Its deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion: Option<Deletion>,
    /// Its values, when they are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<BTreeMap<&'static str, String>>,
}

impl fmt::Debug for PublishedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishedRecord").field("id", &self.id).finish_non_exhaustive()
    }
}

/// An entry of the change feed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Change {
    /// The run.
    pub(crate) run: RunId,
    /// `create`, `update`, `restore` or `delete`.
    pub(crate) operation: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// How a record was deleted.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Deletion {
    /// By which run.
    pub(crate) run: RunId,
    /// When.
    pub(crate) at: Option<Timestamp>,
    /// `said_gone`, `absent`, `replaced`, `orphaned`, `not_shared`; `None` when it is no longer known.
    pub(crate) reason: Option<&'static str>,
    /// Why.
    pub(crate) why: String,
    /// Where the feed said so.
    pub(crate) place: Option<Place>,
}

/// The published row; `None` when there is none, or the sink gives no rows.
pub(super) async fn row(asked: &Asked<'_>, published: &Published) -> Result<Option<Rows>> {
    let entity = asked.record.entity;
    let (Some(slot), Some(index)) = (asked.record.slot, published.indexes.get(&entity)) else {
        return Ok(None);
    };
    match asked.sink.fetch(&asked.question.district, entity, index, &[slot]).await {
        Ok(rows) => Ok(Some(rows).filter(|it| !it.is_empty())),
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is published of the record.
pub(super) async fn record(
    asked: &Asked<'_>,
    published: &Published,
    row: Option<&Rows>,
    refers_to: &[Referred],
) -> Result<Option<PublishedRecord>> {
    let Some(slot) = asked.record.slot else { return Ok(None) };
    let index = published.indexes.get(&asked.record.entity);
    let active = index.is_some_and(|it| is_active(it, slot));
    let history = asked.history;
    let deletion = match history.filter(|_| !active) {
        Some(history) => Some(deletion(asked, history, refers_to).await?),
        None => None,
    };
    let change = |it: &roster_sink::RecordChange| Change {
        run: it.run.clone(),
        operation: it.operation.clone(),
        at: it.at,
    };
    Ok(Some(PublishedRecord {
        id: history.map(|it| it.id.clone()),
        active,
        first_run: history.map(|it| it.first_run.clone()),
        last_run: history.map(|it| it.last_run.clone()),
        changes: history.iter().flat_map(|it| it.changes.iter().map(change)).collect(),
        deletion,
        values: row.filter(|_| asked.question.values == Values::Shown).and_then(values),
    }))
}

async fn deletion(
    asked: &Asked<'_>,
    history: &RecordHistory,
    refers_to: &[Referred],
) -> Result<Deletion> {
    let change = history.changes.iter().rfind(|it| it.operation == "delete");
    let run = change.map_or(&history.last_run, |it| &it.run).clone();
    let kept = KeptRun::open(asked.sink, &run).await?;
    let traces = kept.traces(&asked.record).await?;
    let leaving = traces.leaving();
    let mut why = if kept.is_empty() {
        "what that run kept for review is no longer there, so why is not known".to_owned()
    } else {
        why_deleted(&traces, asked.record.entity)
    };
    let gone = refers_to.iter().find(|it| it.required && it.state == "deleted");
    if let (Some(gone), Some(Fate::Orphaned)) = (gone, leaving.map(|it| it.fate)) {
        why = format!("{why}: {} {}", gone.entity, gone.source_id);
    }
    let place = leaving.and_then(|it| it.place.as_ref());
    Ok(Deletion {
        run,
        at: history.deleted_at,
        reason: reason(&traces),
        why,
        place: place.map(|(origin, position)| Place::of(origin, *position)),
    })
}

fn values(rows: &Rows) -> Option<BTreeMap<&'static str, String>> {
    let row = rows.get(0)?;
    let fields = row.schema().fields.iter().zip(row.fields());
    Some(fields.filter_map(|(field, value)| Some((field.name, value?.to_owned()))).collect())
}
