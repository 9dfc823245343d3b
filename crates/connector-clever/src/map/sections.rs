//! Sections, and who is in them: Clever has no list of enrollments, sections name their members.

use super::{
    Output,
    places::{credential, read},
    rejected::reject,
    values::{JsonObject, grade, json_list},
};
use crate::{
    lists::Records,
    wire::{Item, Section, Text},
};
use roster_core::{
    DiagnosticCode, EntityKind,
    model::{EnrollmentRole, EnrollmentRow, SectionRow, SectionType},
    push_derived_id,
};

/// A section.
pub(crate) fn section(records: &Records, index: usize, out: &mut Output) {
    let (at, kind) = ((records, index), EntityKind::Section);
    let Ok(Item { data: it }) = serde_json::from_slice::<Item<Section<'_>>>(records.raw(index))
    else {
        return reject(out, kind, at, DiagnosticCode::RecordForm, None);
    };
    for (text, field) in [(&it.id, "id"), (&it.school, "school")] {
        if text.filled().is_none() {
            return reject(out, kind, at, DiagnosticCode::MissingRequired, Some(field));
        }
    }
    let mut ext = JsonObject::default();
    ext.field("sis_id", it.sis_id.get());
    let left_out = ext.extensions(&it.ext, &mut Vec::new());
    let homeroom = it.subject.get() == "homeroom/advisory";
    let (mut terms, mut periods, mut grades, mut subjects) = <[String; 4]>::default().into();
    let row = SectionRow {
        source_id: it.id.get(),
        title: it.name.filled().unwrap_or(it.sis_id.get()),
        section_code: it.section_number.filled(),
        section_type: Some(if homeroom { SectionType::Homeroom } else { SectionType::Scheduled }),
        course_source_id: it.course.filled(),
        school_source_id: it.school.get(),
        academic_session_source_ids: read(json_list(&[it.term_id.get()], &mut terms)),
        periods: read(json_list(&[it.period.get()], &mut periods)),
        grades: read(json_list(&[grade(it.grade.get())], &mut grades)),
        subjects: read(json_list(&[it.subject.get()], &mut subjects)),
        extensions: read(ext.end()),
        ..SectionRow::default()
    };
    out.push(records.position(index), &row);
    if left_out {
        credential(out, kind, records.position(index), it.id.get());
    }
    out.end_record();
}

/// The key of an enrollment.
pub(crate) fn enrollment_id(
    user: &str,
    section: &str,
    role: &EnrollmentRole<'_>,
    out: &mut String,
) {
    out.clear();
    push_derived_id(&[user, section, role.term()], out);
}

/// The members of a section.  Members that `is_known` does not know are not shared and are left out; a section that
/// cannot be read is told of by its own record.
pub(crate) fn enrollments(
    records: &Records,
    index: usize,
    is_known: impl Fn(&str) -> bool,
    out: &mut Output,
) {
    let Ok(Item { data: it }) = serde_json::from_slice::<Item<Section<'_>>>(records.raw(index))
    else {
        return;
    };
    if it.id.filled().is_none() || it.school.filled().is_none() {
        return;
    }
    let position = records.position(index);
    let mut key = String::new();
    let mut add =
        |user: &str, role: EnrollmentRole<'_>, is_primary: Option<bool>, out: &mut Output| {
            if user.is_empty() || !is_known(user) {
                return;
            }
            enrollment_id(user, it.id.get(), &role, &mut key);
            let row = EnrollmentRow {
                source_id: &key,
                user_source_id: user,
                section_source_id: it.id.get(),
                school_source_id: it.school.filled(),
                role: Some(role),
                is_primary,
                ..EnrollmentRow::default()
            };
            out.push(position, &row);
        };
    let primary = primary(&it);
    for user in once_each(&it.teachers.0, it.teacher.get()) {
        add(user, EnrollmentRole::Teacher, Some(user == primary), out);
        out.end_record();
    }
    for user in once_each(&it.students.0, "") {
        add(user, EnrollmentRole::Student, None, out);
        out.end_record();
    }
}

/// The section's first teacher.
fn primary<'a>(section: &'a Section<'_>) -> &'a str {
    let first = || section.teachers.0.first().map_or("", Text::get);
    section.teacher.filled().unwrap_or_else(first)
}

/// Ids in their order, each once, `also` among them.
fn once_each<'a>(ids: &'a [Text<'_>], also: &'a str) -> Vec<&'a str> {
    let mut all: Vec<&str> = ids.iter().map(Text::get).collect();
    all.push(also);
    let mut seen = std::collections::HashSet::with_capacity(all.len());
    all.retain(|it| !it.is_empty() && seen.insert(*it));
    all
}

/// The members of a section, with their roles.
pub(crate) fn members_of(records: &Records) -> Vec<(EnrollmentRole<'static>, String)> {
    let Ok(Item { data: it }) = serde_json::from_slice::<Item<Section<'_>>>(records.raw(0)) else {
        return Vec::new();
    };
    let teachers = once_each(&it.teachers.0, it.teacher.get());
    let students = once_each(&it.students.0, "");
    let teachers = teachers.into_iter().map(|it| (EnrollmentRole::Teacher, it.to_owned()));
    let students = students.into_iter().map(|it| (EnrollmentRole::Student, it.to_owned()));
    teachers.chain(students).collect()
}
