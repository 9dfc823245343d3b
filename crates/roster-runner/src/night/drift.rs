//! Drift: what comes from a district that never came before, what stopped coming, and a feed that stands still.
//!
//! Compared is with the profile of the last completed run, which carries on what was seen up to then.  Each change is
//! told once, and on a district's first night there is nothing to compare with.

mod parts;
mod school;
mod seen;
mod stale;
mod terms;

use crate::{
    Sharing,
    look_back::{AreAll, look_back},
};
use roster_core::{
    Catalog, ColumnInfo, Completion, Coverage, Diagnostic, DiagnosticCode, DistrictId, EntityKind,
    FeedInfo, Locus, Origin, Result, Row, Severity, SyncMode, value::Date,
};
use roster_sink::{FeedProfile, RunRecord, Sink};
use school::Sessions;
use stale::Content;
use std::{collections::BTreeSet, sync::Arc};
use terms::Terms;

/// What is compared with the nights before.
#[derive(Debug, Default)]
pub(super) struct Drift {
    /// `None` on the first night of a district with this connector.
    before: Option<FeedProfile>,
    connector: &'static str,
    feed: FeedInfo,
    /// Whether every entity comes as a whole, so that a part that is not there is missing.
    whole: bool,
    /// Entities of which records came.
    came: BTreeSet<EntityKind>,
    last: Option<EntityKind>,
    complete: BTreeSet<EntityKind>,
    terms: Terms,
    sessions: Sessions,
    content: Content,
}

/// What a finished night's drift is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    /// The day of the night, in UTC.
    pub(super) today: Date,
    /// After how many school nights without a change it is told; 0 for never.
    pub(super) stale_after: u32,
    /// The source's own name for a field of the model.
    pub(super) field_name: fn(EntityKind, &str) -> Option<&'static str>,
}

impl Drift {
    /// What the source offers tonight, and what came up to the last completed run.
    pub(super) async fn new(
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
        connector: &'static str,
        catalog: &Catalog,
        sharing: &Sharing,
    ) -> Result<Self> {
        let before = last_profile(sink, district).await?;
        Ok(Self::since(before, connector, catalog, sharing))
    }

    fn since(
        before: Option<FeedProfile>,
        connector: &'static str,
        catalog: &Catalog,
        sharing: &Sharing,
    ) -> Self {
        let mut before = before.filter(|it| it.connector == connector);
        let mut feed = catalog.feed.clone();
        leave_out_unshared(&mut feed, before.as_mut(), sharing);
        let snapshots =
            |it: &roster_core::EntityInfo| it.modes.first() == Some(&SyncMode::Snapshot);
        Self {
            before,
            connector,
            feed,
            whole: catalog.entities.iter().all(snapshots),
            came: BTreeSet::new(),
            last: None,
            complete: BTreeSet::new(),
            terms: Terms::default(),
            sessions: Sessions::default(),
            content: Content::default(),
        }
    }

    /// A record that is published or stays so.
    pub(super) fn row(&mut self, row: &Row<'_>, key: u128, content: u64, origin: &Origin) {
        if self.last != Some(row.entity()) {
            self.last = Some(row.entity());
            self.came.insert(row.entity());
        }
        self.content.add(key, content);
        self.terms.row(row, origin);
        if row.entity() == EntityKind::AcademicSession {
            self.sessions.row(row);
        }
    }

    /// An entity has ended.
    pub(super) fn done(&mut self, completion: &Completion) {
        // What comes without a record tells nothing of its terms.
        let came = self.came.contains(&completion.entity);
        if came && completion.coverage == Coverage::Complete {
            self.complete.insert(completion.entity);
        }
    }

    /// What differs from the nights before, and what the next night compares with.
    pub(super) fn finish(self, judged: Judged) -> (Vec<Diagnostic>, FeedProfile) {
        let Self { before, connector, feed, whole, complete, terms, sessions, content, .. } = self;
        let first = before.is_none();
        let before = before.unwrap_or_default();
        let mut findings = Vec::new();
        let parts = parts::compare(&before.parts, &feed.parts, whole, &mut findings);
        let terms = terms.compare(&before.terms, &complete, judged.field_name, &mut findings);
        let replaced = complete.contains(&EntityKind::AcademicSession);
        let school = sessions.stretches(if replaced { &[] } else { &before.school });
        let is_school_night = school::is_school_night(&school, judged.today);
        let content =
            content.compare(before.content.as_ref(), judged, is_school_night, &mut findings);
        if first {
            findings.clear();
        }
        let content = Some(content);
        let connector = connector.to_owned();
        (findings, FeedProfile { connector, parts, terms, school, content })
    }
}

/// Forgets columns of extension fields that are not shared: not even their names are kept.
fn leave_out_unshared(feed: &mut FeedInfo, before: Option<&mut FeedProfile>, sharing: &Sharing) {
    let mut unshared = BTreeSet::new();
    for columns in feed.parts.iter_mut().filter_map(|it| it.columns.as_mut()) {
        let shared = |it: &ColumnInfo| !it.is_extension || sharing.includes_extension(&it.name);
        unshared.extend(columns.iter().filter(|it| !shared(it)).map(|it| it.name.clone()));
        columns.retain(shared);
    }
    let parts = before.into_iter().flat_map(|it| &mut it.parts);
    for columns in parts.filter_map(|it| it.columns.as_mut()) {
        for names in [&mut columns.there, &mut columns.gone] {
            names.retain(|it| !unshared.contains(it.as_str()));
        }
    }
}

async fn last_profile(sink: &Arc<dyn Sink>, district: &DistrictId) -> Result<Option<FeedProfile>> {
    let found = |runs: &[RunRecord], _: AreAll| runs.iter().find_map(|it| it.profile.clone());
    look_back(&**sink, district, found).await
}

/// A finding about what came or did not.
fn finding(code: DiagnosticCode, field: Option<&str>, locus: Locus) -> Diagnostic {
    let field = field.map(Into::into);
    Diagnostic { code, severity: Severity::Warning, field, source_id: None, locus }
}

#[cfg(test)]
mod tests;
