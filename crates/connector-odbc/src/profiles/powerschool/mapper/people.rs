//! Students, staff and contacts.

use super::{PowerSchoolMapper, number, sort};
use crate::{
    map::{Cells, Output},
    profiles::{
        powerschool::queries::{contacts, staff, students},
        sis::{Names, grade, whole},
    },
};
use roster_core::{
    DiagnosticCode, EntityKind,
    model::UserRow,
    value::{Identifier, Identifiers, TextList},
};
use std::borrow::Cow;

impl PowerSchoolMapper {
    pub(super) fn student(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(dcid) = number(row, students::dcid, EntityKind::User, out) else { return };
        let key = self.keys.own.of(sort::STUDENT, dcid);
        let names_used = [students::first_name, students::middle_name, students::last_name];
        let legal = [
            students::pscore_legal_first_name,
            students::pscore_legal_middle_name,
            students::pscore_legal_last_name,
        ];
        let names = Names::new(names_used.map(|it| row.get(it)), legal.map(|it| row.get(it)));
        let grade = row.get(students::grade_level).and_then(grade);
        let domain = self.settings.email_domain.as_deref();
        let email = row.get(students::email).map(|it| email(it, domain));
        let phone = phone(row.get(students::phone), row.get(students::phone_extension));
        let user = UserRow {
            source_id: key,
            username: row.get(students::student_web_id),
            email: email.as_deref(),
            sms: row.get(students::sms),
            phone: phone.as_deref(),
            identifier: row.get(students::student_number).map(whole),
            identifiers: state_identifier(row.get(students::state_studentnumber)),
            grades: TextList::new(&grade.into_iter().map(Cow::into_owned).collect()),
            enabled: Some(matches!(row.integer(students::enroll_status), Some(0 | -1))),
            primary_org_source_id: row.get(students::school_number).map(whole),
            ..UserRow::default()
        };
        give(&names, user, [students::first_name, students::last_name], out);
    }

    pub(super) fn staff(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(dcid) = number(row, staff::dcid, EntityKind::User, out) else { return };
        let key = self.keys.own.of(sort::USER, dcid);
        let names_used = [staff::first_name, staff::middle_name, staff::last_name];
        let mut names = Names::new(names_used.map(|it| row.get(it)), [None; 3]);
        names.preferred_given = row.get(staff::preferredname).filter(|it| Some(*it) != names.given);
        let user = UserRow {
            source_id: key,
            username: row.get(staff::loginid).or_else(|| row.get(staff::teacherloginid)),
            email: row.get(staff::email_addr),
            identifier: row.get(staff::teachernumber),
            identifiers: state_identifier(row.get(staff::sif_stateprid)),
            enabled: Some(row.integer(staff::active_schools).is_some_and(|it| it > 0)),
            primary_org_source_id: row.get(staff::homeschoolid).map(whole),
            ..UserRow::default()
        };
        give(&names, user, [staff::first_name, staff::last_name], out);
    }

    pub(super) fn contact(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(id) = number(row, contacts::id, EntityKind::User, out) else { return };
        let key = self.keys.own.of(sort::PERSON, id);
        if self.state.contact == key {
            return;
        }
        key.clone_into(&mut self.state.contact);
        let names_used = [contacts::firstname, contacts::middlename, contacts::lastname];
        let names = Names::new(names_used.map(|it| row.get(it)), [None; 3]);
        let phone = phone(row.get(contacts::phone), row.get(contacts::phone_extension));
        let user = UserRow {
            source_id: key,
            email: row.get(contacts::email),
            sms: row.get(contacts::sms),
            phone: phone.as_deref(),
            enabled: row.flag(contacts::isactive),
            primary_org_source_id: row.get(contacts::school_number).map(whole),
            ..UserRow::default()
        };
        give(&names, user, [contacts::firstname, contacts::lastname], out);
    }
}

/// Gives a user under a name; who has none is rejected.
fn give<'a>(names: &Names<'a>, user: UserRow<'a>, required: [usize; 2], out: &mut Output<'_>) {
    let (Some(given_name), Some(family_name)) = (names.given, names.family) else {
        let missing = if names.given.is_none() { required[0] } else { required[1] };
        let code = DiagnosticCode::MissingRequired;
        return out.reject(EntityKind::User, Some(user.source_id), code, missing);
    };
    out.push(&UserRow {
        given_name,
        family_name,
        middle_name: names.middle,
        preferred_given_name: names.preferred_given,
        preferred_middle_name: names.preferred_middle,
        preferred_family_name: names.preferred_family,
        ..user
    });
}

fn state_identifier<'a>(number: Option<&str>) -> Identifiers<'a> {
    let identifier =
        |it: &str| Identifier { scheme: "stateId".into(), identifier: whole(it).into() };
    Identifiers::new(&number.map(identifier).into_iter().collect())
}

fn email<'a>(text: &'a str, domain: Option<&str>) -> Cow<'a, str> {
    match domain {
        Some(domain) if !text.contains('@') => format!("{text}@{domain}").into(),
        _ => text.into(),
    }
}

fn phone<'a>(number: Option<&'a str>, extension: Option<&str>) -> Option<Cow<'a, str>> {
    let number = number?;
    Some(extension.map_or(number.into(), |it| format!("{number} x{it}").into()))
}
