//! Who is in which section.

use super::{PowerSchoolMapper, number, sort};
use crate::{
    map::{Cells, Output},
    profiles::{
        powerschool::queries::{enrollments, lead_teachers, section_staff},
        sis::{day_after, lowercased, one_day, whole},
    },
};
use roster_core::{
    DiagnosticCode, EntityKind,
    model::{EnrollmentRole, EnrollmentRow},
};

const ENTITY: EntityKind = EntityKind::Enrollment;

impl PowerSchoolMapper {
    pub(super) fn enrollment(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(dcid) = number(row, enrollments::dcid, ENTITY, out) else { return };
        let key = self.keys.own.of(sort::CC, dcid);
        let student = row.get(enrollments::student_dcid);
        let (Some(student), Some(section)) = (student, row.get(enrollments::section_dcid)) else {
            let code = DiagnosticCode::MissingRequired;
            return out.reject(ENTITY, Some(key), code, enrollments::student_dcid);
        };
        let mut day = |column| one_day(row, column, ENTITY, key, out);
        let (begin_date, end_date) = (day(enrollments::dateenrolled), day(enrollments::dateleft));
        out.push(&EnrollmentRow {
            source_id: key,
            user_source_id: self.keys.user.of(sort::STUDENT, student),
            section_source_id: self.keys.section.of(sort::SECTION, section),
            school_source_id: row.get(enrollments::school_number).map(whole),
            role: Some(EnrollmentRole::Student),
            begin_date,
            end_date,
            ..EnrollmentRow::default()
        });
    }

    pub(super) fn section_staff(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(id) = number(row, section_staff::id, ENTITY, out) else { return };
        let key = self.keys.own.of(sort::SECTION_TEACHER, id);
        let user = row.get(section_staff::users_dcid);
        let (Some(user), Some(section)) = (user, row.get(section_staff::section_dcid)) else {
            let code = DiagnosticCode::MissingRequired;
            return out.reject(ENTITY, Some(key), code, section_staff::users_dcid);
        };
        let is_lead = row.flag(section_staff::is_lead).unwrap_or(false);
        let word = row.get(section_staff::role_name).map(lowercased).unwrap_or_default();
        let unlisted = format!("ext:{word}");
        let role = match self.settings.section_roles.term(&word) {
            _ if is_lead || word.is_empty() => EnrollmentRole::Teacher,
            term => EnrollmentRole::from_term(term.unwrap_or(&unlisted)),
        };
        let mut day = |column| one_day(row, column, ENTITY, key, out);
        let (begin, end) = (day(section_staff::start_date), day(section_staff::end_date));
        out.push(&EnrollmentRow {
            source_id: key,
            user_source_id: self.keys.user.of(sort::USER, user),
            section_source_id: self.keys.section.of(sort::SECTION, section),
            school_source_id: row.get(section_staff::school_number).map(whole),
            is_primary: (role == EnrollmentRole::Teacher).then_some(is_lead),
            role: Some(role),
            begin_date: begin,
            end_date: end.and_then(day_after),
            ..EnrollmentRow::default()
        });
    }

    pub(super) fn lead_teacher(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let column = lead_teachers::section_dcid;
        let Some(section) = number(row, column, ENTITY, out) else { return };
        let Some(user) = row.get(lead_teachers::users_dcid) else { return };
        let section = self.keys.section.of(sort::SECTION, section);
        out.push(&EnrollmentRow {
            source_id: &format!("{section}/lead"),
            user_source_id: self.keys.user.of(sort::USER, user),
            section_source_id: section,
            school_source_id: row.get(lead_teachers::school_number).map(whole),
            role: Some(EnrollmentRole::Teacher),
            is_primary: Some(true),
            ..EnrollmentRow::default()
        });
    }
}
