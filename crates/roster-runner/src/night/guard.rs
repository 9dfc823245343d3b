//! Which limits a night breaks, what persons have decided about earlier breaches, and the holds that the rest become.

use super::schools::{NONE, School, Schools};
use crate::limits::{Limit, Limits};
use roster_core::{DistrictId, EntityKind, value::Timestamp};
use roster_sink::{EntityCounts, Hold, HoldId, HoldRule, HoldState, RunId, Settled};
use std::collections::BTreeSet;

/// Nights in a row after which an approval has to say that the new state is the normal one.
pub(crate) const NIGHTS_UNTIL_REBASELINE: u32 = 5;

/// How many records of an entity and a school a night leaves, changes and takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Records that are published.
    pub(super) before: u64,
    /// Records that are published with another content.
    pub(super) updated: u64,
    /// Records that go, and nothing explains it.
    pub(super) deleted: u64,
}

/// What the guard of a district's night knows beforehand.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) district: DistrictId,
    pub(super) run: RunId,
    pub(super) now: Timestamp,
    pub(super) limits: Limits,
    /// Holds of earlier nights, the newest first.
    pub(super) earlier: Vec<Hold>,
    /// The last completed run.
    pub(super) last_run: Option<RunId>,
    /// Whether an accepted map of keys is applied tonight.
    pub(super) has_map: bool,
    /// Entities that the last completed night's feed spoke of.
    pub(super) spoken_of: BTreeSet<EntityKind>,
}

/// A limit that is broken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Breach {
    pub(super) entity: EntityKind,
    /// `None` stands for the whole district.
    pub(super) school: Option<School>,
    pub(super) rule: HoldRule,
    pub(super) records: u64,
    pub(super) of_records: u64,
    pub(super) limit: String,
}

impl Breach {
    /// All records of an entity.
    pub(super) fn whole(entity: EntityKind, rule: HoldRule, records: u64) -> Self {
        let limit = "every record of the table".to_owned();
        Self { entity, school: None, rule, records, of_records: records, limit }
    }

    /// Whether deletions of this school's records wait.
    pub(super) fn holds_deletions(&self, school: School) -> bool {
        self.rule != HoldRule::Updated && self.covers(school)
    }

    /// Whether updates of this school's records wait.
    pub(super) fn holds_updates(&self, school: School) -> bool {
        matches!(self.rule, HoldRule::Updated | HoldRule::Rejected) && self.covers(school)
    }

    pub(super) fn covers(&self, school: School) -> bool {
        self.school.is_none_or(|it| it == school)
    }
}

/// What persons have said about a breach.
#[derive(Debug)]
pub(super) enum Ruling {
    /// It is let through.
    Approved(HoldId),
    /// It is held without asking again.
    Discarded(Box<Hold>),
    /// Nobody has said anything.
    Open,
}

impl Guard {
    /// Whether so many deletions or updates of an entity could break a limit of the district or of a school.
    pub(super) fn may_break(&self, entity: EntityKind, deleted: u64, updated: u64) -> bool {
        let schools = self.limits.schools().map(Some).chain([None]);
        let may_break = |school: Option<&str>| {
            self.limits.deleted(entity, school).may_break(deleted)
                || self.limits.updated(entity, school).may_break(updated)
        };
        schools.into_iter().any(may_break)
    }

    /// The breach by rejected records.
    pub(super) fn rejected(&self, entity: EntityKind, counts: &EntityCounts) -> Option<Breach> {
        let limit = self.limits.rejected(entity);
        let (records, of_records) = (counts.rejected, counts.read);
        let broken = limit.is_broken(records, of_records);
        let (school, rule) = (None, HoldRule::Rejected);
        let limit = limit.describe();
        broken.then_some(Breach { entity, school, rule, records, of_records, limit })
    }

    /// The district's breach, or else those of its schools; `counts` by school.
    pub(super) fn changed(
        &self,
        entity: EntityKind,
        rule: HoldRule,
        counts: &[Counts],
        schools: &Schools,
    ) -> Vec<Breach> {
        let count = |it: &Counts| if rule == HoldRule::Deleted { it.deleted } else { it.updated };
        let breach = |school: Option<School>, records: u64, of_records: u64| {
            let limit = self.limit(entity, rule, school.and_then(|it| schools.name(it)));
            let broken = limit.is_broken(records, of_records);
            let limit = limit.describe();
            broken.then_some(Breach { entity, school, rule, records, of_records, limit })
        };
        let (all, before) =
            (counts.iter().map(count).sum(), counts.iter().map(|it| it.before).sum());
        if let Some(total) = breach(None, all, before) {
            return vec![total];
        }
        let numbered = counts.iter().enumerate().skip(usize::from(NONE) + 1);
        let of_school = |(school, it): (usize, &Counts)| {
            breach(School::try_from(school).ok(), count(it), it.before)
        };
        numbered.filter_map(of_school).collect()
    }

    fn limit(&self, entity: EntityKind, rule: HoldRule, school: Option<&str>) -> Limit {
        match rule {
            HoldRule::Deleted => self.limits.deleted(entity, school),
            _ => self.limits.updated(entity, school),
        }
    }

    /// What persons have said about a breach of this size.
    pub(super) fn ruling(&self, breach: &Breach, schools: &Schools) -> Ruling {
        let school = breach.school.and_then(|it| schools.name(it));
        let decided = self.earlier.iter().filter(|it| self.is_valid(it)).find(|it| {
            // Who approves new keys without a map says that these are others; who accepts a map does not.
            if it.rule == HoldRule::Rekeyed && breach.rule == HoldRule::Rekeyed {
                let size = it.records + (it.records / 10).max(5);
                return !self.has_map && (it.entity != breach.entity || breach.records <= size);
            }
            let rule = it.rule == breach.rule;
            let school = it.school.is_none() || it.school.as_deref() == school;
            let size = it.records + (it.records / 10).max(5);
            it.entity == breach.entity && rule && school && breach.records <= size
        });
        match decided {
            Some(it) if it.state == HoldState::Approved => Ruling::Approved(it.id.clone()),
            Some(it) if it.state == HoldState::Discarded => Ruling::Discarded(Box::new(it.clone())),
            _ => Ruling::Open,
        }
    }

    /// The approval of a table's being gone as a whole.
    pub(super) fn confirms(
        &self,
        entity: EntityKind,
        rule: HoldRule,
        records: u64,
    ) -> Option<HoldId> {
        let approved = |it: &&Hold| {
            it.state == HoldState::Approved
                && self.is_valid(it)
                && (it.entity, it.rule) == (entity, rule)
                && records <= it.records + (it.records / 10).max(5)
        };
        self.earlier.iter().find(approved).map(|it| it.id.clone())
    }

    /// The holds whose maps of keys were accepted.
    pub(super) fn accepted_maps(&self) -> Vec<HoldId> {
        let accepted = |it: &&Hold| {
            it.rule == HoldRule::Rekeyed && it.state == HoldState::Approved && self.has_map
        };
        self.earlier.iter().filter(accepted).map(|it| it.id.clone()).collect()
    }

    /// Whether the feed no longer speaks of an entity that it spoke of before.
    pub(super) fn misses(&self, entity: EntityKind) -> bool {
        let held = |it: &Hold| {
            (it.entity, it.rule) == (entity, HoldRule::Missing)
                && self.last_run.as_ref() == Some(&it.run)
        };
        self.spoken_of.contains(&entity) || self.earlier.iter().any(held)
    }

    fn is_valid(&self, hold: &Hold) -> bool {
        let decided = matches!(hold.state, HoldState::Approved | HoldState::Discarded);
        decided && hold.expires_at.is_none_or(|it| it > self.now)
    }

    /// The hold that a breach becomes.
    pub(super) fn hold(
        &self,
        number: usize,
        breach: &Breach,
        schools: &Schools,
        ruling: Ruling,
    ) -> Hold {
        let mut hold = Hold {
            id: HoldId::new(&self.run, number),
            run: self.run.clone(),
            district: self.district.clone(),
            entity: breach.entity,
            school: breach.school.and_then(|it| schools.name(it)).map(str::to_owned),
            rule: breach.rule,
            records: breach.records,
            of_records: breach.of_records,
            limit: breach.limit.clone(),
            in_a_row: 1,
            state: HoldState::Open,
            created_at: self.now,
            expires_at: None,
            decision: None,
            examples: Vec::new(),
        };
        let like = |it: &&Hold| Some(&it.run) == self.last_run.as_ref() && it.is_like(&hold);
        hold.in_a_row += self.earlier.iter().find(like).map_or(0, |it| it.in_a_row);
        if let Ruling::Discarded(earlier) = ruling {
            hold.state = HoldState::Discarded;
            hold.expires_at = earlier.expires_at;
            hold.decision = earlier.decision;
        }
        hold
    }

    /// What becomes of the earlier holds when this night completes; `used` let something through.
    pub(super) fn settle(&self, used: &BTreeSet<HoldId>) -> Vec<Settled> {
        let settled = self.earlier.iter().filter_map(|it| {
            Some(Settled { hold: it.id.clone(), state: self.settled_state(it, used)? })
        });
        settled.collect()
    }

    fn settled_state(&self, hold: &Hold, used: &BTreeSet<HoldId>) -> Option<HoldState> {
        let is_over =
            matches!(hold.state, HoldState::Superseded | HoldState::Used | HoldState::Expired);
        // An approval is for one night, a discard for as long as it is valid.
        let expires = hold.state == HoldState::Approved
            || (hold.state == HoldState::Discarded && !self.is_valid(hold));
        match hold {
            _ if is_over => None,
            _ if used.contains(&hold.id) => Some(HoldState::Used),
            _ if expires => Some(HoldState::Expired),
            _ => Some(HoldState::Superseded),
        }
    }
}
