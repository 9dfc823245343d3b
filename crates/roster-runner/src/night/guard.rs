//! Which limits a night breaks, what persons have decided about earlier breaches, and the holds that the rest become.

use super::{
    changes::Changes,
    schools::{NONE, School, Schools},
};
use crate::limits::{Limit, Limits};
use roster_core::{DistrictId, EntityKind, value::Timestamp};
use roster_sink::{EntityCounts, Hold, HoldId, HoldRule, HoldState, RunId, Settled, Sketch};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Records by the field that would change or be lost.
    pub(super) fields: BTreeMap<&'static str, u64>,
}

impl Breach {
    /// All records of an entity.
    pub(super) fn whole(entity: EntityKind, rule: HoldRule, records: u64) -> Self {
        let limit = "every record of the table".to_owned();
        Self { limit, ..Self::new(entity, None, rule, records, records) }
    }

    /// The breach of a limit that is still to be told.
    pub(super) fn new(
        entity: EntityKind,
        school: Option<School>,
        rule: HoldRule,
        records: u64,
        of_records: u64,
    ) -> Self {
        let (limit, fields) = (String::new(), BTreeMap::new());
        Self { entity, school, rule, records, of_records, limit, fields }
    }

    /// Whether deletions of this school's records wait.
    pub(super) fn holds_deletions(&self, school: School) -> bool {
        !matches!(self.rule, HoldRule::Updated | HoldRule::Cleared) && self.covers(school)
    }

    /// Whether updates of this school's records wait.
    pub(super) fn holds_updates(&self, school: School) -> bool {
        holds_updates(self.rule) && self.covers(school)
    }

    pub(super) fn covers(&self, school: School) -> bool {
        self.school.is_none_or(|it| it == school)
    }
}

/// Whether a rule holds updates back.
pub(super) fn holds_updates(rule: HoldRule) -> bool {
    matches!(rule, HoldRule::Updated | HoldRule::Cleared | HoldRule::Rejected)
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
                || self.limits.cleared(entity, school).may_break(updated)
        };
        schools.into_iter().any(may_break)
    }

    /// The breach by rejected records.
    pub(super) fn rejected(&self, entity: EntityKind, counts: &EntityCounts) -> Option<Breach> {
        let limit = self.limits.rejected(entity);
        let (records, of_records) = (counts.rejected, counts.read);
        let breach = || Breach {
            limit: limit.describe(),
            ..Breach::new(entity, None, HoldRule::Rejected, records, of_records)
        };
        limit.is_broken(records, of_records).then(breach)
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
            let breach = || Breach {
                limit: limit.describe(),
                ..Breach::new(entity, school, rule, records, of_records)
            };
            limit.is_broken(records, of_records).then(breach)
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

    /// The district's breach by fields that lose their values, or else those of its schools; `counts` by school.
    pub(super) fn cleared(
        &self,
        entity: EntityKind,
        counts: &[Counts],
        changes: &Changes,
        schools: &Schools,
    ) -> Vec<Breach> {
        let breach = |school: Option<School>, of_records: u64| {
            let limit = self.limits.cleared(entity, school.and_then(|it| schools.name(it)));
            let mut fields = changes.lost(school);
            fields.retain(|_, records| limit.is_broken(*records, of_records));
            let records = fields.values().copied().max()?;
            let limit = format!("{} lose the value of a field", limit.describe());
            let breach = Breach::new(entity, school, HoldRule::Cleared, records, of_records);
            Some(Breach { limit, fields, ..breach })
        };
        if let Some(total) = breach(None, counts.iter().map(|it| it.before).sum()) {
            return vec![total];
        }
        let numbered = counts.iter().enumerate().skip(usize::from(NONE) + 1);
        numbered.filter_map(|(school, it)| breach(School::try_from(school).ok(), it.before)).collect()
    }

    /// Whether so many updates could break the limit for lost values, of the district or of a school.
    pub(super) fn may_clear(&self, entity: EntityKind, counts: &[Counts], schools: &Schools) -> bool {
        let may_break = |school: Option<&str>, updated: u64, before: u64| {
            self.limits.cleared(entity, school).is_broken(updated, before)
                || self.limits.updated(entity, school).is_broken(updated, before)
        };
        let all = counts.iter().fold((0, 0), |sum, it| (sum.0 + it.updated, sum.1 + it.before));
        let mut numbered = counts.iter().zip(0..).skip(usize::from(NONE) + 1);
        may_break(None, all.0, all.1)
            || numbered.any(|(it, school)| may_break(schools.name(school), it.updated, it.before))
    }

    fn limit(&self, entity: EntityKind, rule: HoldRule, school: Option<&str>) -> Limit {
        match rule {
            HoldRule::Deleted => self.limits.deleted(entity, school),
            _ => self.limits.updated(entity, school),
        }
    }

    /// What persons have said about a breach of this size and by these records.
    pub(super) fn ruling(&self, breach: &Breach, schools: &Schools, keys: &[u128]) -> Ruling {
        let school = breach.school.and_then(|it| schools.name(it));
        let decided = self.earlier.iter().filter(|it| self.is_valid(it)).find(|it| {
            let is_of = it.school.is_none() || it.school.as_deref() == school;
            it.rule == breach.rule && is_of && self.saw(it, breach, keys)
        });
        match decided {
            Some(it) if it.state == HoldState::Approved => Ruling::Approved(it.id.clone()),
            Some(it) if it.state == HoldState::Discarded => Ruling::Discarded(Box::new(it.clone())),
            _ => Ruling::Open,
        }
    }

    /// Whether any decision could be about a breach, so that its records are worth being looked at.
    pub(super) fn has_decisions(&self, rule: HoldRule) -> bool {
        self.earlier.iter().any(|it| it.rule == rule && self.is_valid(it))
    }

    /// Whether a person who decided about a hold has seen what is found tonight: about as many records, the same ones,
    /// and by the same fields.
    fn saw(&self, hold: &Hold, breach: &Breach, keys: &[u128]) -> bool {
        let more = (hold.records / 10).max(5);
        if hold.rule == HoldRule::Rekeyed {
            // Who approves new keys without a map says that these are others; who accepts a map does not.
            if self.has_map || (hold.entity == breach.entity && breach.records > hold.records + more) {
                return false;
            }
        } else if hold.entity != breach.entity || breach.records > hold.records + more {
            return false;
        }
        let field = |(name, records): (&&str, &u64)| {
            *records <= hold.fields.get(*name).copied().unwrap_or_default() + more
        };
        let sketch = hold.seen.get(breach.entity.table());
        breach.fields.iter().all(field) && sketch.is_some_and(|it| it.covers(keys.iter().copied()))
    }

    /// The approval of a table's being gone as a whole.
    pub(super) fn confirms(
        &self,
        entity: EntityKind,
        rule: HoldRule,
        keys: &[u128],
    ) -> Option<HoldId> {
        let breach = Breach::whole(entity, rule, keys.len() as u64);
        let approved = |it: &&Hold| {
            it.state == HoldState::Approved
                && it.rule == rule
                && self.is_valid(it)
                && self.saw(it, &breach, keys)
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
        keys: &[u128],
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
            fields: breach.fields.iter().map(|it| ((*it.0).to_owned(), *it.1)).collect(),
            examples: Vec::new(),
            seen: [sketch_of(breach.entity, keys)].into(),
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

/// What is seen of a breach's records.
pub(super) fn sketch_of(entity: EntityKind, keys: &[u128]) -> (String, Sketch) {
    (entity.table().to_owned(), Sketch::of(keys.iter().copied()))
}
