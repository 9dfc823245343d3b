//! Applies sharing settings to rows as they stream by.
//!
//! Records come in load order, so a record that is withheld takes with it, by its required references, all that comes
//! after it.  Only people have to be decided on before the records that decide: who they are is found in a pass of its
//! own ([`Sharer::select`]), and only when the settings ask for it.

use super::Sharing;
use roster_core::{
    EntityKind, Row, RowBuilder, Rows,
    model::{EntitySchema, OrgType, RoleType},
    value::{ExtensionMap, Extensions},
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

/// Applies one district's settings to one night.
#[derive(Debug)]
pub(crate) struct Sharer {
    settings: Sharing,
    everything: bool,
    /// Keys of people who are shared; `None` when all are.
    people: Option<HashSet<u128>>,
    /// Student and contact of every shared relationship, until it is known which students are shared.
    contacts: Vec<(u128, u128)>,
    /// Keys of records that are not shared.
    withheld: HashMap<EntityKind, HashSet<u128>>,
    /// Numbers of the fields that are left empty.
    excluded: HashMap<EntityKind, Vec<usize>>,
}

impl Sharer {
    pub(crate) fn new(settings: &Sharing) -> Self {
        let mut excluded: HashMap<EntityKind, Vec<usize>> = HashMap::new();
        for name in &settings.excluded_fields {
            let known = name
                .split_once('.')
                .and_then(|(table, field)| Some((EntityKind::from_table(table)?, field)));
            if let Some((entity, number)) =
                known.and_then(|(entity, field)| Some((entity, entity.schema().field(field)?)))
            {
                excluded.entry(entity).or_default().push(number);
            }
        }
        let everything = settings.is_everything();
        let (withheld, contacts) = (HashMap::new(), Vec::new());
        Self { settings: settings.clone(), everything, people: None, contacts, withheld, excluded }
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

    /// Looks at a row of the pass beforehand.
    pub(crate) fn select(&mut self, row: &Row<'_>) {
        let people = self.people.get_or_insert_default();
        let text = |field: &str| row.schema().field(field).and_then(|it| row.get(it));
        match row.entity() {
            EntityKind::Role if self.settings.role_counts(text("role").unwrap_or_default()) => {
                let org = text("org_source_id").unwrap_or_default();
                if self.settings.sections.is_none()
                    && !is_withheld(&self.withheld, EntityKind::Org, org)
                {
                    people.extend(text("user_source_id").map(key_of));
                }
            }
            EntityKind::Enrollment => {
                let section = text("section_source_id").unwrap_or_default();
                if !is_withheld(&self.withheld, EntityKind::Section, section) {
                    people.extend(text("user_source_id").map(key_of));
                }
            }
            EntityKind::Relationship if self.settings.relationship_counts(row) => {
                let pair = text("student_source_id").zip(text("contact_source_id"));
                self.contacts
                    .extend(pair.map(|(student, contact)| (key_of(student), key_of(contact))));
            }
            EntityKind::Org
            | EntityKind::AcademicSession
            | EntityKind::Course
            | EntityKind::Section
                if self.is_left_out(row) =>
            {
                self.withhold(row);
            }
            _ => {}
        }
    }

    /// Ends the pass beforehand: contacts of shared students are shared.
    pub(crate) fn finish_selection(&mut self) {
        let people = self.people.get_or_insert_default();
        let contacts = std::mem::take(&mut self.contacts);
        let shared: Vec<_> =
            contacts.into_iter().filter(|(student, _)| people.contains(student)).collect();
        people.extend(shared.into_iter().map(|(_, contact)| contact));
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
        let cleared: Vec<usize> = self.fields_to_clear(row);
        let extensions = self.extensions_to_keep(row);
        if cleared.is_empty() && extensions.is_none() {
            return Decision::Keep;
        }
        let mut out = changed.begin();
        for (number, field) in row.fields().enumerate() {
            match &extensions {
                Some(kept) if number == EntitySchema::EXTENSIONS => {
                    out.push(Some(kept.as_str()).filter(|it| !it.is_empty()));
                }
                _ => out.push(field.filter(|_| !cleared.contains(&number))),
            }
        }
        RowBuilder::finish(out, row.position());
        Decision::Changed
    }

    fn withhold(&mut self, row: &Row<'_>) {
        self.withheld.entry(row.entity()).or_default().insert(key_of(row.source_id()));
    }

    fn is_left_out(&self, row: &Row<'_>) -> bool {
        let entity = row.entity();
        let text =
            |field: &str| row.schema().field(field).and_then(|it| row.get(it)).unwrap_or_default();
        let left_out = match entity {
            EntityKind::Org => {
                text("org_type") == OrgType::School.term()
                    && !listed(self.settings.schools.as_ref(), row.source_id())
            }
            EntityKind::Section => !listed(self.settings.sections.as_ref(), row.source_id()),
            EntityKind::User => {
                self.people.as_ref().is_some_and(|it| !it.contains(&key_of(row.source_id())))
            }
            EntityKind::Role => !self.settings.role_is_shared(text("role")),
            EntityKind::Relationship => !self.settings.relationship_counts(row),
            EntityKind::Program => !matches(self.settings.programs.as_ref(), text("program")),
            // A course or term of one school goes with that school, although others need none.
            EntityKind::Course => {
                is_withheld(&self.withheld, EntityKind::Org, text("org_source_id"))
            }
            EntityKind::AcademicSession => {
                is_withheld(&self.withheld, EntityKind::Org, text("school_source_id"))
            }
            _ => false,
        };
        left_out || !self.settings.includes(entity) || self.refers_to_withheld(row)
    }

    fn refers_to_withheld(&self, row: &Row<'_>) -> bool {
        row.schema().fields.iter().enumerate().any(|(number, field)| {
            let target = field.reference.filter(|it| field.required && !it.many);
            target
                .zip(row.get(number))
                .is_some_and(|(target, id)| is_withheld(&self.withheld, target.entity, id))
        })
    }

    fn fields_to_clear(&self, row: &Row<'_>) -> Vec<usize> {
        let mut cleared: Vec<usize> = self.excluded.get(&row.entity()).cloned().unwrap_or_default();
        for (number, field) in row.schema().fields.iter().enumerate() {
            let target = field.reference.filter(|it| !field.required && !it.many);
            if target
                .zip(row.get(number))
                .is_some_and(|(target, id)| is_withheld(&self.withheld, target.entity, id))
            {
                cleared.push(number);
            }
        }
        cleared.retain(|it| row.get(*it).is_some());
        cleared
    }

    /// The extensions that stay, empty when none does; `None` when there is no rule or nothing to keep.
    fn extensions_to_keep(&self, row: &Row<'_>) -> Option<String> {
        let allowed = self.settings.extension_fields.as_ref()?;
        let mut extensions: ExtensionMap =
            serde_json::from_str(row.get(EntitySchema::EXTENSIONS)?).unwrap_or_default();
        extensions.retain(|name, _| allowed.contains(name));
        Some(Extensions::new(&extensions).json().unwrap_or_default().to_owned())
    }
}

impl Sharing {
    /// Whether having this role makes a person shared.  A contact's own role does not: the student's does.
    fn role_counts(&self, role: &str) -> bool {
        let contact_rules = self.contact_types.is_some() || self.contact_relationships.is_some();
        self.role_is_shared(role) && !(contact_rules && is_contact(role))
    }

    fn role_is_shared(&self, role: &str) -> bool {
        let teaches = matches!(RoleType::from_term(role), RoleType::Student | RoleType::Teacher);
        self.staff || teaches || is_contact(role)
    }

    fn relationship_counts(&self, row: &Row<'_>) -> bool {
        let text =
            |field: &str| row.schema().field(field).and_then(|it| row.get(it)).unwrap_or_default();
        matches(self.contact_types.as_ref(), text("contact_type"))
            && matches(self.contact_relationships.as_ref(), text("relationship"))
    }
}

fn is_contact(role: &str) -> bool {
    matches!(
        RoleType::from_term(role),
        RoleType::Parent | RoleType::Guardian | RoleType::Relative | RoleType::Contact
    )
}

fn is_withheld(
    withheld: &HashMap<EntityKind, HashSet<u128>>,
    entity: EntityKind,
    source_id: &str,
) -> bool {
    withheld.get(&entity).is_some_and(|it| it.contains(&key_of(source_id)))
}

fn listed(list: Option<&Vec<String>>, value: &str) -> bool {
    list.is_none_or(|it| it.iter().any(|it| it == value))
}

fn matches(list: Option<&Vec<String>>, value: &str) -> bool {
    list.is_none_or(|it| it.iter().any(|it| it.to_lowercase() == value.to_lowercase()))
}
