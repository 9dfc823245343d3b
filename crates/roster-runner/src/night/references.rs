//! Tells whether the record that a reference names is there tonight or still published.

use roster_core::{Coverage, DiagnosticCode, EntityKind, Row, model::EntitySchema};
use roster_sink::{Mark, PublishedIndex, key_of};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a field that refers to something must name, beyond its being there.
const SORTS: &[(EntityKind, &str, &str)] = &[
    (EntityKind::Section, "school_source_id", "school"),
    (EntityKind::Enrollment, "school_source_id", "school"),
    (EntityKind::Course, "school_year_source_id", "schoolYear"),
];

/// Numbers and targets of the references that a record cannot do without.
pub(super) fn required_references(entity: EntityKind) -> impl Iterator<Item = (usize, EntityKind)> {
    let fields = entity.schema().fields.iter().enumerate();
    fields.filter_map(|(number, it)| Some((number, it.reference.filter(|_| it.required)?.entity)))
}

/// What is known of an entity's feed while the night goes on.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// How it ended, once it has.
    pub(super) coverage: Option<Coverage>,
    /// Rejected records whose keys could not be read.
    pub(super) unidentified: u64,
    /// Records in the feed.
    pub(super) read: u64,
    /// In a delta: hashes of owners all of whose records it gives.
    pub(super) replaced_owners: HashSet<u128>,
}

impl Feed {
    /// Whether published records that the feed does not have stay all the same.
    pub(super) fn keeps_absent(&self) -> bool {
        self.coverage != Some(Coverage::Complete) || self.unidentified > 0 || self.read == 0
    }
}

/// Finds the targets of references.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Types of organizations and sessions by key, for the few fields that ask for one.
    sorts: HashMap<(EntityKind, u128), Box<str>>,
    /// The last answer for each field: records that follow each other often name the same target.
    last: HashMap<(EntityKind, usize), (u128, Option<DiagnosticCode>)>,
}

impl References {
    /// Remembers what later fields may ask of an accepted row.
    pub(super) fn remember(&mut self, row: &Row<'_>, key: u128) {
        let field = match row.entity() {
            EntityKind::Org => "org_type",
            EntityKind::AcademicSession => "session_type",
            _ => return,
        };
        if let Some(sort) = row.schema().field(field).and_then(|it| row.get(it)) {
            self.sorts.insert((row.entity(), key), sort.into());
        }
    }

    /// What is wrong with the reference `source_id` in field `number` of `schema`; `None` when it holds.
    pub(super) fn verdict(
        &mut self,
        schema: &'static EntitySchema,
        number: usize,
        target: EntityKind,
        source_id: &str,
        indexes: &mut BTreeMap<EntityKind, PublishedIndex>,
        feeds: &BTreeMap<EntityKind, Feed>,
    ) -> Option<DiagnosticCode> {
        let key = key_of(source_id);
        let place = (schema.kind, number);
        if let Some((last, verdict)) = self.last.get(&place)
            && *last == key
            && target != schema.kind
        {
            return *verdict;
        }
        let verdict = missing(key, indexes.entry(target).or_default(), feeds.get(&target));
        let verdict = verdict.or_else(|| self.wrong_sort(schema, number, target, key));
        self.last.insert(place, (key, verdict));
        verdict
    }

    fn wrong_sort(
        &self,
        schema: &'static EntitySchema,
        number: usize,
        target: EntityKind,
        key: u128,
    ) -> Option<DiagnosticCode> {
        let field = schema.fields[number].name;
        let (_, _, expected) = SORTS.iter().find(|it| it.0 == schema.kind && it.1 == field)?;
        let found = self.sorts.get(&(target, key))?;
        // Own terms of a district may well be schools or school years of their own kind.
        let own = found.starts_with("ext:");
        (**found != **expected && !own).then_some(DiagnosticCode::ReferenceSort)
    }
}

/// Why a record does not count as there; `None` when it does.
fn missing(key: u128, index: &mut PublishedIndex, feed: Option<&Feed>) -> Option<DiagnosticCode> {
    let not_there = match feed {
        None if index.is_empty() => DiagnosticCode::ReferenceFileMissing,
        _ => DiagnosticCode::ReferenceNotFound,
    };
    let Some(slot) = index.look_up(key) else { return Some(not_there) };
    let stays = index.is_published(slot) && !index.is_marked(slot, Mark::Deleted);
    let accepted = index.is_marked(slot, Mark::Accepted);
    if accepted {
        return None;
    }
    if index.is_marked(slot, Mark::Rejected) {
        // One that was rejected because what it belongs to goes, goes with it.
        let stays = stays && !index.is_marked(slot, Mark::Gone);
        return (!stays).then_some(DiagnosticCode::ReferenceRejected);
    }
    let kept = stays && !index.is_marked(slot, Mark::Gone) && feed.is_none_or(Feed::keeps_absent);
    (!kept).then_some(not_there)
}
