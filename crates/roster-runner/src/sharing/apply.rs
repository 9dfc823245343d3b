//! Applies sharing settings to rows as they stream by.
//!
//! Whoever and whatever the settings select is shared only where it is known to be: a school, a section or a person
//! that nothing is known of is not.  Who that is has to be found before the records that decide come by, in a pass of
//! its own ([`Sharer::select`]), and only when the settings ask for it.  Everything else follows in load order: a record
//! that is withheld takes with it, by its required references, all that comes after it.

use super::{
    Sharing,
    fields::replace,
    people::{People, Standing},
    places::{Place, Places},
};
use roster_core::{
    EntityKind, Row, Rows,
    model::{EnrollmentRole, RoleType},
};
use roster_sink::key_of;
use std::collections::{HashMap, HashSet};

/// What becomes of a row.
pub(crate) enum Decision {
    /// It is shared as it is.
    Keep,
    /// It is shared with some fields changed; the changed row is the last one of the rows given.
    Changed,
    /// It is not shared.
    Withhold,
}

/// What the settings say of a record by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Shared,
    NotShared,
    /// It does not exist, or was rejected: the checks reject what cannot do without it.
    Unknown,
}

impl Status {
    fn of(shared: bool) -> Self {
        if shared { Self::Shared } else { Self::NotShared }
    }
}

/// Applies one district's settings to one night.
#[derive(Debug)]
pub(crate) struct Sharer {
    pub(super) settings: Sharing,
    everything: bool,
    /// Entities that are left out, with those that cannot do without them.
    excluded_entities: HashSet<EntityKind>,
    /// Numbers of the fields that are left empty.
    pub(super) excluded_fields: HashMap<EntityKind, Vec<usize>>,
    /// Where organizations stand; `None` when all are shared.
    places: Option<Places>,
    /// Which sections are shared; `None` when all are.
    sections: Option<Sections>,
    /// Who is shared; `None` when all are.
    people: Option<People>,
    /// Entities of which the feed gives a part: what is neither in it nor published may exist and not be shared.
    partial: HashSet<EntityKind>,
    /// Keys of records that are not shared.
    withheld: HashMap<EntityKind, HashSet<u128>>,
}

/// The sections that are shared.
#[derive(Debug, Default)]
struct Sections {
    shared: HashSet<u128>,
    /// Those of them that no school runs.
    of_district: HashSet<u128>,
}

impl Sharer {
    pub(crate) fn new(settings: &Sharing) -> Self {
        let excluded = EntityKind::ALL.iter().copied().filter(|it| !settings.includes(*it));
        Self {
            settings: settings.clone(),
            everything: settings.is_everything(),
            excluded_entities: excluded.collect(),
            excluded_fields: settings.excluded_field_numbers(),
            places: settings.schools.as_deref().map(Places::new),
            sections: settings.selects_sections().then(|| Sections::new(settings)),
            people: settings.selects_people().then(People::default),
            partial: HashSet::new(),
            withheld: HashMap::new(),
        }
    }

    /// Whether every record is shared as it is.
    pub(crate) fn shares_everything(&self) -> bool {
        self.everything
    }

    /// Whether the settings may leave out records of an entity, or something of them.
    pub(crate) fn concerns(&self, entity: EntityKind) -> bool {
        let mut references = entity.schema().fields.iter().filter_map(|it| it.reference);
        self.settings.selects_people()
            || self.settings.extension_fields.is_some()
            || self.excluded_fields.contains_key(&entity)
            || (entity == EntityKind::Program && self.settings.programs.is_some())
            || references.any(|it| self.excluded_entities.contains(&it.entity))
    }

    /// Entities that have to be read beforehand to know who is shared; empty when nobody is left out.
    pub(crate) fn selecting_entities(&self) -> &'static [EntityKind] {
        const DECIDING: &[EntityKind] = &[
            EntityKind::Org,
            EntityKind::AcademicSession,
            EntityKind::Course,
            EntityKind::Section,
            EntityKind::Role,
            EntityKind::Relationship,
            EntityKind::Enrollment,
        ];
        if self.settings.selects_people() { DECIDING } else { &[] }
    }

    /// Looks at a row of the pass beforehand.  All rows of an entity must have been looked at before those of entities
    /// that refer to it.  False when the row says nothing, because it names what does not exist.
    pub(crate) fn select(&mut self, row: &Row<'_>) -> bool {
        match row.entity() {
            EntityKind::Org => {
                if let Some(places) = &mut self.places {
                    places.remember(row);
                }
            }
            EntityKind::Section => self.select_section(row),
            EntityKind::Role => self.note(row, self.role_standing(row)),
            EntityKind::Enrollment => self.note(row, self.enrollment_standing(row)),
            EntityKind::Relationship => self.select_relationship(row),
            _ if !self.is_selected(row) => self.withhold(row),
            _ => {}
        }
        let is_known = |entity, id| self.status(entity, id) != Status::Unknown;
        row.entity() == EntityKind::Org || required(row).all(|(entity, id)| is_known(entity, id))
    }

    /// Looks at a published row of the pass beforehand that tonight's feed takes away.
    pub(crate) fn select_removed(&mut self, row: &Row<'_>) {
        match row.entity() {
            EntityKind::Role | EntityKind::Enrollment => self.note(row, Standing::Against),
            EntityKind::Relationship => self.note_contact(row, Standing::Against),
            _ => {}
        }
    }

    /// Says, before the rows that refer to an entity are looked at, that the feed gives only a part of it.
    pub(crate) fn expect_part_of(&mut self, entity: EntityKind) {
        self.partial.insert(entity);
    }

    /// Ends the pass beforehand.  `in_doubt` are hashes of the keys of published people who stay shared unless something
    /// speaks against it.
    pub(crate) fn finish_selection(&mut self, in_doubt: impl Iterator<Item = u128>) {
        if let Some(people) = &mut self.people {
            people.finish(in_doubt);
        }
    }

    /// Decides on a row; a changed row is appended to `changed`.
    pub(crate) fn decide(&mut self, row: &Row<'_>, changed: &mut Rows) -> Decision {
        if self.everything {
            return Decision::Keep;
        }
        if self.is_left_out(row) {
            self.withhold(row);
            return Decision::Withhold;
        }
        let replaced = self.replacements(row);
        if replaced.is_empty() {
            return Decision::Keep;
        }
        replace(row, &replaced, changed);
        Decision::Changed
    }

    fn select_section(&mut self, row: &Row<'_>) {
        let place = self.place(text(row, "school_source_id"));
        let listed = listed(self.settings.sections.as_ref(), row.source_id());
        let Some(sections) = &mut self.sections else { return };
        let key = key_of(row.source_id());
        if !listed || place == Place::Unlisted {
            return self.withhold(row);
        }
        if place == Place::Unknown {
            return;
        }
        sections.shared.insert(key);
        if place == Place::District {
            sections.of_district.insert(key);
        }
    }

    fn select_relationship(&mut self, row: &Row<'_>) {
        if !self.settings.relationship_counts(row) {
            return self.note_contact(row, Standing::Against);
        }
        let (student, contact) = (text(row, "student_source_id"), text(row, "contact_source_id"));
        if let Some(people) = &mut self.people {
            people.contact(key_of(student), key_of(contact));
        }
    }

    fn note(&mut self, row: &Row<'_>, standing: Standing) {
        let person = key_of(text(row, "user_source_id"));
        if let Some(people) = &mut self.people {
            people.note(person, standing);
        }
    }

    fn note_contact(&mut self, row: &Row<'_>, standing: Standing) {
        let contact = key_of(text(row, "contact_source_id"));
        if let Some(people) = &mut self.people {
            people.note(contact, standing);
        }
    }

    /// What a role says of its person.  Of students and their contacts, the district says nothing: it has the students
    /// of all schools.
    fn role_standing(&self, row: &Row<'_>) -> Standing {
        let role = text(row, "role");
        if self.settings.sections.is_some()
            || (self.settings.selects_contacts() && is_contact(role))
        {
            return Standing::Neutral;
        }
        if !self.settings.role_is_shared(role) {
            return Standing::Against;
        }
        let of_student = is_contact(role) || matches!(RoleType::from_term(role), RoleType::Student);
        match self.place(text(row, "org_source_id")) {
            Place::Listed => Standing::Counts,
            Place::District if !of_student => Standing::Counts,
            Place::Unlisted => Standing::Against,
            Place::District | Place::Unknown => Standing::Neutral,
        }
    }

    /// What an enrollment says of its person.  A section that no school runs says nothing of students, as with roles.
    fn enrollment_standing(&self, row: &Row<'_>) -> Standing {
        let role = EnrollmentRole::from_term(text(row, "role"));
        let section = text(row, "section_source_id");
        match self.status(EntityKind::Section, section) {
            Status::Shared => {}
            Status::NotShared => return Standing::Against,
            Status::Unknown => return Standing::Neutral,
        }
        let of_district =
            self.sections.as_ref().is_some_and(|it| it.of_district.contains(&key_of(section)));
        match role {
            EnrollmentRole::Student if of_district => Standing::Neutral,
            EnrollmentRole::Student | EnrollmentRole::Teacher => Standing::Counts,
            _ if self.settings.staff => Standing::Counts,
            _ => Standing::Against,
        }
    }

    /// Where an organization stands; all are as good as listed when no schools are selected.
    fn place(&self, source_id: &str) -> Place {
        self.places.as_ref().map_or(Place::Listed, |it| it.place(source_id))
    }

    pub(super) fn status(&self, entity: EntityKind, source_id: &str) -> Status {
        let key = key_of(source_id);
        let withheld = self.withheld.get(&entity).is_some_and(|it| it.contains(&key));
        match entity {
            _ if withheld || self.excluded_entities.contains(&entity) => Status::NotShared,
            EntityKind::Org => match self.place(source_id) {
                Place::Listed | Place::District => Status::Shared,
                Place::Unlisted => Status::NotShared,
                Place::Unknown => self.unknown(entity),
            },
            EntityKind::Section => match &self.sections {
                Some(sections) if !sections.shared.contains(&key) => self.unknown(entity),
                _ => Status::Shared,
            },
            EntityKind::User => Status::of(self.people.as_ref().is_none_or(|it| it.includes(key))),
            _ => Status::Shared,
        }
    }

    fn unknown(&self, entity: EntityKind) -> Status {
        if self.partial.contains(&entity) { Status::NotShared } else { Status::Unknown }
    }

    fn is_shared(&self, entity: EntityKind, source_id: &str) -> bool {
        self.status(entity, source_id) == Status::Shared
    }

    /// Numbers of the fields that are left empty.
    pub(crate) fn excluded_fields_of(&self, entity: EntityKind) -> &[usize] {
        self.excluded_fields.get(&entity).map_or(&[], Vec::as_slice)
    }

    /// Keys of the records that were seen tonight and are not shared.
    pub(crate) fn withheld_keys(&self, entity: EntityKind) -> impl Iterator<Item = u128> + '_ {
        self.withheld.get(&entity).into_iter().flatten().copied()
    }

    fn withhold(&mut self, row: &Row<'_>) {
        self.withheld.entry(row.entity()).or_default().insert(key_of(row.source_id()));
    }

    fn is_left_out(&self, row: &Row<'_>) -> bool {
        !self.is_selected(row)
            || self.excluded_entities.contains(&row.entity())
            || required(row).any(|(entity, id)| self.status(entity, id) == Status::NotShared)
    }

    /// Whether a row is shared by itself.
    pub(super) fn is_selected(&self, row: &Row<'_>) -> bool {
        let of_shared_org = |field: &str| {
            let org = text(row, field);
            org.is_empty() || self.is_shared(EntityKind::Org, org)
        };
        match row.entity() {
            entity @ (EntityKind::Org | EntityKind::User) => {
                self.is_shared(entity, row.source_id())
            }
            EntityKind::Section => {
                let school = text(row, "school_source_id");
                self.is_shared(EntityKind::Section, row.source_id())
                    || self.status(EntityKind::Org, school) == Status::Unknown
            }
            EntityKind::Role => self.settings.role_is_shared(text(row, "role")),
            EntityKind::Relationship => self.settings.relationship_counts(row),
            EntityKind::Program => matches(self.settings.programs.as_ref(), text(row, "program")),
            // A course or term of one school goes with that school, although others need none.
            EntityKind::Course => of_shared_org("org_source_id"),
            EntityKind::AcademicSession => of_shared_org("school_source_id"),
            _ => true,
        }
    }
}

impl Sections {
    /// A listed section is known to be shared without its record, unless its school is asked for too.
    fn new(settings: &Sharing) -> Self {
        let listed = settings.sections.iter().flatten().filter(|_| settings.schools.is_none());
        Self { shared: listed.map(|it| key_of(it)).collect(), ..Self::default() }
    }
}

impl Sharing {
    fn role_is_shared(&self, role: &str) -> bool {
        let teaches = matches!(RoleType::from_term(role), RoleType::Student | RoleType::Teacher);
        self.staff || teaches || is_contact(role)
    }

    fn relationship_counts(&self, row: &Row<'_>) -> bool {
        matches(self.contact_types.as_ref(), text(row, "contact_type"))
            && matches(self.contact_relationships.as_ref(), text(row, "relationship"))
    }
}

fn is_contact(role: &str) -> bool {
    matches!(
        RoleType::from_term(role),
        RoleType::Parent | RoleType::Guardian | RoleType::Relative | RoleType::Contact
    )
}

/// What a row cannot do without.
pub(super) fn required<'a>(row: &Row<'a>) -> impl Iterator<Item = (EntityKind, &'a str)> {
    let row = *row;
    let fields = row.schema().fields.iter().enumerate().filter(|it| it.1.required);
    fields.filter_map(move |(number, it)| Some((it.reference?.entity, row.get(number)?)))
}

/// The text of a field, empty when there is none.
pub(super) fn text<'a>(row: &Row<'a>, field: &str) -> &'a str {
    row.schema().field(field).and_then(|it| row.get(it)).unwrap_or_default()
}

pub(super) fn listed(list: Option<&Vec<String>>, value: &str) -> bool {
    list.is_none_or(|it| it.iter().any(|it| it == value))
}

pub(super) fn matches(list: Option<&Vec<String>>, value: &str) -> bool {
    list.is_none_or(|it| it.iter().any(|it| it.to_lowercase() == value.to_lowercase()))
}
