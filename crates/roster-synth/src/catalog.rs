//! Organizations, sessions, courses and sections.

use crate::{
    archive::Archive,
    calendar::{SCHOOL_YEAR, SESSIONS},
    district::{District, Purpose, School},
    names,
    night::Fate,
    table::Table,
};
use std::io;

/// The district's organization.
pub(crate) const DISTRICT_ID: &str = "dst-1";

/// A subject that is taught in every grade.
struct Subject {
    name: &'static str,
    code: &'static str,
}

/// As many as there are periods.
const SUBJECTS: &[Subject] = &[
    Subject { name: "English Language Arts", code: "01001" },
    Subject { name: "Mathematics", code: "02001" },
    Subject { name: "Science", code: "03001" },
    Subject { name: "Social Studies", code: "04001" },
    Subject { name: "Spanish", code: "06101" },
    Subject { name: "Arts, Music", code: "05101" },
    Subject { name: "Physical Education", code: "08001" },
];

const GRADES: [&str; 13] =
    ["KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"];

pub(crate) fn write(district: &District, archive: &mut Archive) -> io::Result<()> {
    orgs(district, archive)?;
    sessions(archive)?;
    courses(archive)?;
    sections(district, archive)
}

fn orgs(district: &District, archive: &mut Archive) -> io::Result<()> {
    const COLUMNS: &[&str] = &[
        "sourcedId",
        "status",
        "dateLastModified",
        "name",
        "type",
        "identifier",
        "parentSourcedId",
    ];
    let mut table = Table::start(archive, "orgs.csv", COLUMNS)?;
    table.text(DISTRICT_ID).blank(2).text("Homeroom Unified School District").text("district");
    table.text("0600001").blank(1).end_row()?;
    for school in district.schools() {
        let name = district.random(Purpose::School, school.number).pick(names::SCHOOL);
        table.id("sch-", school.number, 5).blank(2);
        table.text(&format!("{name} {} {}", school.level(), school.number + 1));
        table.text("school").id("0600001", school.number, 5).text(DISTRICT_ID).end_row()?;
    }
    table.finish()?;
    archive.count("orgs", Fate::Kept, district.schools + 1);
    Ok(())
}

fn sessions(archive: &mut Archive) -> io::Result<()> {
    const COLUMNS: &[&str] = &[
        "sourcedId",
        "status",
        "dateLastModified",
        "title",
        "type",
        "startDate",
        "endDate",
        "parentSourcedId",
        "schoolYear",
    ];
    let mut table = Table::start(archive, "academicSessions.csv", COLUMNS)?;
    for session in SESSIONS {
        table.text(session.source_id).blank(2).text(session.title).text(session.kind);
        table.text(session.start).text(session.end).text(session.parent).text(SCHOOL_YEAR);
        table.end_row()?;
    }
    table.finish()?;
    archive.count("academic_sessions", Fate::Kept, SESSIONS.len() as u64);
    Ok(())
}

fn courses(archive: &mut Archive) -> io::Result<()> {
    const COLUMNS: &[&str] = &[
        "sourcedId",
        "status",
        "dateLastModified",
        "schoolYearSourcedId",
        "title",
        "courseCode",
        "grades",
        "orgSourcedId",
        "subjects",
        "subjectCodes",
    ];
    let mut table = Table::start(archive, "courses.csv", COLUMNS)?;
    for grade in GRADES {
        for subject in SUBJECTS {
            table.text(&course_id(subject, grade)).blank(2).text(SESSIONS[0].source_id);
            table.text(&format!("{} {grade}", subject.name));
            table.text(&format!("{}-{grade}", subject.code)).text(grade).text(DISTRICT_ID);
            table.text(&subject.name.replace(',', "")).text(subject.code).end_row()?;
        }
    }
    table.finish()?;
    archive.count("courses", Fate::Kept, (GRADES.len() * SUBJECTS.len()) as u64);
    Ok(())
}

fn course_id(subject: &Subject, grade: &str) -> String {
    format!("crs-{}-{grade}", subject.code)
}

fn sections(district: &District, archive: &mut Archive) -> io::Result<()> {
    const COLUMNS: &[&str] = &[
        "sourcedId",
        "status",
        "dateLastModified",
        "title",
        "grades",
        "courseSourcedId",
        "classCode",
        "classType",
        "location",
        "schoolSourcedId",
        "termSourcedIds",
        "subjects",
        "subjectCodes",
        "periods",
    ];
    let mut table = Table::start(archive, "classes.csv", COLUMNS)?;
    let mut count = 0;
    for school in district.schools() {
        for section in 0..school.sections() {
            write_section(district, &school, section, &mut table)?;
        }
        count += school.sections();
    }
    table.finish()?;
    archive.count("sections", Fate::Kept, count);
    Ok(())
}

fn write_section(
    district: &District,
    school: &School,
    section: u64,
    table: &mut Table<'_>,
) -> io::Result<()> {
    let mut random = district.random(Purpose::Section, school.number * 10_000 + section);
    let grade = school.grades()[school.grade_of_section(section)];
    let subject = usize::try_from(school.subject(section)).expect("there are seven subjects");
    let subject = &SUBJECTS[subject];
    let period = school.period(section) + 1;
    table.id("sec-", school.number, 5).and("-", section, 4).blank(2);
    table.text(&format!("{} {grade} Period {period}", subject.name)).text(grade);
    table.text(&course_id(subject, grade)).id("P", period, 1).and("-", section, 4);
    // The first lesson of the day is the homeroom.
    table.text(if period == 1 { "homeroom" } else { "scheduled" });
    table.id("Room ", 100 + random.below(300), 3).id("sch-", school.number, 5);
    table.text(match random.below(10) {
        0 => "ses-2027-s1",
        1 => "ses-2027-s2",
        _ => "ses-2027-s1,ses-2027-s2",
    });
    table.text(&subject.name.replace(',', "")).text(subject.code).id("", period, 1).end_row()
}
