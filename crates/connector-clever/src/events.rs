//! Events: what changed since the last night, in order.
//!
//! Clever keeps events for 30 days and calls them a convenience: everything must be readable without them.  So they
//! are read between full pulls, and where they are not enabled, too old or too many, everything is read.  The position
//! to go on from is taken before a full pull begins, so that nothing between falls out; what is then read again changes
//! nothing.
//!
//! The recorded form differs from the described one: `previous_attributes` stands beside `object`, inside the inner
//! `data`, and every person's events are `users.*`.  An object is the complete record, so a field that it lacks is
//! withdrawn.

use crate::{
    config::Settings,
    extract::Extraction,
    lists::{self, Ahead, Records},
    map::{self, enrollment_id},
    service::Service,
    state::EventPosition,
    wire::{Item, List, StudentRelationship, Text},
};
use roster_core::{
    Coverage, EntityKind, Error, ErrorKind, Result, derived_id, model::EnrollmentRole,
};
use serde::Deserialize;
use std::collections::BTreeMap;

const OPERATION: &str = "clever.events";
/// Events are kept for 30 days; a position close to that age is not trusted.
const OLDEST_SECS: u64 = 29 * 24 * 3_600;
/// More changes than this are read as everything.
const MOST: usize = 200_000;

/// How a night that asked for changes goes on.
pub(crate) enum Start {
    /// Everything that changed has been given.
    Changes,
    /// Everything must be read; the events go on from this position afterwards.
    Everything(Option<EventPosition>),
}

/// An event, in its list.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Event<'a> {
    #[serde(default)]
    id: Text<'a>,
    #[serde(default)]
    r#type: Text<'a>,
    data: Change<'a>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    object: &'a serde_json::value::RawValue,
    #[serde(default, borrow)]
    previous_attributes: Option<&'a serde_json::value::RawValue>,
}

/// What is read of any object.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Identified<'a> {
    #[serde(default)]
    id: Text<'a>,
}

/// What an object had before, as far as rows hang on it.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Previous<'a> {
    students: List<Text<'a>>,
    teachers: List<Text<'a>>,
    teacher: Text<'a>,
    roles: PreviousRoles<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct PreviousRoles<'a> {
    contact: PreviousContact<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct PreviousContact<'a> {
    student_relationships: List<StudentRelationship<'a>>,
}

/// All that happened to one object, of which the last word counts.
struct Changed {
    /// The object as it was last, wrapped as in a list.
    record: Records,
    deleted: bool,
    /// Section members and students of a contact that it had before any of the events.
    members: Vec<(EnrollmentRole<'static>, String)>,
    students: Vec<String>,
}

/// Changes by list and id, in the order of the lists.
type Changes = BTreeMap<(EntityKind, String), Changed>;

/// Gives what changed, if events can tell it.
///
/// # Errors
///
/// Those of reading; events that are not enabled are none.
pub(crate) async fn start(pass: &mut Extraction, service: &Service) -> Result<Start> {
    let now = service.api.client().clock().now().as_secs();
    let before = pass.before.as_ref().and_then(|it| it.events.clone());
    let trusted = before.filter(|it| is_trusted(it, &service.settings, now));
    let from = trusted.as_ref().map_or("", |it| it.last.as_str());
    let read = match read(pass, service, from).await {
        Ok(read) => read,
        Err(error) if are_not_there(&error) => return Ok(Start::Everything(None)),
        Err(error) => return Err(error),
    };
    let position = |full_at| EventPosition {
        last: read.last.clone(),
        full_at,
        read_at: now,
        version: service.settings.version.path().to_owned(),
    };
    let due = |it: &EventPosition| {
        now.saturating_sub(it.full_at) >= u64::from(service.settings.full_every_hours) * 3_600
    };
    match trusted {
        Some(before) if !due(&before) && !read.too_many => {
            pass.events = Some(position(before.full_at));
            give(pass, service, read.changes).await?;
            Ok(Start::Changes)
        }
        _ => Ok(Start::Everything(Some(position(now)))),
    }
}

fn is_trusted(position: &EventPosition, settings: &Settings, now: u64) -> bool {
    !position.last.is_empty()
        && position.version == settings.version.path()
        && now.saturating_sub(position.read_at) < OLDEST_SECS
}

/// Whether the application has no events, or not from this position on.
fn are_not_there(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::Unsupported
            | ErrorKind::SchemaMismatch
    )
}

struct Read {
    last: String,
    changes: Changes,
    too_many: bool,
}

/// Reads all events after a position.
async fn read(pass: &Extraction, service: &Service, from: &str) -> Result<Read> {
    let query = if from.is_empty() { String::new() } else { format!("starting_after={from}") };
    let mut pages = Ahead::start(&pass.ctx, service.list(OPERATION, "events", &query)?);
    let (mut last, mut changes, mut too_many) = (from.to_owned(), Changes::new(), false);
    while let Some(page) = pages.next().await? {
        for index in 0..page.len() {
            let event = serde_json::from_slice::<Item<Event<'_>>>(page.raw(index));
            let event =
                event.map_err(|_| unexpected("an event does not have the documented form"))?;
            let event = event.data;
            event.id.get().clone_into(&mut last);
            too_many |= changes.len() >= MOST;
            // Without a position everything is read anyway, and only the last event counts.
            if !from.is_empty() && !too_many {
                note(&mut changes, &event, &page, index)?;
            }
        }
    }
    Ok(Read { last, changes, too_many })
}

fn unexpected(message: &str) -> Error {
    Error::new(ErrorKind::SchemaMismatch, OPERATION, message)
}

/// The entity that a list's records become, in load order.
fn entity_of(list: &str) -> Option<EntityKind> {
    Some(match list {
        "schools" => EntityKind::Org,
        "terms" => EntityKind::AcademicSession,
        "courses" => EntityKind::Course,
        "sections" => EntityKind::Section,
        "users" => EntityKind::User,
        _ => return None,
    })
}

fn note(changes: &mut Changes, event: &Event<'_>, page: &Records, index: usize) -> Result<()> {
    let Some((list, what)) = event.r#type.get().split_once('.') else { return Ok(()) };
    let Some(entity) = entity_of(list) else { return Ok(()) };
    let object: Identified<'_> = serde_json::from_str(event.data.object.get())
        .map_err(|_| unexpected("an event's object does not have the documented form"))?;
    let id = object.id.get().to_owned();
    let previous = event
        .data
        .previous_attributes
        .and_then(|it| serde_json::from_str::<Previous<'_>>(it.get()).ok());
    let previous = previous.unwrap_or_default();
    let record = lists::of_event(page, index, event.data.object.get());
    let entry = changes.entry((entity, id)).or_insert_with(|| Changed {
        record: record.clone(),
        deleted: false,
        members: Vec::new(),
        students: Vec::new(),
    });
    entry.record = record;
    entry.deleted = what == "deleted";
    let teachers = previous.teachers.0.iter().chain([&previous.teacher]);
    entry.members.extend(members(&EnrollmentRole::Teacher, teachers));
    entry.members.extend(members(&EnrollmentRole::Student, previous.students.0.iter()));
    let students = previous.roles.contact.student_relationships.0;
    entry.students.extend(students.iter().map(|it| it.student.get().to_owned()));
    Ok(())
}

fn members<'a, 'b: 'a>(
    role: &EnrollmentRole<'static>,
    ids: impl Iterator<Item = &'a Text<'b>>,
) -> Vec<(EnrollmentRole<'static>, String)> {
    ids.filter_map(Text::filled).map(|it| (role.clone(), it.to_owned())).collect()
}

/// Gives the rows of what changed, and what is gone.
async fn give(pass: &mut Extraction, service: &Service, changes: Changes) -> Result<()> {
    schools(pass, service).await?;
    pass.people.partial = true;
    for ((entity, id), changed) in &changes {
        pass.out.at(&changed.record.place);
        if *entity == EntityKind::User {
            person(pass, id, changed);
        } else if changed.deleted {
            pass.out.bury(*entity, 0, id);
        } else {
            place(pass, *entity, &changed.record);
        }
        pass.out.end_record();
    }
    pass.out.flush();
    let sections = changes.iter().filter(|it| it.0.0 == EntityKind::Section);
    for ((_, id), changed) in sections.filter(|it| !it.1.deleted) {
        memberships(pass, id, changed);
    }
    pass.out.flush();
    let cursor = pass.state(false).cursor()?;
    pass.set_next(cursor);
    for entity in EntityKind::ALL {
        if pass.wants(*entity) {
            pass.complete(*entity, Coverage::Changes);
        }
    }
    Ok(())
}

/// Schools are needed to tell which are shared.
async fn schools(pass: &mut Extraction, service: &Service) -> Result<()> {
    let mut pages = Ahead::start(&pass.ctx, service.list("clever.read", "schools", "")?);
    while let Some(page) = pages.next().await? {
        for index in 0..page.len() {
            if let Ok(Item { data }) =
                serde_json::from_slice::<Item<Identified<'_>>>(page.raw(index))
            {
                pass.people.schools.insert(data.id.get().into());
            }
        }
    }
    Ok(())
}

fn place(pass: &mut Extraction, entity: EntityKind, record: &Records) {
    let district = pass.district_id().to_owned();
    match entity {
        EntityKind::Org => _ = map::school(record, 0, &district, &mut pass.out),
        EntityKind::AcademicSession => map::term(record, 0, &mut pass.out),
        EntityKind::Course => map::course(record, 0, &district, &mut pass.out),
        _ => map::section(record, 0, &mut pass.out),
    }
}

fn person(pass: &mut Extraction, id: &str, changed: &Changed) {
    if changed.deleted {
        let key = pass.people.contacts.key_of(id);
        pass.out.bury(EntityKind::User, 0, &key);
        return;
    }
    let Some(key) = pass.people.person(&changed.record, 0, &mut pass.out) else { return };
    // The object is complete: what hangs on the person and is not given again is gone.
    for entity in [EntityKind::Role, EntityKind::Demographics, EntityKind::Program] {
        pass.out.replace(entity, &key);
    }
    let now: Vec<String> = map::students_of(&changed.record);
    for student in changed.students.iter().filter(|it| !it.is_empty() && !now.contains(it)) {
        pass.out.bury(EntityKind::Relationship, 0, &derived_id(&[student, &key]));
    }
}

/// Members of a section now, and those who have gone.
fn memberships(pass: &mut Extraction, id: &str, changed: &Changed) {
    pass.out.at(&changed.record.place);
    map::enrollments(&changed.record, 0, |_| true, &mut pass.out);
    let now = map::members_of(&changed.record);
    let mut gone: Vec<_> = changed.members.iter().filter(|it| !now.contains(it)).collect();
    let order = |it: &&(EnrollmentRole<'static>, String)| (it.0.term().to_owned(), it.1.clone());
    gone.sort_by_key(order);
    gone.dedup();
    let mut key = String::new();
    for (role, user) in gone {
        enrollment_id(user, id, role, &mut key);
        pass.out.bury(EntityKind::Enrollment, 0, &key);
    }
    pass.out.end_record();
}
