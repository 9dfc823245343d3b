//! What a night decided on a record, in a word and a sentence.

use super::kept::Traces;
use crate::night::evidence::Fate;
use roster_core::EntityKind;
use roster_sink::{RecordHistory, RunId, RunRecord};
use serde::Serialize;

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Decision {
    /// `created`, `updated`, `unchanged`, `restored`, `deleted`, `held`, `rejected`, `stays`, `deleted_before`, `nothing`.
    pub(crate) word: &'static str,
    /// Why.
    pub(crate) why: String,
}

impl Decision {
    fn new(word: &'static str, why: impl Into<String>) -> Self {
        Self { word, why: why.into() }
    }
}

/// How a record stood before a night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// It was never published.
    NotPublished,
    /// It was published.
    Active,
    /// It was deleted by that run.
    Deleted(RunId),
}

impl Before {
    /// Finds out by times: ids of runs of the same second have no order.  `first` is the run that published the record
    /// first, when it is still remembered.
    pub(super) fn of(
        run: &RunRecord,
        history: Option<&RecordHistory>,
        first: Option<&RunRecord>,
    ) -> Self {
        let Some(history) = history.filter(|it| it.first_run != run.report.run) else {
            return Self::NotPublished;
        };
        let began_before = |it: &RunRecord| it.started_at < run.started_at;
        if !first.map_or(history.first_run < run.report.run, began_before) {
            return Self::NotPublished;
        }
        let earlier = history.changes.iter().rfind(|it| it.at < run.started_at);
        match earlier {
            Some(change) if change.operation == "delete" => Self::Deleted(change.run.clone()),
            None if history.deleted_at.is_some_and(|it| it < run.started_at) => {
                Self::Deleted(history.last_run.clone())
            }
            _ => Self::Active,
        }
    }
}

/// Decides by what the night left behind.
pub(super) fn decide(
    run: &RunRecord,
    kept: bool,
    traces: &Traces,
    history: Option<&RecordHistory>,
    before: &Before,
    entity: EntityKind,
) -> Decision {
    let report = &run.report;
    if let Some(error) = &report.error {
        let why = format!("the night ended with {}, so it published nothing", error.kind);
        return Decision::new("nothing", why);
    }
    if let Some((_, operation)) = traces.held.first() {
        let mut why = format!("the {} waits for a person", noun(operation.code()));
        if traces.leaving().is_some() {
            why = format!("{why}: {}", why_deleted(traces, entity));
        }
        return Decision::new("held", why);
    }
    if let Some(change) = change(history, &report.run) {
        return changed(change, traces, entity);
    }
    if traces.is_rejected() {
        return rejected(before);
    }
    if traces.is_accepted() {
        return Decision::new("unchanged", "it is the same as what was published before");
    }
    if !kept {
        let why = "what the run kept for review is no longer there, so no more is known";
        return Decision::new("nothing", why);
    }
    not_in_feed(run, before, traces, entity)
}

/// Why a record went, as a sentence.
pub(super) fn why_deleted(traces: &Traces, entity: EntityKind) -> String {
    let Some(leaving) = traces.leaving() else {
        return "what the run kept for review does not say why".to_owned();
    };
    let owner = entity.schema().owner().and_then(|it| entity.schema().fields[it].reference);
    let owner = owner.map_or("the record it belongs to".to_owned(), |it| {
        format!("its record of {}", it.entity.table())
    });
    match leaving.fate {
        Fate::Said => "the feed said that it is gone".to_owned(),
        Fate::Absent => "the feed was complete and did not have it".to_owned(),
        Fate::Replaced => format!("the feed gave everything of {owner} anew, without it"),
        Fate::Orphaned => "a record that it cannot do without went".to_owned(),
        _ => "it is not shared any more".to_owned(),
    }
}

/// The stable word for why a record went.
pub(super) fn reason(traces: &Traces) -> Option<&'static str> {
    match traces.leaving()?.fate {
        Fate::Said => Some("said_gone"),
        Fate::Absent => Some("absent"),
        Fate::Replaced => Some("replaced"),
        Fate::Orphaned => Some("orphaned"),
        Fate::Withdrawn => Some("not_shared"),
        Fate::Accepted | Fate::Rejected => None,
    }
}

/// What a night did to a record.
fn change<'h>(history: Option<&'h RecordHistory>, run: &RunId) -> Option<&'h str> {
    let history = history?;
    let change = history.changes.iter().rfind(|it| it.run == *run);
    // The first load of a district is one entry for all of its records.
    let created = (history.first_run == *run).then_some("create");
    change.map(|it| it.operation.as_str()).or(created)
}

fn changed(operation: &str, traces: &Traces, entity: EntityKind) -> Decision {
    match operation {
        "create" => Decision::new("created", "it was published for the first time"),
        "update" => Decision::new("updated", "its content was no longer what was published"),
        "restore" => {
            let why = "it had been deleted and came back, with its public id and history";
            Decision::new("restored", why)
        }
        "delete" => Decision::new("deleted", why_deleted(traces, entity)),
        other => Decision::new("changed", format!("the change feed says {other}")),
    }
}

fn rejected(before: &Before) -> Decision {
    let why = match before {
        Before::Active => {
            "a check left it out; its last good version stays published, since rejected is not missing"
        }
        Before::Deleted(_) => "a check left it out, so it stays deleted",
        Before::NotPublished => "a check left it out, and it was never published before",
    };
    Decision::new("rejected", why)
}

/// A record that the feed did not have, or that went without a change.
fn not_in_feed(run: &RunRecord, before: &Before, traces: &Traces, entity: EntityKind) -> Decision {
    match before {
        Before::Deleted(by) => {
            Decision::new("deleted_before", format!("it was deleted by run {by} and is not back"))
        }
        Before::Active if traces.leaving().is_some() => {
            Decision::new("stays", "it was to go, and the night did not delete it")
        }
        Before::Active => Decision::new("stays", why_it_stays(run, traces, entity)),
        Before::NotPublished => Decision::new(
            "nothing",
            "the feed did not have it, or it is not shared, and it was never published before",
        ),
    }
}

/// Why a published record stays that the feed did not have.
fn why_it_stays(run: &RunRecord, traces: &Traces, entity: EntityKind) -> String {
    let table = entity.table();
    let told = |code: &str| {
        let mut of_code = run.report.diagnostics.iter().filter(|it| it.code == code);
        of_code.any(|it| it.examples.iter().any(|it| it.field.as_deref() == Some(table)))
    };
    if told("entity_became_empty") {
        return format!("the feed had no {table} at all, and incomplete is not empty");
    }
    if told("deletions_withheld") {
        return format!(
            "the feed did not have it, but {table} without a readable key were rejected, and it may be one of them"
        );
    }
    match traces.whole {
        None => format!("the feed did not speak of {table}, and what it is silent about stays"),
        Some(false) => "the feed gave only changes, and did not say that it is gone".to_owned(),
        Some(true) => {
            "the feed did not give it, but a record that it belongs to was rejected, and rejected is not missing"
                .to_owned()
        }
    }
}

/// A change as a noun.
fn noun(operation: &str) -> &str {
    match operation {
        "create" => "creation",
        "restore" => "restoration",
        "delete" => "deletion",
        other => other,
    }
}
