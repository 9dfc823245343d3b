//! People: one record each, whatever they are.

use super::{InfiniteCampusMapper, person_key, sort};
use crate::{
    map::{Cells, Output},
    profiles::{
        infinite_campus::queries::people,
        sis::{Names, grade, one_day},
    },
};
use roster_core::{
    DiagnosticCode, EntityKind,
    model::UserRow,
    value::{Identifier, Identifiers, TextList},
};
use std::borrow::Cow;

/// What somebody is first, as the query counts it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Student,
    Staff,
    Contact,
}

impl InfiniteCampusMapper {
    /// The first row of a person is what counts: students come before staff, and staff before contacts.
    pub(super) fn person(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let columns = (people::personGUID, people::personID);
        let Some(key) = person_key(&mut self.keys.user, self.settings.person_key, row, columns)
        else {
            let code = DiagnosticCode::MissingRequired;
            return out.reject(EntityKind::User, None, code, people::personGUID);
        };
        if self.state.person == key {
            return;
        }
        key.clone_into(&mut self.state.person);
        let used = [people::firstName, people::middleName, people::lastName];
        let legal = [people::legalFirstName, people::legalMiddleName, people::legalLastName];
        let names = Names::new(used.map(|it| row.get(it)), legal.map(|it| row.get(it)));
        let (Some(given_name), Some(family_name)) = (names.given, names.family) else {
            let missing = if names.given.is_none() { used[0] } else { used[2] };
            let code = DiagnosticCode::MissingRequired;
            return out.reject(EntityKind::User, Some(key), code, missing);
        };
        let kind = match row.integer(people::kind) {
            Some(1) => Kind::Student,
            Some(2) => Kind::Staff,
            _ => Kind::Contact,
        };
        let grade = row.get(people::grade).and_then(grade).map(Cow::into_owned);
        let domain = self.settings.email_domain.as_deref();
        let email = email(kind, row, domain);
        let (number, state_number) = numbers(kind, row);
        let left = one_day(row, people::end_date, EntityKind::User, key, out)
            .is_some_and(|it| it < self.settings.today);
        let school = row.get(people::school_id).map(|it| self.keys.school.of(sort::SCHOOL, it));
        let district = row.get(people::district_id);
        let district = district.map(|it| self.keys.other.of(sort::DISTRICT, it));
        out.push(&UserRow {
            source_id: key,
            given_name,
            family_name,
            middle_name: names.middle,
            preferred_given_name: names.preferred_given,
            preferred_middle_name: names.preferred_middle,
            preferred_family_name: names.preferred_family,
            username: row.get(people::username),
            email: email.as_deref(),
            sms: row.get(people::cell_phone),
            phone: row.get(people::home_phone).or_else(|| row.get(people::work_phone)),
            identifier: number,
            identifiers: Identifiers::new(&state_number.into_iter().collect()),
            grades: TextList::new(&grade.into_iter().collect()),
            enabled: (kind != Kind::Contact).then_some(!left),
            primary_org_source_id: match row.integer(people::schools) {
                Some(0) => district,
                Some(1) => school,
                _ => None,
            },
            ..UserRow::default()
        });
    }
}

fn email<'a>(kind: Kind, row: &Cells<'a>, domain: Option<&str>) -> Option<Cow<'a, str>> {
    if kind != Kind::Student {
        return row.get(people::email).map(Cow::Borrowed);
    }
    let text = row.get(people::student_email)?;
    Some(match domain {
        Some(domain) if !text.contains('@') => format!("{text}@{domain}").into(),
        _ => text.into(),
    })
}

fn numbers<'a>(kind: Kind, row: &Cells<'a>) -> (Option<&'a str>, Option<Identifier>) {
    let (own, of_state) = match kind {
        Kind::Student => (people::studentNumber, people::stateID),
        Kind::Staff => (people::staffNumber, people::staffStateID),
        Kind::Contact => return (None, None),
    };
    let identifier = |it: &str| Identifier { scheme: "stateId".into(), identifier: it.into() };
    (row.get(own), row.get(of_state).map(identifier))
}
