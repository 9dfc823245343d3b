//! `demographics.csv`: one record a student.

use crate::{
    archive::Archive,
    calendar,
    district::{District, Purpose, School},
    random::Random,
    table::Table,
};
use std::io;

const COLUMNS: &[&str] = &[
    "sourcedId",
    "status",
    "dateLastModified",
    "birthDate",
    "sex",
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
    "demographicRaceTwoOrMoreRaces",
    "hispanicOrLatinoEthnicity",
    "countryOfBirthCode",
    "stateOfBirthAbbreviation",
    "cityOfBirth",
    "publicSchoolResidenceStatus",
];

/// Percent of students for each of the five races, in the order of the columns.
const RACES: [u64; 5] = [2, 7, 16, 1, 60];

const BIRTHPLACES: &[(&str, &str, &str)] = &[
    ("US", "CA", "Fresno"),
    ("US", "CA", "Bakersfield"),
    ("US", "AZ", "Flagstaff"),
    ("US", "TX", "El Paso"),
    ("MX", "", "Guadalajara"),
    ("VN", "", "Đà Nẵng"),
];

pub(crate) fn write(district: &District, archive: &mut Archive) -> io::Result<()> {
    let mut table = Table::start(archive, "demographics.csv", COLUMNS)?;
    for school in district.schools() {
        for (student, _) in district.students(&school).filter(|it| it.1.present()) {
            record(district, &school, student, &mut table)?;
        }
    }
    table.finish()
}

fn record(
    district: &District,
    school: &School,
    student: u64,
    table: &mut Table<'_>,
) -> io::Result<()> {
    let mut random = district.random(Purpose::Demographics, student);
    let grade = school.grades()[school.grade_of_student(student)];
    table.id("stu-", student, 7).blank(2);
    birth_date(grade, &mut random, table);
    table.text(random.pick(&["female", "male"]));
    races(&mut random, table);
    table.text(flag(random.chance(28)));
    let place = BIRTHPLACES[if random.chance(85) { 0 } else { random.index(BIRTHPLACES.len()) }];
    table.text(place.0).text(place.1).text(place.2).blank(1).end_row()
}

/// Appends a birthday with which a child is in `grade` this year.
fn birth_date(grade: &str, random: &mut Random, table: &mut Table<'_>) {
    let years_at_school: u64 = grade.parse().unwrap_or(0);
    let first_grade_born = calendar::FIRST_DAY_YEAR - 6;
    table.id("", first_grade_born + 1 - years_at_school, 4);
    table.and("-", 1 + random.below(8), 2).and("-", 1 + random.below(28), 2);
}

fn races(random: &mut Random, table: &mut Table<'_>) {
    let chosen = RACES.map(|percent| random.chance(percent));
    for race in chosen {
        table.text(flag(race));
    }
    table.text(flag(chosen.iter().filter(|it| **it).count() > 1));
}

fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
