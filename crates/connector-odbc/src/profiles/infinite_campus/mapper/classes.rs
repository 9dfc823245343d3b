//! Who is in which section.

use super::{InfiniteCampusMapper, person_key, required, roles::dates, sort};
use crate::{
    map::{Cells, Output},
    profiles::{
        infinite_campus::queries::{enrollments, lead_teachers, section_staff},
        sis::{lowercased, whole},
    },
};
use roster_core::{
    DiagnosticCode, EntityKind,
    model::{Enrollment, EnrollmentRole, EnrollmentRow},
};

const ENTITY: EntityKind = EntityKind::Enrollment;

/// Somebody's place in a section, until all rows about it have come: of several the latest counts.
#[derive(Debug)]
pub(super) struct SectionStaff(Enrollment);

impl InfiniteCampusMapper {
    pub(super) fn enrollment(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(id) = required(row, enrollments::rosterID, ENTITY, None, out) else { return };
        let key = self.keys.own.of(sort::ROSTER, id);
        let columns = (enrollments::personGUID, enrollments::personID);
        let Some(person) = person_key(&mut self.keys.user, self.settings.person_key, row, columns)
        else {
            let code = DiagnosticCode::MissingRequired;
            return out.reject(ENTITY, Some(key), code, enrollments::personGUID);
        };
        let column = enrollments::section_id;
        let Some(section) = required(row, column, ENTITY, Some(key), out) else { return };
        let columns = (enrollments::startDate, enrollments::endDate);
        let (begin_date, end_date) = dates(row, columns, ENTITY, key, out);
        let school = row.get(enrollments::school_id);
        out.push(&EnrollmentRow {
            source_id: key,
            user_source_id: person,
            section_source_id: whole(section),
            school_source_id: school.map(|it| self.keys.school.of(sort::SCHOOL, it)),
            role: Some(EnrollmentRole::Student),
            begin_date,
            end_date,
            ..EnrollmentRow::default()
        });
    }

    pub(super) fn section_staff(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let columns = (section_staff::personGUID, section_staff::personID);
        let person = person_key(&mut self.keys.user, self.settings.person_key, row, columns);
        let (Some(person), Some(section)) = (person, row.get(section_staff::section_id)) else {
            let code = DiagnosticCode::MissingRequired;
            return out.reject(ENTITY, None, code, section_staff::personGUID);
        };
        let letter = row.get(section_staff::staffType).unwrap_or("T");
        let key = format!("staff:{}/{person}/{letter}", whole(section));
        let columns = (section_staff::startDate, section_staff::endDate);
        let (begin_date, end_date) = dates(row, columns, ENTITY, &key, out);
        let unlisted = format!("ext:{}", lowercased(letter));
        let term = self.settings.section_roles.term(&lowercased(letter)).unwrap_or(&unlisted);
        let role = EnrollmentRole::from_term(term).into_owned();
        let school = row.get(section_staff::school_id);
        let found = Enrollment {
            source_id: key,
            user_source_id: person.to_owned(),
            section_source_id: whole(section).to_owned(),
            school_source_id: school.map(|it| self.keys.school.of(sort::SCHOOL, it).to_owned()),
            is_primary: (role == EnrollmentRole::Teacher).then_some(letter == "P"),
            role: Some(role),
            begin_date,
            end_date,
            ..Enrollment::default()
        };
        match &mut self.state.staff {
            Some(SectionStaff(kept)) if kept.source_id == found.source_id => {
                if is_later(&found, kept) {
                    *kept = found;
                }
            }
            _ => {
                self.give_section_staff(out);
                self.state.staff = Some(SectionStaff(found));
            }
        }
    }

    pub(super) fn give_section_staff(&mut self, out: &mut Output<'_>) {
        if let Some(SectionStaff(staff)) = self.state.staff.take() {
            out.push(&EnrollmentRow::borrow(&staff));
        }
    }

    pub(super) fn lead_teacher(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let columns = (lead_teachers::personGUID, lead_teachers::personID);
        let person = person_key(&mut self.keys.user, self.settings.person_key, row, columns);
        let (Some(person), Some(section)) = (person, row.get(lead_teachers::section_id)) else {
            let code = DiagnosticCode::MissingRequired;
            return out.reject(ENTITY, None, code, lead_teachers::personGUID);
        };
        let school = row.get(lead_teachers::school_id);
        out.push(&EnrollmentRow {
            source_id: &format!("staff:{}/{person}/lead", whole(section)),
            user_source_id: person,
            section_source_id: whole(section),
            school_source_id: school.map(|it| self.keys.school.of(sort::SCHOOL, it)),
            role: Some(EnrollmentRole::Teacher),
            is_primary: Some(true),
            ..EnrollmentRow::default()
        });
    }
}

/// Who is still there is later than who left; else the later beginning counts.
fn is_later(one: &Enrollment, other: &Enrollment) -> bool {
    let open = |it: &Enrollment| it.end_date.is_none();
    (open(one), one.end_date, one.begin_date) > (open(other), other.end_date, other.begin_date)
}
