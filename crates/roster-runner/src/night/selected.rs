//! Checks that the schools and sections that sharing settings name are there.

use crate::Sharing;
use roster_core::{
    Diagnostic, DiagnosticCode, EntityKind, Error, ErrorKind, Locus, Result, Row, Severity,
};
use std::collections::BTreeSet;

/// The schools and sections that the settings name, and which of them were not seen yet.
#[derive(Debug)]
pub(super) struct Selected(Vec<List>);

#[derive(Debug)]
struct List {
    key: &'static str,
    entity: EntityKind,
    named: usize,
    missing: BTreeSet<String>,
    /// Whether any record of the entity is known, named or not.
    any: bool,
}

impl Selected {
    pub(super) fn new(settings: &Sharing) -> Self {
        let lists = [
            ("schools", EntityKind::Org, &settings.schools),
            ("sections", EntityKind::Section, &settings.sections),
        ];
        let lists = lists.into_iter().filter_map(|(key, entity, ids)| {
            let missing: BTreeSet<String> = ids.as_ref()?.iter().cloned().collect();
            Some(List { key, entity, named: missing.len(), missing, any: false })
        });
        Self(lists.collect())
    }

    /// A record is in the feed, or published and left in place.
    pub(super) fn see(&mut self, row: &Row<'_>) {
        self.see_rejected(row.entity(), row.source_id());
    }

    /// A record is in the feed and was rejected.
    pub(super) fn see_rejected(&mut self, entity: EntityKind, source_id: &str) {
        if let Some(list) = self.0.iter_mut().find(|it| it.entity == entity) {
            list.any = true;
            list.missing.remove(source_id);
        }
    }

    /// Says which names stand for nothing, in entities that `is_whole` says were given whole.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when none of a list is there although something is, in the feed or, by
    /// `any_published`, in the sink: such a night would withdraw everything.
    pub(super) fn finish(
        &self,
        any_published: bool,
        is_whole: impl Fn(EntityKind) -> bool,
    ) -> Result<Vec<Diagnostic>> {
        let empty = |it: &&List| it.missing.len() == it.named && (it.any || any_published);
        if let Some(list) = self.0.iter().find(empty) {
            return Err(selects_nothing(list));
        }
        let whole = self.0.iter().filter(|it| is_whole(it.entity));
        Ok(whole.flat_map(|list| list.missing.iter().map(|it| finding(list.key, it))).collect())
    }
}

fn finding(key: &'static str, source_id: &str) -> Diagnostic {
    Diagnostic {
        code: DiagnosticCode::SharingNamesNothing,
        severity: Severity::Warning,
        field: Some(key.into()),
        source_id: Some(source_id.into()),
        locus: Locus::Feed,
    }
}

fn selects_nothing(list: &List) -> Error {
    let List { key, named, .. } = list;
    let message = format!(
        "sharing names {named} {key} and none of them is in the feed or published, so everything would be withdrawn; \
         correct {key} to keys of the source"
    );
    Error::new(ErrorKind::ConfigInvalid, "sharing.select", message).context("key", key)
}
