//! Looks whether the feed as it is now has a record, and what the sharing settings would do with it.
//!
//! Reads the record's entity and stops where it finds the record.  Only when a setting may leave records out, what
//! decides that is read too, as a night would.

use super::{Place, Question};
use crate::{
    night::Night,
    sharing::{Reason, Sharer},
};
use futures::StreamExt as _;
use roster_core::{
    Batch, Diagnostic, EntityKind, ExtractEvent, ExtractRequest, Locus, Result, Rows, RunContext,
    Severity,
};
use roster_sink::Published;
use serde::Serialize;

/// A district's source, and how a night would share what it gives.
#[derive(Debug)]
pub(crate) struct Now {
    /// A night that is not run.
    pub(crate) night: Night,
    /// What it is lent.
    pub(crate) ctx: RunContext,
}

/// What the feed says of a record now.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct FeedNow {
    /// `there`, `said_gone`, `rejected`, `not_there`, `not_in_feed` when it does not speak of the entity at all, or
    /// `unreadable`.
    pub(crate) state: &'static str,
    /// Where.
    pub(crate) place: Option<Place>,
    /// Whether it would be shared, where that is known.
    pub(crate) shared: Option<bool>,
    /// The sharing settings, one or more of which leave it out.
    pub(crate) settings: Vec<&'static str>,
    /// The reference to what is not shared, as `field: table key`.
    pub(crate) through: Option<String>,
    /// Code of the finding that rejects it, or why the feed cannot be read.
    pub(crate) why: Option<String>,
}

/// What was found of a record.
enum Found {
    Row(Rows, Place),
    Tombstone(Place),
    Rejected(String, Option<Place>),
}

impl Now {
    /// Whether the sharing settings leave nothing out.
    pub(crate) fn shares_everything(&self) -> bool {
        self.night.sharing.is_everything()
    }

    /// Looks.
    pub(crate) async fn look(&self, question: &Question, published: &mut Published) -> FeedNow {
        self.try_to_look(question, published).await.unwrap_or_else(|error| FeedNow {
            state: "unreadable",
            why: Some(error.message().to_owned()),
            ..FeedNow::default()
        })
    }

    async fn try_to_look(&self, question: &Question, published: &mut Published) -> Result<FeedNow> {
        let catalog = self.night.source.discover(&self.ctx).await?;
        let everything = ExtractRequest::everything(&catalog);
        let state = |state| FeedNow { state, ..FeedNow::default() };
        if !everything.wants(question.entity) {
            return Ok(state("not_in_feed"));
        }
        let (row, place) = match self.find(&everything, question).await? {
            None => return Ok(state("not_there")),
            Some(Found::Tombstone(place)) => {
                return Ok(FeedNow { place: Some(place), ..state("said_gone") });
            }
            Some(Found::Rejected(code, place)) => {
                return Ok(FeedNow { place, why: Some(code), ..state("rejected") });
            }
            Some(Found::Row(row, place)) => (row, place),
        };
        let reason = self.left_out(everything, &row, published).await?;
        let shared = Some(reason.is_none());
        let found = FeedNow { place: Some(place), shared, ..state("there") };
        Ok(reason.map_or(found.clone(), |it| with_reason(found, it)))
    }

    async fn find(
        &self,
        everything: &ExtractRequest,
        question: &Question,
    ) -> Result<Option<Found>> {
        let request = only(everything, &[question.entity]);
        let mut events = self.night.source.extract(&self.ctx, request);
        while let Some(event) = events.next().await {
            let ExtractEvent::Batch(batch) = event? else { continue };
            if batch.rows.entity() != question.entity {
                continue;
            }
            if let Some(found) = found_in(&batch, &question.source_id) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Why a row of the feed is not shared; `None` when it is.
    async fn left_out(
        &self,
        everything: ExtractRequest,
        row: &Rows,
        published: &mut Published,
    ) -> Result<Option<Reason>> {
        let mut sharer = Sharer::new(&self.night.sharing);
        if sharer.shares_everything() {
            return Ok(None);
        }
        self.night.select(&self.ctx, &everything, &mut sharer, published).await?;
        let needed = needed_by(row.entity());
        if !needed.is_empty() {
            self.decide(only(&everything, &needed), &mut sharer).await?;
        }
        Ok(row.get(0).and_then(|it| sharer.reason(&it)))
    }

    /// Lets the settings decide on all that a record needs.
    async fn decide(&self, request: ExtractRequest, sharer: &mut Sharer) -> Result<()> {
        let mut events = self.night.source.extract(&self.ctx, request);
        while let Some(event) = events.next().await {
            let ExtractEvent::Batch(batch) = event? else { continue };
            let mut changed = Rows::new(batch.rows.entity());
            for row in batch.rows.iter() {
                changed.clear();
                sharer.decide(&row, &mut changed);
            }
        }
        Ok(())
    }
}

fn found_in(batch: &Batch, source_id: &str) -> Option<Found> {
    if let Some(row) = batch.rows.iter().find(|it| it.source_id() == source_id) {
        let mut rows = Rows::new(row.entity());
        rows.push_row(row);
        return Some(Found::Row(rows, Place::of(&batch.origin, row.position())));
    }
    let tombstone = batch.tombstones.iter().find(|it| &*it.source_id == source_id);
    if let Some(tombstone) = tombstone {
        return Some(Found::Tombstone(Place::of(&batch.origin, tombstone.position)));
    }
    let rejects = |it: &&Diagnostic| {
        it.severity == Severity::Rejected && it.source_id.as_deref() == Some(source_id)
    };
    let finding = batch.diagnostics.iter().find(rejects)?;
    Some(Found::Rejected(finding.code.code().to_owned(), place_of(&finding.locus)))
}

fn place_of(locus: &Locus) -> Option<Place> {
    match locus {
        Locus::File { file, line } => Some(Place::File { file: file.to_string(), line: *line }),
        Locus::Page { url, index } => Some(Place::Page { page: url.to_string(), index: *index }),
        Locus::Row { query, row } => Some(Place::Query { query: query.to_string(), row: *row }),
        _ => None,
    }
}

fn only(everything: &ExtractRequest, entities: &[EntityKind]) -> ExtractRequest {
    let wanted = everything.entities.iter().filter(|it| entities.contains(&it.entity));
    ExtractRequest { entities: wanted.cloned().collect(), limits: everything.limits }
}

/// The entities that records of one cannot do without, in load order.
fn needed_by(entity: EntityKind) -> Vec<EntityKind> {
    let mut needed = vec![entity];
    let mut next = 0;
    while let Some(entity) = needed.get(next) {
        let required = entity.schema().fields.iter().filter(|it| it.required);
        let targets: Vec<_> = required.filter_map(|it| it.reference).map(|it| it.entity).collect();
        needed.extend(targets);
        next += 1;
    }
    needed.retain(|it| *it != entity);
    needed.sort_unstable();
    needed.dedup();
    needed
}

fn with_reason(found: FeedNow, reason: Reason) -> FeedNow {
    let Reason { settings, through } = reason;
    let through = through.map(|it| format!("{}: {} {}", it.field, it.entity.table(), it.source_id));
    FeedNow { settings, through, ..found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_cannot_do_without_is_read_first() {
        let check = |entity, expected: &[EntityKind]| assert_eq!(needed_by(entity), expected);
        check(EntityKind::Org, &[]);
        check(EntityKind::Demographics, &[EntityKind::User]);
        let section = EntityKind::Section;
        assert!(needed_by(EntityKind::Enrollment).contains(&section));
        assert!(needed_by(EntityKind::Enrollment).contains(&EntityKind::Org), "through sections");
    }
}
