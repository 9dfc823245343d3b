//! People: one record of Clever's, whatever they are, becomes a user and what hangs on it.

use super::{
    Output,
    places::{credential, read},
    rejected::reject,
    roles, students,
    values::{JsonIdentifiers, JsonObject, grade, json_list},
};
use crate::{
    contacts::Contacts,
    lists::Records,
    wire::{Contact, Item, Roles, Text, User},
};
use roster_core::{
    DiagnosticCode, EntityKind, derived_id,
    model::{RelationshipRow, UserRow},
};
use std::{collections::HashSet, sync::Arc};

/// What is known of people while they are read, and the buffers that are used again for each.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// The district's own key.
    pub(crate) district: String,
    /// Schools that are shared.
    pub(crate) schools: HashSet<Box<str>>,
    /// Hashes of the people that are shared.
    pub(crate) known: HashSet<u64>,
    /// Contacts, by what tells them from others when Clever gives them a new id.
    pub(crate) contacts: Contacts,
    /// How many people have each role.
    pub(crate) counts: Counts,
    /// Relationships to students who have not come yet.
    waiting: Vec<Waiting>,
    /// Whether relationships to people who have not come are given all the same, since the feed is not the whole.
    pub(crate) partial: bool,
    identifiers: JsonIdentifiers,
    extensions: JsonObject,
    grades: String,
    seen: Vec<String>,
    key: String,
}

/// How many people have a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) students: u64,
    pub(crate) teachers: u64,
    pub(crate) staff: u64,
    pub(crate) district_admins: u64,
    pub(crate) contacts: u64,
}

/// A relationship that waits for its student.
struct Waiting {
    place: Arc<str>,
    position: u64,
    student: Box<str>,
    contact: Box<str>,
    relationship: Box<str>,
    contact_type: Box<str>,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("position", &self.position).finish_non_exhaustive()
    }
}

/// A key in little room.
pub(crate) fn hash(id: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(id.as_bytes())
}

impl People {
    /// Maps one person; gives the key they have here, `None` when the record cannot be used.
    pub(crate) fn person(
        &mut self,
        records: &Records,
        index: usize,
        out: &mut Output,
    ) -> Option<String> {
        let at = (records, index);
        let Ok(Item { data: user }) = serde_json::from_slice::<Item<User<'_>>>(records.raw(index))
        else {
            reject(out, EntityKind::User, at, DiagnosticCode::RecordForm, None);
            return None;
        };
        if user.id.filled().is_none() {
            reject(out, EntityKind::User, at, DiagnosticCode::MissingRequired, Some("id"));
            return None;
        }
        let position = records.position(index);
        let id = match &user.roles.contact {
            Some(contact) => self.contacts.key(&user, contact),
            None => user.id.get().to_owned(),
        };
        self.count(&user.roles);
        self.known.insert(hash(&id));
        self.user(&id, &user, position, out);
        roles::write(self, &id, &user.roles, position, out);
        if let Some(student) = &user.roles.student {
            students::demographics(&id, student, position, out);
            students::programs(&id, student, position, out);
        }
        if let Some(contact) = &user.roles.contact {
            self.relationships(&id, contact, records, index, out);
        }
        out.end_record();
        Some(id)
    }

    fn count(&mut self, roles: &Roles<'_>) {
        let counts = &mut self.counts;
        counts.students += u64::from(roles.student.is_some());
        counts.teachers += u64::from(roles.teacher.is_some());
        counts.staff += u64::from(roles.staff.is_some());
        counts.district_admins += u64::from(roles.district_admin.is_some());
        counts.contacts += u64::from(roles.contact.is_some());
    }

    fn user(&mut self, id: &str, user: &User<'_>, position: u64, out: &mut Output) {
        if !out.wants(EntityKind::User) {
            return;
        }
        let roles = &user.roles;
        self.collect_identifiers(roles);
        let left_out = self.collect_extensions(roles);
        let student = roles.student.as_deref();
        let contact = roles.contact.as_deref();
        let preferred = student.map(|it| &it.preferred_name);
        let cell = contact.filter(|it| it.phone_type.get() == "Cell");
        let row = UserRow {
            source_id: id,
            given_name: user.name.first.get(),
            family_name: user.name.last.get(),
            middle_name: user.name.middle.filled(),
            preferred_given_name: preferred.and_then(|it| it.first.filled()),
            preferred_family_name: preferred.and_then(|it| it.last.filled()),
            preferred_middle_name: preferred.and_then(|it| it.middle.filled()),
            username: username(roles),
            email: user.email.filled().or_else(|| student?.email.filled()),
            sms: cell.and_then(|it| it.phone.filled()),
            phone: contact.and_then(|it| it.phone.filled()),
            identifier: identifier(roles),
            identifiers: read(self.identifiers.end()),
            grades: match student {
                Some(it) => read(json_list(&[grade(it.grade.get())], &mut self.grades)),
                None => read(None),
            },
            primary_org_source_id: roles::primary_org(&self.schools, roles),
            extensions: read(self.extensions.end()),
            ..UserRow::default()
        };
        out.push(position, &row);
        if left_out {
            credential(out, EntityKind::User, position, id);
        }
    }

    fn collect_identifiers(&mut self, roles: &Roles<'_>) {
        let ids = &mut self.identifiers;
        ids.clear();
        if let Some(it) = &roles.student {
            ids.add("sis", it.sis_id.get());
            ids.add("state", it.state_id.get());
            ids.add("student_number", it.student_number.get());
            ids.add("legacy", it.legacy_id.get());
        }
        if let Some(it) = &roles.teacher {
            ids.add("sis", it.sis_id.get());
            ids.add("state", it.state_id.get());
            ids.add("teacher_number", it.teacher_number.get());
            ids.add("legacy", it.legacy_id.get());
        }
        if let Some(it) = &roles.staff {
            ids.add("staff", it.staff_id.get());
            ids.add("legacy", it.legacy_id.get());
        }
        if let Some(it) = &roles.district_admin {
            ids.add("legacy", it.legacy_id.get());
        }
        if let Some(it) = &roles.contact {
            ids.add("sis", it.sis_id.get());
            ids.add("legacy", it.legacy_id.get());
        }
    }

    /// Says whether a field was left out since it seems to be a credential.
    fn collect_extensions(&mut self, roles: &Roles<'_>) -> bool {
        let (object, seen) = (&mut self.extensions, &mut self.seen);
        object.clear();
        seen.clear();
        let mut left_out = false;
        if let Some(it) = &roles.student {
            object.field("graduation_year", it.graduation_year.get());
            object.field("home_language", it.home_language.get());
            object.field("home_language_code", it.home_language_code.get());
            object.location(&it.location);
            left_out |= object.extensions(&it.ext, seen);
        }
        if let Some(it) = &roles.contact {
            object.field("phone_type", it.phone_type.get());
        }
        if let Some(it) = &roles.teacher {
            left_out |= object.extensions(&it.ext, seen);
        }
        if let Some(it) = &roles.staff {
            left_out |= object.extensions(&it.ext, seen);
        }
        left_out
    }

    fn relationships(
        &mut self,
        contact_id: &str,
        contact: &Contact<'_>,
        records: &Records,
        index: usize,
        out: &mut Output,
    ) {
        if !out.wants(EntityKind::Relationship) {
            return;
        }
        let mut students = HashSet::new();
        for it in &contact.student_relationships.0 {
            let student = it.student.get();
            if student.is_empty() || !students.insert(student) {
                continue;
            }
            let waiting = Waiting {
                place: records.place.clone(),
                position: records.position(index),
                student: student.into(),
                contact: contact_id.into(),
                relationship: it.relationship.get().into(),
                contact_type: it.r#type.get().into(),
            };
            if self.partial || self.known.contains(&hash(student)) {
                relationship(&waiting, &mut self.key, out);
            } else {
                self.waiting.push(waiting);
            }
        }
    }

    /// All people have come: relationships to students who are not among them are not shared.
    pub(crate) fn finish(&mut self, out: &mut Output) {
        let mut place = None;
        for it in std::mem::take(&mut self.waiting) {
            if !self.known.contains(&hash(&it.student)) {
                continue;
            }
            if place.as_ref() != Some(&it.place) {
                out.at(&it.place);
                place = Some(it.place.clone());
            }
            relationship(&it, &mut self.key, out);
            out.end_record();
        }
    }
}

fn relationship(it: &Waiting, key: &mut String, out: &mut Output) {
    let filled = |text| Some(text).filter(|it: &&str| !it.is_empty());
    key.clear();
    key.push_str(&derived_id(&[&it.student, &it.contact]));
    let row = RelationshipRow {
        source_id: key,
        student_source_id: &it.student,
        contact_source_id: &it.contact,
        relationship: filled(&it.relationship),
        contact_type: filled(&it.contact_type),
        ..RelationshipRow::default()
    };
    out.push(it.position, &row);
}

/// The name to sign in with: the same person's roles mostly have the same.
fn username<'a>(roles: &'a Roles<'_>) -> Option<&'a str> {
    let student = roles.student.as_ref().map(|it| &it.credentials);
    let teacher = roles.teacher.as_ref().map(|it| &it.credentials);
    let staff = roles.staff.as_ref().map(|it| &it.credentials);
    [student, teacher, staff].into_iter().flatten().find_map(|it| it.district_username.filled())
}

/// The identifier that people use.
fn identifier<'a>(roles: &'a Roles<'_>) -> Option<&'a str> {
    let student = roles.student.as_deref().map(|it| [&it.student_number, &it.sis_id]);
    let teacher = roles.teacher.as_deref().map(|it| [&it.teacher_number, &it.sis_id]);
    let staff = roles.staff.as_deref().map(|it| [&it.staff_id, &it.staff_id]);
    let all = [student, teacher, staff];
    all.into_iter().flatten().flatten().find_map(Text::filled)
}

/// The students whose contact somebody is.
pub(crate) fn students_of(records: &Records) -> Vec<String> {
    let Ok(Item { data: user }) = serde_json::from_slice::<Item<User<'_>>>(records.raw(0)) else {
        return Vec::new();
    };
    let contact = user.roles.contact.unwrap_or_default();
    contact.student_relationships.0.iter().map(|it| it.student.get().to_owned()).collect()
}
