//! `users.csv` and, in OneRoster 1.2, `roles.csv`.

use crate::{
    Version,
    archive::Archive,
    district::{District, Purpose, School},
    names,
    night::Fate,
    people::{Person, contacts, everyone},
    random::Random,
    table::Table,
};
use std::io;

const USERS_1_1: &[&str] = &[
    "sourcedId",
    "status",
    "dateLastModified",
    "enabledUser",
    "orgSourcedIds",
    "role",
    "username",
    "userIds",
    "givenName",
    "familyName",
    "middleName",
    "identifier",
    "email",
    "sms",
    "phone",
    "agentSourcedIds",
    "grades",
    "password",
];
const USERS_1_2: &[&str] = &[
    "sourcedId",
    "status",
    "dateLastModified",
    "enabledUser",
    "username",
    "userIds",
    "givenName",
    "familyName",
    "middleName",
    "identifier",
    "email",
    "sms",
    "phone",
    "agentSourcedIds",
    "grades",
    "password",
    "userMasterIdentifier",
    "preferredGivenName",
    "preferredMiddleName",
    "preferredFamilyName",
    "primaryOrgSourcedId",
    "pronouns",
];
const ROLES: &[&str] = &[
    "sourcedId",
    "status",
    "dateLastModified",
    "userSourcedId",
    "roleType",
    "role",
    "beginDate",
    "endDate",
    "orgSourcedId",
    "userProfileSourcedId",
];

pub(crate) fn write(district: &District, archive: &mut Archive) -> io::Result<()> {
    let version = district.options.version;
    let columns = match version {
        Version::V1_1 => USERS_1_1,
        Version::V1_2 => USERS_1_2,
    };
    let mut table = Table::start(archive, "users.csv", columns)?;
    for school in district.schools() {
        everyone(district, &school, |person| match version {
            _ if !person.fate().present() => Ok(()),
            Version::V1_1 => user_1_1(district, &school, person, &mut table),
            Version::V1_2 => user_1_2(district, &school, person, &mut table),
        })?;
    }
    table.finish()?;
    if version == Version::V1_2 { roles(district, archive) } else { Ok(()) }
}

fn roles(district: &District, archive: &mut Archive) -> io::Result<()> {
    let mut table = Table::start(archive, "roles.csv", ROLES)?;
    for school in district.schools() {
        everyone(district, &school, |person| {
            if person.fate().present() { role(&school, person, &mut table) } else { Ok(()) }
        })?;
    }
    table.finish()
}

fn role(school: &School, person: Person, table: &mut Table<'_>) -> io::Result<()> {
    person.id("rol-", school, table);
    table.blank(2);
    person.id("", school, table);
    table.text("primary").text(person.role(Version::V1_2)).blank(2);
    person.org(school, table);
    table.blank(1).end_row()
}

fn user_1_1(
    district: &District,
    school: &School,
    person: Person,
    table: &mut Table<'_>,
) -> io::Result<()> {
    person.id("", school, table);
    table.blank(2).text("true");
    person.org(school, table);
    table.text(person.role(Version::V1_1));
    common_cells(district, school, person, table);
    table.end_row()
}

fn user_1_2(
    district: &District,
    school: &School,
    person: Person,
    table: &mut Table<'_>,
) -> io::Result<()> {
    person.id("", school, table);
    table.blank(2).text("true");
    common_cells(district, school, person, table);
    table.blank(4);
    person.org(school, table);
    table.blank(1).end_row()
}

/// The cells from `username` to `password`, which both versions have in the same order.
fn common_cells(district: &District, school: &School, person: Person, table: &mut Table<'_>) {
    let mut random = district.random(person.purpose(), person.number(school));
    username(school, person, table.blank(1));
    if let Person::Student(number, _) = person {
        table.id("{state:00", number, 8).append("}");
    } else {
        table.blank(1);
    }
    table.text(random.pick(names::GIVEN)).text(random.pick(names::FAMILY));
    table.text(if random.chance(30) { random.pick(names::GIVEN) } else { "" });
    table.id("", 100_000 + person.number(school), 6);
    username(school, person, table.blank(1));
    table.append(match person {
        Person::Student(..) => "@students.homeroom.example",
        _ => "@homeroom.example",
    });
    table.blank(1).id("(555) 555-", phone(district, school, person, &mut random), 4);
    if let Person::Student(student, fate) = person {
        contact_list(district, school, student, fate, table);
        table.text(school.grades()[school.grade_of_student(student)]).blank(1);
    } else {
        table.blank(3);
    }
}

/// Appends the name to sign in with to the cell.
fn username(school: &School, person: Person, table: &mut Table<'_>) {
    match person {
        Person::DistrictAdministrator => table.append("superintendent"),
        Person::Administrator(number) => table.and("office", school.number, 1).and(".", number, 1),
        Person::Teacher(number) => table.and("t", school.number, 1).and(".", number, 1),
        Person::Student(number, _) => table.and("s", number, 1),
        Person::Contact(number, _) => table.and("home", number, 1),
    };
}

/// The last digits of the telephone number; a student who is updated has others.
fn phone(district: &District, school: &School, person: Person, random: &mut Random) -> u64 {
    let number = random.below(10_000);
    if person.fate() != Fate::Updated {
        return number;
    }
    let change = district.random(Purpose::Change, person.number(school)).below(9_999);
    (number + 1 + change) % 10_000
}

/// Appends the list of a student's contacts as one cell.
fn contact_list(
    district: &District,
    school: &School,
    student: u64,
    fate: Fate,
    table: &mut Table<'_>,
) {
    let present = || contacts(district, school, student, fate).filter(|it| it.1.present());
    let quote = if present().count() > 1 { "\"" } else { "" };
    table.blank(1).append(quote);
    for (index, (contact, _)) in present().enumerate() {
        table.and(if index > 0 { ",con-" } else { "con-" }, contact, 7);
    }
    table.append(quote);
}
