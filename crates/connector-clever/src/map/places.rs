//! Districts, schools, terms and courses.

use super::{
    Output,
    rejected::reject,
    values::{JsonIdentifiers, JsonObject, date, grade_span, json_list},
};
use crate::{
    lists::Records,
    wire::{Course, District, Item, School, Term},
};
use roster_core::{
    Diagnostic, DiagnosticCode, EntityKind, Severity,
    model::{AcademicSessionRow, CourseRow, OrgRow, OrgType, SessionType},
};

/// The district itself.
pub(crate) fn district(records: &Records, out: &mut Output) {
    out.at(&records.place);
    for index in 0..records.len() {
        let Ok(Item { data: it }) =
            serde_json::from_slice::<Item<District<'_>>>(records.raw(index))
        else {
            reject(out, EntityKind::Org, (records, index), DiagnosticCode::RecordForm, None);
            continue;
        };
        let (mut ids, mut ext) = (JsonIdentifiers::default(), JsonObject::default());
        ids.add("nces", it.nces_id.get());
        ids.add("mdr", it.mdr_number.get());
        ext.field("sis_type", it.sis_type.get());
        let row = OrgRow {
            source_id: it.id.get(),
            name: it.name.get(),
            org_type: Some(OrgType::District),
            identifier: it.nces_id.filled(),
            identifiers: read(ids.end()),
            extensions: read(ext.end()),
            ..OrgRow::default()
        };
        out.push(records.position(index), &row);
        out.end_record();
    }
}

/// Reads canonical text that was written just before.
pub(super) fn read<'a, T: roster_core::value::FieldValue<'a>>(text: Option<&'a str>) -> T {
    T::read(text)
}

/// A school of the district `parent`; false when it cannot be used.
pub(crate) fn school(
    records: &Records,
    index: usize,
    parent: &str,
    out: &mut Output,
) -> Option<String> {
    let at = (records, index);
    let Ok(Item { data: it }) = serde_json::from_slice::<Item<School<'_>>>(records.raw(index))
    else {
        reject(out, EntityKind::Org, at, DiagnosticCode::RecordForm, None);
        return None;
    };
    if it.id.filled().is_none() {
        reject(out, EntityKind::Org, at, DiagnosticCode::MissingRequired, Some("id"));
        return None;
    }
    let (mut ids, mut ext, mut grades) =
        (JsonIdentifiers::default(), JsonObject::default(), String::new());
    ids.add("sis", it.sis_id.get());
    ids.add("number", it.school_number.get());
    ids.add("state", it.state_id.get());
    ids.add("nces", it.nces_id.get());
    ids.add("mdr", it.mdr_number.get());
    ext.field("principal.name", it.principal.name.get());
    ext.field("principal.email", it.principal.email.get());
    ext.coordinates(&it.location);
    let left_out = ext.extensions(&it.ext, &mut Vec::new());
    let row = OrgRow {
        source_id: it.id.get(),
        name: it.name.get(),
        org_type: Some(OrgType::School),
        identifier: it.school_number.filled().or(it.sis_id.filled()),
        parent_source_id: Some(parent).filter(|it| !it.is_empty()),
        identifiers: read(ids.end()),
        address_line1: it.location.address.filled(),
        city: it.location.city.filled(),
        state: it.location.state.filled(),
        postal_code: it.location.zip.filled(),
        phone: it.phone.filled(),
        grades: read(json_list(&grade_span(it.low_grade.get(), it.high_grade.get()), &mut grades)),
        extensions: read(ext.end()),
        ..OrgRow::default()
    };
    out.push(records.position(index), &row);
    if left_out {
        credential(out, EntityKind::Org, records.position(index), it.id.get());
    }
    out.end_record();
    Some(it.id.get().to_owned())
}

/// Tells that an extension field was left out since it seems to be a credential.
pub(super) fn credential(out: &mut Output, entity: EntityKind, position: u64, source_id: &str) {
    warn(out, entity, position, source_id, (DiagnosticCode::ColumnCredential, "ext"));
}

/// Tells something about a record that is kept.
pub(super) fn warn(
    out: &mut Output,
    entity: EntityKind,
    position: u64,
    source_id: &str,
    (code, field): (DiagnosticCode, &str),
) {
    let Some(locus) = out.locus(entity, position) else { return };
    let finding = Diagnostic {
        code,
        severity: Severity::Warning,
        field: Some(field.into()),
        source_id: Some(source_id.into()),
        locus,
    };
    out.find(entity, finding);
}

/// A term.
pub(crate) fn term(records: &Records, index: usize, out: &mut Output) {
    let (at, kind) = ((records, index), EntityKind::AcademicSession);
    let Ok(Item { data: it }) = serde_json::from_slice::<Item<Term<'_>>>(records.raw(index)) else {
        return reject(out, kind, at, DiagnosticCode::RecordForm, None);
    };
    if it.id.filled().is_none() {
        return reject(out, kind, at, DiagnosticCode::MissingRequired, Some("id"));
    }
    for (text, field) in [(&it.start_date, "start_date"), (&it.end_date, "end_date")] {
        if date(text.get()).is_none() {
            let code = match text.filled() {
                Some(_) => DiagnosticCode::InvalidDate,
                None => DiagnosticCode::MissingRequired,
            };
            return reject(out, kind, at, code, Some(field));
        }
    }
    let row = AcademicSessionRow {
        source_id: it.id.get(),
        title: it.name.filled().unwrap_or("term"),
        session_type: Some(SessionType::Term),
        start_date: date(it.start_date.get()),
        end_date: date(it.end_date.get()),
        ..AcademicSessionRow::default()
    };
    out.push(records.position(index), &row);
    out.end_record();
}

/// A course of the district.
pub(crate) fn course(records: &Records, index: usize, district: &str, out: &mut Output) {
    let (at, kind) = ((records, index), EntityKind::Course);
    let Ok(Item { data: it }) = serde_json::from_slice::<Item<Course<'_>>>(records.raw(index))
    else {
        return reject(out, kind, at, DiagnosticCode::RecordForm, None);
    };
    if it.id.filled().is_none() {
        return reject(out, kind, at, DiagnosticCode::MissingRequired, Some("id"));
    }
    let row = CourseRow {
        source_id: it.id.get(),
        title: it.name.filled().unwrap_or(it.number.get()),
        course_code: it.number.filled(),
        org_source_id: Some(district).filter(|it| !it.is_empty()),
        ..CourseRow::default()
    };
    out.push(records.position(index), &row);
    out.end_record();
}
