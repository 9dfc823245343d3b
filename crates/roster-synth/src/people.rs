//! Who is in the district: staff, students and their contacts.

use crate::{
    Version,
    archive::Archive,
    catalog::DISTRICT_ID,
    district::{District, Purpose, School},
    night::Fate,
    table::Table,
};
use std::io;

/// Students out of a hundred who have a contact of their own.
const CONTACTS_PERCENT: u64 = 7;
/// Contacts out of a hundred who are also the next student's.
const SIBLINGS_PERCENT: u64 = 25;
/// Administrators of a school.
const ADMINISTRATORS: u64 = 2;

/// Someone who is in `users.csv`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Person {
    DistrictAdministrator,
    Administrator(u64),
    Teacher(u64),
    Student(u64, Fate),
    /// Numbered as the student whose contact they are first.
    Contact(u64, Fate),
}

impl Person {
    /// The role in the words of a version.
    pub(crate) fn role(self, version: Version) -> &'static str {
        let newer = version == Version::V1_2;
        match self {
            Self::DistrictAdministrator if newer => "districtAdministrator",
            Self::Administrator(0) if newer => "principal",
            Self::Administrator(_) if newer => "siteAdministrator",
            Self::DistrictAdministrator | Self::Administrator(_) => "administrator",
            Self::Teacher(_) => "teacher",
            Self::Student(..) => "student",
            Self::Contact(number, _) => match number % 3 {
                0 => "parent",
                1 => "guardian",
                _ => "relative",
            },
        }
    }

    /// What becomes of their own record.
    pub(crate) fn fate(self) -> Fate {
        match self {
            Self::Student(_, fate) | Self::Contact(_, fate) => fate,
            _ => Fate::Kept,
        }
    }

    /// Appends a cell of `prefix` and their `sourcedId`.
    pub(crate) fn id(self, prefix: &str, school: &School, table: &mut Table<'_>) {
        table.text(prefix);
        match self {
            Self::DistrictAdministrator => table.append("adm-district"),
            Self::Administrator(number) => table.and("adm-", school.number, 5).and("-", number, 4),
            Self::Teacher(number) => table.and("tch-", school.number, 5).and("-", number, 4),
            Self::Student(number, _) => table.and("stu-", number, 7),
            Self::Contact(number, _) => table.and("con-", number, 7),
        };
    }

    /// Appends the organization they belong to.
    pub(crate) fn org(self, school: &School, table: &mut Table<'_>) {
        match self {
            Self::DistrictAdministrator => table.text(DISTRICT_ID),
            _ => table.id("sch-", school.number, 5),
        };
    }

    pub(crate) fn purpose(self) -> Purpose {
        match self {
            Self::Student(..) => Purpose::Student,
            Self::Contact(..) => Purpose::Contact,
            _ => Purpose::Staff,
        }
    }

    /// A number that no one else of the same purpose has.
    pub(crate) fn number(self, school: &School) -> u64 {
        match self {
            Self::DistrictAdministrator => 9_999,
            Self::Administrator(number) => school.number * 10_000 + 9_000 + number,
            Self::Teacher(number) => school.number * 10_000 + number,
            Self::Student(number, _) | Self::Contact(number, _) => number,
        }
    }
}

/// Calls `each` for everyone of a school, those who are gone included.
pub(crate) fn everyone(
    district: &District,
    school: &School,
    mut each: impl FnMut(Person) -> io::Result<()>,
) -> io::Result<()> {
    if school.number == 0 {
        each(Person::DistrictAdministrator)?;
    }
    (0..ADMINISTRATORS).map(Person::Administrator).try_for_each(&mut each)?;
    (0..school.teachers()).map(Person::Teacher).try_for_each(&mut each)?;
    for (student, fate) in district.students(school) {
        each(Person::Student(student, fate))?;
        if has_contact(district, student) {
            each(Person::Contact(student, follow(fate)))?;
        }
    }
    Ok(())
}

/// Numbers of a student's contacts and what becomes of the relationship with each.
pub(crate) fn contacts(
    district: &District,
    school: &School,
    student: u64,
    fate: Fate,
) -> impl Iterator<Item = (u64, Fate)> {
    let own = has_contact(district, student).then(|| (student, follow(fate)));
    let sibling = student
        .checked_sub(1)
        .filter(|it| school.had(*it) && school.had(student) && shares_contact(district, *it));
    let of_sibling = sibling.map(|it| {
        let contact_stays = district.night.fate(it).present();
        (it, if contact_stays { follow(fate) } else { Fate::Removed })
    });
    own.into_iter().chain(of_sibling)
}

/// What becomes of a record that comes and goes with another.
pub(crate) fn follow(fate: Fate) -> Fate {
    if fate == Fate::Updated { Fate::Kept } else { fate }
}

/// Takes everyone, and what comes and goes with them, into account.
pub(crate) fn count(district: &District, archive: &mut Archive) -> io::Result<()> {
    for school in district.schools() {
        everyone(district, &school, |person| {
            archive.count("users", person.fate(), 1);
            archive.count("roles", follow(person.fate()), 1);
            if let Person::Student(student, fate) = person {
                archive.count("demographics", follow(fate), 1);
                for (_, relationship) in contacts(district, &school, student, fate) {
                    archive.count("relationships", relationship, 1);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn has_contact(district: &District, student: u64) -> bool {
    district.random(Purpose::Relationship, student).chance(CONTACTS_PERCENT)
}

fn shares_contact(district: &District, student: u64) -> bool {
    let mut random = district.random(Purpose::Relationship, student);
    random.chance(CONTACTS_PERCENT) && random.chance(SIBLINGS_PERCENT)
}
