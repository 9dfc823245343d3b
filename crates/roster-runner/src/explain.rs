//! The story of one record in one night: where it stood in the feed, what the checks said, what sharing and the plan
//! decided, and what is published of it now.
//!
//! A record that is not there has a story too: whether an earlier night had it, which night deleted it and why, and
//! whether the feed has it now and a setting leaves it out.  Values are looked at only when they are asked for.

mod decision;
mod feed_now;
mod kept;
mod published;
mod references;
pub(crate) mod story;

pub(crate) use feed_now::{FeedNow, Now};
pub(crate) use published::PublishedRecord;
pub(crate) use references::Referred;

use decision::{Before, Decision, decide};
use kept::{KeptRun, Traces};
use roster_core::{DistrictId, EntityKind, ErrorKind, Origin, Result, value::Timestamp};
use roster_sink::{
    Hold, HoldId, HoldRule, HoldState, Outcome, Published, PublishedIndex, RecordHistory, RunId,
    RunRecord, Sink, Slot, key_of,
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// Nights that are searched for a record that the last one does not have.
const MOST_NIGHTS: usize = 100;

/// Whether values are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// To the operator alone.
    Shown,
    /// They are not even read.
    Hidden,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Question {
    /// Whose record.
    pub(crate) district: DistrictId,
    /// Its entity.
    pub(crate) entity: EntityKind,
    /// Its key at the source.
    pub(crate) source_id: String,
    /// The night; `None`: the last that ended well.
    pub(crate) run: Option<RunRecord>,
    /// Whether values are told.
    pub(crate) values: Values,
}

/// What is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    /// Whose record.
    pub(crate) district: DistrictId,
    /// Its table.
    pub(crate) entity: &'static str,
    /// Its key at the source.
    pub(crate) source_id: String,
    /// The night that was asked for, or the last that ended well.
    pub(crate) night: Option<NightStory>,
    /// The last night that had the record, when that one does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) earlier: Option<NightStory>,
    /// What is published of it.
    pub(crate) published: Option<PublishedRecord>,
    /// What it refers to.
    pub(crate) refers_to: Vec<Referred>,
    /// What the feed says now, when the night does not have the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) feed_now: Option<FeedNow>,
}

/// A record in a night.
#[derive(Debug, Serialize)]
pub(crate) struct NightStory {
    /// The run.
    pub(crate) run: RunId,
    /// The connector.
    pub(crate) connector: String,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// When it began.
    pub(crate) started_at: Timestamp,
    /// Whether what it kept for review is still there.
    pub(crate) kept: bool,
    /// Where the record stood in the feed.
    pub(crate) feed: Vec<Stand>,
    /// What the checks said.
    pub(crate) checks: Vec<Check>,
    /// What the sharing settings did.
    pub(crate) sharing: Sharing,
    /// What the plan decided.
    pub(crate) plan: Decision,
    /// Holds that changes of the record wait for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) holds: Vec<HeldChange>,
    /// Holds of its table that persons had approved and the night used, when it changed the record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) approved: Vec<Hold>,
    /// The values of the record as it was set aside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) set_aside: Vec<BTreeMap<String, String>>,
}

/// Where a record stood.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Stand {
    /// The place.
    #[serde(flatten)]
    pub(crate) place: Place,
    /// What became of it there: `accepted`, `rejected`, or `said_gone`.
    pub(crate) fate: &'static str,
}

/// A place in a feed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Place {
    /// A text file.
    File {
        /// Its name.
        file: String,
        /// From 1.
        line: u64,
    },
    /// A page of a web API.
    Page {
        /// Path and query.
        page: String,
        /// From 0.
        index: u64,
    },
    /// A result set.
    Query {
        /// Its name.
        query: String,
        /// From 0.
        row: u64,
    },
}

impl Place {
    fn of(origin: &Origin, position: u64) -> Self {
        match origin {
            Origin::Page(page) => Self::Page { page: page.to_string(), index: position },
            Origin::Query(query) => Self::Query { query: query.to_string(), row: position },
            Origin::File(file) => Self::File { file: file.to_string(), line: position },
            _ => Self::File { file: String::new(), line: position },
        }
    }
}

/// What a check said of a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Check {
    /// See `docs/diagnostics.md`.
    pub(crate) code: String,
    /// What was done.
    pub(crate) severity: String,
    /// File, page or query.
    pub(crate) file: Option<String>,
    /// Line, index or row.
    pub(crate) line: Option<u64>,
    /// The field by the source's name for it.
    pub(crate) field: Option<String>,
    /// The manual page, as Markdown.
    pub(crate) manual: Option<String>,
}

/// What the sharing settings did with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sharing {
    /// It is shared.
    Shared,
    /// It was published and is not shared any more.
    Withdrawn,
    /// It was published, and the feed did not have it.
    NotAsked,
    /// The night says nothing of it, and everything is shared, as the settings are now.
    Everything,
    /// The night says nothing of it; it says nothing of records that are not shared.
    Unknown,
}

/// A change that waits for a person.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HeldChange {
    /// What would be done: `create`, `update`, `restore` or `delete`.
    pub(crate) operation: &'static str,
    /// The hold as it is now.
    pub(crate) hold: Option<Hold>,
}

/// A record that is asked for, and what the sink knows of it.
#[derive(Clone, Copy, Debug)]
struct Record<'r> {
    entity: EntityKind,
    source_id: &'r str,
    key: u128,
    slot: Option<Slot>,
}

impl<'r> Record<'r> {
    fn find(published: &Published, entity: EntityKind, source_id: &'r str) -> Self {
        let key = key_of(source_id);
        // One key is looked for: a table of all of them is not worth making.
        let slot = published
            .indexes
            .get(&entity)
            .and_then(|index| index.slots().find(|it| index.key(*it) == key));
        Self { entity, source_id, key, slot }
    }
}

/// Answers.
///
/// # Errors
///
/// The sink's.  That the feed cannot be read now is part of the answer.
pub(crate) async fn explain(
    question: &Question,
    sink: &Arc<dyn Sink>,
    now: Option<&Now>,
) -> Result<Explanation> {
    let Question { district, entity, source_id, .. } = question;
    let mut published = sink.published(district).await?;
    let record = Record::find(&published, *entity, source_id);
    let history = match sink.history(district, *entity, source_id).await {
        Err(error) if error.kind() == ErrorKind::Unsupported => None,
        history => history?,
    };
    let shares_everything = now.is_some_and(Now::shares_everything);
    let asked = Asked { question, sink, record, history: history.as_ref(), shares_everything };
    let (night, earlier) = asked.nights().await?;
    let last = earlier.as_ref().or(night.as_ref());
    let row = published::row(&asked, &published).await?;
    let refers_to = references::of(&asked, &published, row.as_ref(), last).await?;
    let record = published::record(&asked, &published, row.as_ref(), &refers_to).await?;
    let has_it = night.as_ref().is_some_and(Told::has_it);
    let feed_now = match now.filter(|_| !has_it && question.run.is_none()) {
        Some(now) => Some(now.look(question, &mut published).await),
        None => None,
    };
    Ok(Explanation {
        district: district.clone(),
        entity: entity.table(),
        source_id: source_id.clone(),
        night: night.map(|it| it.story),
        earlier: earlier.map(|it| it.story),
        published: record,
        refers_to,
        feed_now,
    })
}

/// A question and what is known to answer it.
#[derive(Debug)]
struct Asked<'q> {
    question: &'q Question,
    sink: &'q Arc<dyn Sink>,
    record: Record<'q>,
    history: Option<&'q RecordHistory>,
    /// Whether the settings, as far as they are known, leave nothing out.
    shares_everything: bool,
}

/// The story of a night, and what it is made of.
#[derive(Debug)]
struct Told {
    story: NightStory,
    traces: Traces,
}

impl Told {
    /// Whether the record was in the night's feed.
    fn has_it(&self) -> bool {
        self.traces.is_in_feed()
    }
}

impl Asked<'_> {
    /// The night that is asked for, and the last one that has the record if that one does not.
    async fn nights(&self) -> Result<(Option<Told>, Option<Told>)> {
        if let Some(run) = &self.question.run {
            return Ok((Some(self.night(run).await?), None));
        }
        let runs = self.sink.runs(Some(&self.question.district), MOST_NIGHTS).await?;
        let mut runs = runs.iter().filter(|it| it.report.error.is_none());
        let Some(last) = runs.next() else { return Ok((None, None)) };
        let last = self.night(last).await?;
        if last.has_it() {
            return Ok((Some(last), None));
        }
        for run in runs {
            let told = self.night(run).await?;
            if told.has_it() {
                return Ok((Some(last), Some(told)));
            }
        }
        Ok((Some(last), None))
    }

    async fn night(&self, run: &RunRecord) -> Result<Told> {
        let report = &run.report;
        let kept = KeptRun::open(self.sink, &report.run).await?;
        let traces = kept.traces(&self.record).await?;
        let quarantined = match self.question.values {
            Values::Shown => traces.quarantined.iter().map(|it| it.fields.clone()).collect(),
            Values::Hidden => Vec::new(),
        };
        let kept = !kept.is_empty();
        let first = match self.history {
            Some(history) => self.sink.run(&history.first_run).await?,
            None => None,
        };
        let before = Before::of(run, self.history, first.as_ref());
        let plan = decide(run, kept, &traces, self.history, &before, self.record.entity);
        let sharing = match traces.sharing() {
            Sharing::Unknown if self.shares_everything => Sharing::Everything,
            sharing => sharing,
        };
        let story = NightStory {
            run: report.run.clone(),
            connector: report.connector.clone(),
            outcome: report.outcome,
            started_at: run.started_at,
            kept,
            feed: traces.feed(),
            checks: traces.checks.clone(),
            sharing,
            holds: self.holds(run, &traces).await?,
            approved: self.approved(run, &plan).await?,
            plan,
            set_aside: quarantined,
        };
        Ok(Told { story, traces })
    }

    /// The holds that a night's changes of the record wait for.
    async fn holds(&self, run: &RunRecord, traces: &Traces) -> Result<Vec<HeldChange>> {
        let mut changes = Vec::new();
        for (number, operation) in &traces.held {
            let id = HoldId::new(&run.report.run, usize::from(*number));
            let hold = self.sink.hold(&id).await?;
            changes.push(HeldChange { operation: operation.code(), hold });
        }
        if !traces.is_in_feed() && changes.is_empty() {
            changes.extend(self.whole_hold(run).await?);
        }
        Ok(changes)
    }

    /// The hold for that the feed had nothing of the record's table any more.
    async fn whole_hold(&self, run: &RunRecord) -> Result<Option<HeldChange>> {
        let is_whole = |it: &&Hold| {
            it.entity == self.record.entity
                && matches!(it.rule, HoldRule::Emptied | HoldRule::Missing)
        };
        let (Some(hold), Some(_)) = (run.report.holds.iter().find(is_whole), self.record.slot)
        else {
            return Ok(None);
        };
        let hold = self.sink.hold(&hold.id).await?;
        Ok(Some(HeldChange { operation: "delete", hold }))
    }

    /// What persons had approved that let a night change records of the table as it did.
    async fn approved(&self, run: &RunRecord, plan: &Decision) -> Result<Vec<Hold>> {
        let mut approved = Vec::new();
        if !matches!(plan.word, "updated" | "deleted") {
            return Ok(approved);
        }
        for settled in run.settled.iter().filter(|it| it.state == HoldState::Used) {
            let hold = self.sink.hold(&settled.hold).await?;
            approved.extend(hold.filter(|it| it.entity == self.record.entity));
        }
        Ok(approved)
    }
}

/// Whether a record is published and not deleted.
fn is_active(index: &PublishedIndex, slot: Slot) -> bool {
    !index.is_marked(slot, roster_sink::Mark::Deleted)
}
