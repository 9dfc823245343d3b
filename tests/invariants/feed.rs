//! One night's feed: what the source tells of the district, and what is wrong with it.

use crate::{
    case::{Breakage, Step},
    district::{TABLES, Truth, references, table},
};
use roster_core::{Coverage, EntityKind, derived_id};
use roster_testkit::Record;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the feed comes as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A zip archive of OneRoster 1.1: roles stand in the records of the users.
    OneRoster11,
    /// A zip archive of OneRoster 1.2.
    OneRoster12,
    /// Batches of a source in memory, which gives every table on its own.
    Batches,
}

/// A feed.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    pub(crate) format: Format,
    /// The tables that the feed speaks of.
    pub(crate) told: BTreeMap<EntityKind, Told>,
    /// What the records of users say of their roles and contacts, where those have no table of their own.
    pub(crate) people: BTreeMap<String, Person>,
    /// Whether a manifest says what the files are.
    pub(crate) manifest: bool,
    /// Where the feed breaks off, in thousandths.
    pub(crate) cut: Option<usize>,
}

/// What a feed tells of an entity.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) coverage: Coverage,
    pub(crate) lines: Vec<Line>,
    /// In a delta, the owners all of whose records are given.
    pub(crate) replaced: BTreeSet<String>,
}

/// A record in the feed.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// As it would be, were nothing wrong with it.
    pub(crate) record: Record,
    pub(crate) state: State,
}

/// What becomes of a record before any check of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Good,
    Gone,
    Broken(Breakage),
}

/// What a reader makes of a line.
#[derive(Clone, Debug)]
pub(crate) enum Read {
    Row(Record),
    Gone(String),
    /// With the key, where it can be read.
    Rejected(Option<String>),
}

/// What a user's record says of other tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) role: String,
    pub(crate) orgs: Vec<String>,
    pub(crate) agents: Vec<String>,
}

impl Line {
    /// What a reader makes of it.
    pub(crate) fn read(&self, entity: EntityKind) -> Read {
        let key = || self.record.source_id().to_owned();
        match self.state {
            State::Good => Read::Row(self.record.clone()),
            State::Gone => Read::Gone(key()),
            State::Broken(Breakage::NoKey | Breakage::Malformed) => Read::Rejected(None),
            State::Broken(Breakage::BadDate) if !is_required_date(entity) => {
                let mut record = self.record.clone();
                record.set_text(table(entity).date.unwrap_or_default(), "");
                Read::Row(record)
            }
            State::Broken(_) => Read::Rejected(Some(key())),
        }
    }

    fn is(&self, how: Breakage) -> bool {
        self.state == State::Broken(how)
    }

    /// Whether what else the record says can be relied on: roles and contacts of a user.
    fn tells_more(&self) -> bool {
        self.state == State::Good
            || self.is(Breakage::MissingRequired)
            || self.is(Breakage::BadDate)
    }
}

impl Feed {
    /// The feed of a night.
    pub(crate) fn new(truth: &Truth, steps: &[Step], format: Format) -> Self {
        let good = |record: &Record| Line { record: record.clone(), state: State::Good };
        let whole = |entity: &EntityKind| Told {
            coverage: Coverage::Complete,
            lines: truth.records.get(entity).into_iter().flatten().map(good).collect(),
            replaced: BTreeSet::new(),
        };
        let mut feed = Self {
            format,
            told: TABLES.iter().map(|it| (it.entity, whole(&it.entity))).collect(),
            people: people(truth),
            manifest: true,
            cut: None,
        };
        for step in steps {
            feed.apply(step, truth);
        }
        if format != Format::Batches {
            feed.without_manifest();
            feed.derive();
        }
        if format == Format::OneRoster11 {
            feed.give_primary_organizations();
        }
        feed
    }

    fn apply(&mut self, step: &Step, truth: &Truth) {
        match *step {
            Step::Break { entity, nth, how } => self.break_line(entity, nth, how),
            Step::Twice { entity, nth } => self.twice(entity, nth),
            Step::Dangle { entity, nth, field } => self.dangle(entity, nth, field),
            Step::Forget { entity, nth } => {
                if let Some(told) = self.told.get_mut(&entity).filter(|it| !it.lines.is_empty()) {
                    told.lines.remove(nth % told.lines.len());
                }
            }
            Step::MarkGone { entity, nth } => {
                if let Some(line) = self.single(entity, nth) {
                    line.state = State::Gone;
                }
            }
            Step::Empty { entity } => {
                if let Some(told) = self.told.get_mut(&entity) {
                    told.lines.clear();
                }
            }
            Step::Missing { entity } => _ = self.told.remove(&entity),
            Step::Delta { entity, given } => self.delta(entity, given, truth),
            Step::NoManifest => self.manifest = false,
            Step::Cut { at } => self.cut = Some(at),
            _ => {}
        }
    }

    /// A good line whose key stands in no other.
    fn single(&mut self, entity: EntityKind, nth: usize) -> Option<&mut Line> {
        let lines = &mut self.told.get_mut(&entity)?.lines;
        let index = nth.checked_rem(lines.len())?;
        let key = lines[index].record.source_id();
        let alone = lines.iter().filter(|it| it.record.source_id() == key).count() == 1;
        Some(&mut lines[index]).filter(|it| alone && it.state == State::Good)
    }

    fn break_line(&mut self, entity: EntityKind, nth: usize, how: Breakage) {
        let how = match how {
            Breakage::BadDate if table(entity).date.is_none() => Breakage::MissingRequired,
            it => it,
        };
        let how = match how {
            Breakage::MissingRequired if table(entity).required.is_empty() => Breakage::TooWide,
            it => it,
        };
        if let Some(line) = self.single(entity, nth) {
            line.state = State::Broken(how);
        }
    }

    fn twice(&mut self, entity: EntityKind, nth: usize) {
        let Some(line) = self.single(entity, nth) else { return };
        let mut second = line.clone();
        if !table(entity).text.is_empty() {
            second.record.set_text(table(entity).text, "The second");
        }
        if let Some(told) = self.told.get_mut(&entity) {
            told.lines.push(second);
        }
    }

    fn dangle(&mut self, entity: EntityKind, nth: usize, field: usize) {
        let references = references(entity);
        // The key of a demographics record is that of its user.
        if references.is_empty() || entity == EntityKind::Demographics {
            return;
        }
        let (field, _) = references[field % references.len()];
        if let Some(line) = self.single(entity, nth) {
            line.record.set_text(field, "nobody");
        }
    }

    /// Gives some of the records, and of those that left the source some as gone.
    fn delta(&mut self, entity: EntityKind, given: u32, truth: &Truth) {
        let is_given =
            |index: usize| given.rotate_left(u32::try_from(index % 32).unwrap_or(0)) & 1 == 1;
        let Some(told) = self.told.get_mut(&entity) else { return };
        told.coverage = Coverage::Changes;
        let mut index = 0;
        told.lines.retain(|_| {
            index += 1;
            is_given(index)
        });
        let removed = truth.removed.iter().filter(|it| it.0 == entity).map(|it| &it.1);
        for (index, record) in removed.enumerate().filter(|it| is_given(it.0)) {
            let known = told.lines.iter().any(|it| it.record.source_id() == record.source_id());
            if !known || index % 2 == 0 {
                told.lines.push(Line { record: record.clone(), state: State::Gone });
            }
        }
    }

    /// Where no manifest says what the files are, they are complete if those that a roster always has are there.
    fn without_manifest(&mut self) {
        if self.manifest {
            return;
        }
        let whole =
            [EntityKind::Org, EntityKind::User, EntityKind::Section, EntityKind::Enrollment];
        let complete = whole.iter().all(|it| self.told.contains_key(it));
        let coverage = if complete { Coverage::Complete } else { Coverage::Changes };
        for told in self.told.values_mut() {
            told.coverage = coverage;
        }
    }

    /// In OneRoster 1.1 the first of a user's organizations is the main one.
    fn give_primary_organizations(&mut self) {
        let users = self.told.get_mut(&EntityKind::User);
        for line in users.into_iter().flat_map(|it| &mut it.lines) {
            let person = self.people.get(line.record.source_id());
            let org = person.and_then(|it| it.orgs.first()).map(String::as_str);
            line.record.set_text("primary_org_source_id", org.unwrap_or_default());
        }
    }

    /// Makes the tables that stand in the records of users.
    fn derive(&mut self) {
        let users = self.told.get(&EntityKind::User).cloned();
        let derived = |of_line: fn(&mut Told, &Line, &Person)| {
            let users = users.as_ref()?;
            let mut told =
                Told { coverage: users.coverage, lines: Vec::new(), replaced: BTreeSet::new() };
            for line in &users.lines {
                let person = self.people.get(line.record.source_id()).cloned().unwrap_or_default();
                of_line(&mut told, line, &person);
            }
            Some(told)
        };
        let mut tables = vec![(EntityKind::Relationship, derived(contacts))];
        if self.format == Format::OneRoster11 {
            tables.push((EntityKind::Role, derived(roles)));
        }
        let any_agents = users.iter().flat_map(|it| &it.lines).any(|it| {
            it.tells_more()
                && self.people.get(it.record.source_id()).is_some_and(|it| !it.agents.is_empty())
        });
        for (entity, told) in tables {
            self.told.remove(&entity);
            let told = told.map(|it| match entity {
                // Where nobody has a contact, the records are not looked at again.
                EntityKind::Relationship if !any_agents => {
                    Told { lines: Vec::new(), replaced: BTreeSet::new(), ..it }
                }
                _ => it,
            });
            self.told.extend(told.map(|it| (entity, it)));
        }
    }
}

/// The roles in a user's record of OneRoster 1.1.
fn roles(told: &mut Told, line: &Line, person: &Person) {
    let user = line.record.source_id();
    if line.is(Breakage::NoKey) || line.is(Breakage::Malformed) {
        return told.lines.push(unreadable());
    }
    if line.tells_more() {
        for (index, org) in person.orgs.iter().enumerate() {
            let key = derived_id(&[user, org, &person.role]);
            told.lines
                .push(row(json!({"source_id": key, "user_source_id": user, "org_source_id": org,
                "role": person.role, "is_primary": index == 0})));
        }
    }
    let given = matches!(line.state, State::Good | State::Gone);
    if given && told.coverage == Coverage::Changes {
        told.replaced.insert(user.to_owned());
    }
}

/// The contacts in a student's record.
fn contacts(told: &mut Told, line: &Line, person: &Person) {
    let student = line.record.source_id();
    let without_key = line.is(Breakage::NoKey) && !person.agents.is_empty();
    if without_key || line.is(Breakage::Malformed) || line.is(Breakage::TooWide) {
        return told.lines.push(unreadable());
    }
    let gone = line.state == State::Gone;
    if line.tells_more() {
        for (index, contact) in person.agents.iter().enumerate() {
            told.lines.push(row(
                json!({"source_id": derived_id(&[student, contact]), "student_source_id": student,
                "contact_source_id": contact, "sequence": index + 1}),
            ));
        }
    }
    let given = gone || (line.tells_more() && !person.agents.is_empty());
    if given && told.coverage == Coverage::Changes {
        told.replaced.insert(student.to_owned());
    }
}

fn unreadable() -> Line {
    Line { record: Record::default(), state: State::Broken(Breakage::NoKey) }
}

fn row(value: Value) -> Line {
    let fields = if let Value::Object(fields) = value { fields } else { serde_json::Map::new() };
    Line { record: Record(fields), state: State::Good }
}

fn is_required_date(entity: EntityKind) -> bool {
    let date = table(entity).date.and_then(|it| entity.schema().field(it));
    date.is_some_and(|it| entity.schema().fields[it].required)
}

/// Roles and contacts of everybody, by the users' keys.
fn people(truth: &Truth) -> BTreeMap<String, Person> {
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    for role in truth.records.get(&EntityKind::Role).into_iter().flatten() {
        let person = people.entry(role.text("user_source_id").to_owned()).or_default();
        role.text("role").clone_into(&mut person.role);
        person.orgs.push(role.text("org_source_id").to_owned());
    }
    for pair in truth.records.get(&EntityKind::Relationship).into_iter().flatten() {
        let student = people.entry(pair.text("student_source_id").to_owned()).or_default();
        student.agents.push(pair.text("contact_source_id").to_owned());
    }
    people
}
