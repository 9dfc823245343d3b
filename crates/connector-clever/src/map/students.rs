//! Demographics and programs of students.

use super::{
    Output,
    places::{read, warn},
    values::{JsonObject, date, flag},
};
use crate::wire::Student;
use roster_core::{
    DiagnosticCode, EntityKind, derived_id,
    model::{DemographicsRow, ProgramRow, ProgramType, Sex},
};

/// Clever has one race for a student; the others are then known not to be theirs.
const RACES: [&str; 6] = [
    "American Indian",
    "Asian",
    "Black or African American",
    "Hawaiian or Other Pacific Islander",
    "Caucasian",
    "Two or More Races",
];

/// A student's demographics, if any are told.
pub(super) fn demographics(id: &str, student: &Student<'_>, position: u64, out: &mut Output) {
    if !out.wants(EntityKind::Demographics) {
        return;
    }
    let birth_date = date(student.dob.get());
    if birth_date.is_none() && student.dob.filled().is_some() {
        let finding = (DiagnosticCode::InvalidDate, "roles.student.dob");
        warn(out, EntityKind::Demographics, position, id, finding);
    }
    let race = student.race.get();
    let is = |name: &str| RACES.contains(&race).then_some(race == name);
    let row = DemographicsRow {
        source_id: id,
        user_source_id: id,
        birth_date,
        sex: sex(student.gender.get()),
        american_indian_or_alaska_native: is("American Indian"),
        asian: is("Asian"),
        black_or_african_american: is("Black or African American"),
        native_hawaiian_or_other_pacific_islander: is("Hawaiian or Other Pacific Islander"),
        white: is("Caucasian"),
        demographic_race_two_or_more_races: is("Two or More Races"),
        hispanic_or_latino_ethnicity: flag(student.hispanic_ethnicity.get()),
        ..DemographicsRow::default()
    };
    let told = birth_date.is_some()
        || row.sex.is_some()
        || RACES.contains(&race)
        || row.hispanic_or_latino_ethnicity.is_some();
    if told {
        out.push(position, &row);
    }
}

fn sex(gender: &str) -> Option<Sex<'_>> {
    match gender {
        "" => None,
        "M" => Some(Sex::Male),
        "F" => Some(Sex::Female),
        "X" => Some(Sex::Other_),
        other => Some(Sex::from_term(other)),
    }
}

/// A student's programs.  "No" is no program; a blank tells nothing.
pub(super) fn programs(id: &str, student: &Student<'_>, position: u64, out: &mut Output) {
    if !out.wants(EntityKind::Program) {
        return;
    }
    let in_program = |status: &str| !status.is_empty() && flag(status) != Some(false);
    let all = [
        (ProgramType::EnglishLanguageLearner, student.ell_status.get()),
        (ProgramType::IndividualizedEducationProgram, student.iep_status.get()),
        (ProgramType::Gifted, student.gifted_status.get()),
        (ProgramType::Section504, student.section_504_status.get()),
    ];
    for (program, status) in all.into_iter().filter(|it| in_program(it.1)) {
        push(id, program, status, None, position, out);
    }
    // Who pays for lunch is in no program.
    let lunch = student.frl_status.get();
    if in_program(lunch) && lunch != "Paid" {
        push(id, ProgramType::FreeReducedLunch, lunch, None, position, out);
    }
    let disability = &student.disability;
    let mut ext = JsonObject::default();
    ext.field("disability_code", disability.disability_code.get());
    ext.field("disability_type", disability.disability_type.get());
    let (status, details) = (disability.disability_status.get(), ext.end());
    if in_program(status) || (status.is_empty() && details.is_some()) {
        push(id, ProgramType::from_term("ext:disability"), status, details, position, out);
    }
}

fn push(
    id: &str,
    program: ProgramType<'_>,
    status: &str,
    extensions: Option<&str>,
    position: u64,
    out: &mut Output,
) {
    let key = derived_id(&[id, program.term()]);
    let row = ProgramRow {
        source_id: &key,
        user_source_id: id,
        program: Some(program),
        status: Some(status).filter(|it| !it.is_empty()),
        extensions: read(extensions),
        ..ProgramRow::default()
    };
    out.push(position, &row);
}
