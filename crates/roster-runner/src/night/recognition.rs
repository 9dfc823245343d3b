//! Recognizes a night in which records go and come that are the same under other keys, and holds both.
//!
//! Nothing of a table that was re-keyed is deleted or created, and nothing that names what is not created is published,
//! until a person has accepted the map of keys, or has said that these are other records.

use super::{
    candidates::{Candidates, HoldNumber},
    deletions::FETCHED_ROWS,
    guard::{Breach, Ruling},
    holding::Place,
    planner::Planner,
};
use crate::identity::{Matcher, Matches, kept_name, write_map};
use roster_core::{EntityKind, Error, ErrorKind, Result, Row};
use roster_sink::{HoldRule, Mark, Operation, Slot, key_of};
use std::{
    collections::{BTreeMap, HashMap},
    io::Write as _,
};

/// From this share of matched records on, keys have changed and not people.
const SHARE: f64 = 0.5;

impl Planner {
    /// The breaches by new keys that take the place of breaches by deletions, where the records come again.
    pub(super) async fn recognize(
        &mut self,
        breaches: &[Breach],
        candidates: &Candidates,
        place: Place<'_>,
    ) -> Result<Vec<Breach>> {
        let suspects: Vec<EntityKind> =
            breaches.iter().filter(|it| self.may_be_rekeyed(it, candidates)).map(|it| it.entity).collect();
        if suspects.is_empty() {
            return Ok(Vec::new());
        }
        let matches = self.matches(candidates, place).await?;
        if !suspects.iter().any(|it| matches.share(*it) >= SHARE) {
            return Ok(Vec::new());
        }
        self.propose(&matches)?;
        let limit = "records that go and records that come are alike in all but their keys";
        let rekeyed = matches.entities().filter(|it| matches.share(*it) >= SHARE);
        let breach = |entity| {
            let (records, of_records) = (matches.matched(entity), matches.going(entity));
            let limit = limit.into();
            Breach { limit, ..Breach::new(entity, None, HoldRule::Rekeyed, records, of_records) }
        };
        Ok(rekeyed.map(breach).collect())
    }

    /// Keeps the maps of keys for the person who will accept them.
    fn propose(&self, matches: &Matches) -> Result<()> {
        for entity in matches.entities() {
            let name = kept_name(entity);
            let mut file = self.writer.kept().write(&name)?;
            let written = write_map(matches, entity, &mut file).and_then(|()| file.flush());
            written.map_err(|err| {
                let message = "the map of keys cannot be written";
                Error::new(ErrorKind::Unavailable, "night.propose", message).source(err)
            })?;
        }
        Ok(())
    }

    /// Whether at least half as many records come as go, and nobody has said that they are others.
    fn may_be_rekeyed(&self, breach: &Breach, candidates: &Candidates) -> bool {
        let created = self.entities.get(&breach.entity).map_or(0, |it| it.created);
        breach.rule == HoldRule::Deleted
            && created * 2 >= breach.records
            && !matches!(self.ruling(breach, candidates), Ruling::Approved(_))
    }

    async fn matches(&mut self, candidates: &Candidates, place: Place<'_>) -> Result<Matches> {
        let mut matcher = Matcher::new();
        for entity in candidates.entities() {
            let slots: Vec<Slot> = candidates.open(entity).map(|it| it.0).collect();
            self.match_old(&mut matcher, entity, &slots, place).await?;
        }
        for entity in EntityKind::ALL {
            let Some(mut changes) = self.writer.changes(*entity)? else { continue };
            while let Some((entries, rows)) = changes.chunk()? {
                matcher.new_rows(rows);
                let updated = entries.iter().filter(|it| it.operation == Operation::Update);
                let slots: Vec<Slot> = updated.map(|it| it.slot).collect();
                self.match_old(&mut matcher, *entity, &slots, place).await?;
            }
        }
        Ok(matcher.run())
    }

    async fn match_old(
        &mut self,
        matcher: &mut Matcher,
        entity: EntityKind,
        slots: &[Slot],
        place: Place<'_>,
    ) -> Result<()> {
        for slots in slots.chunks(FETCHED_ROWS) {
            let index = self.published.indexes.entry(entity).or_default();
            matcher.old(&place.sink.fetch(place.district, entity, index, slots).await?);
        }
        Ok(())
    }

    /// Takes out of the plan what re-keyed entities would create, and everything that names such a record.  Gives the
    /// slots and holds of the updates among them.
    pub(super) fn hold_creations(
        &mut self,
        rekeyed: &BTreeMap<EntityKind, HoldNumber>,
    ) -> Result<BTreeMap<(EntityKind, Slot), HoldNumber>> {
        let mut held = HeldKeys::default();
        let mut updates = BTreeMap::new();
        for entity in EntityKind::ALL.iter().filter(|_| !rekeyed.is_empty()) {
            // Records of one table that name each other come in any order.
            loop {
                let before = held.0.len();
                self.hold_creations_of(*entity, rekeyed, &mut held, &mut updates)?;
                if held.0.len() == before || !entity.schema().refers_to_itself() {
                    break;
                }
            }
        }
        Ok(updates)
    }

    fn hold_creations_of(
        &mut self,
        entity: EntityKind,
        rekeyed: &BTreeMap<EntityKind, HoldNumber>,
        held: &mut HeldKeys,
        updates: &mut BTreeMap<(EntityKind, Slot), HoldNumber>,
    ) -> Result<()> {
        let (index, counts) = (
            self.published.indexes.entry(entity).or_default(),
            self.entities.entry(entity).or_default(),
        );
        self.writer.hold_back(entity, |entry, row| {
            let Some(row) = row else { return Ok(None) };
            let own = rekeyed.get(&entity).filter(|_| entry.operation == Operation::Create);
            let Some(by) = own.copied().or_else(|| held.named_by(&row)) else {
                return Ok(None);
            };
            counts.held += 1;
            match entry.operation {
                Operation::Create => {
                    counts.created -= 1;
                    held.0.insert((entity, entry.key), by);
                }
                Operation::Restore => counts.restored -= 1,
                Operation::Rekey if index.is_marked(entry.slot, Mark::Deleted) => {
                    counts.restored -= 1;
                }
                Operation::Update | Operation::Rekey | Operation::Delete => {
                    counts.updated -= 1;
                    index.unmark(entry.slot, Mark::Updated);
                    updates.insert((entity, entry.slot), by);
                }
            }
            Ok(Some(by))
        })
    }
}

/// Records that are not created tonight, and their holds.
#[derive(Default)]
struct HeldKeys(HashMap<(EntityKind, u128), HoldNumber>);

impl HeldKeys {
    /// The hold of a record that this row names.
    fn named_by(&self, row: &Row<'_>) -> Option<HoldNumber> {
        let fields = row.schema().fields.iter().enumerate();
        let references = fields.filter_map(|(number, it)| Some((it.reference?, row.get(number)?)));
        let find = |entity, id: &str| self.0.get(&(entity, key_of(id))).copied();
        references.into_iter().find_map(|(reference, value)| {
            if !reference.many {
                return find(reference.entity, value);
            }
            let items: Vec<String> = serde_json::from_str(value).unwrap_or_default();
            items.iter().find_map(|it| find(reference.entity, it))
        })
    }
}
