//! `enrollments.csv`, by far the longest file: ordered by section, its keys numbered by student, as exports have them.

use crate::{
    archive::Archive,
    calendar::{FIRST_DAY, LAST_DAY},
    district::{District, PERIODS, Purpose, School},
    night::Fate,
    table::Table,
};
use std::io;

const COLUMNS: &[&str] = &[
    "sourcedId",
    "status",
    "dateLastModified",
    "classSourcedId",
    "schoolSourcedId",
    "userSourcedId",
    "role",
    "primary",
    "beginDate",
    "endDate",
];

/// Sections out of a hundred that two teachers teach.
const CO_TAUGHT_PERCENT: u64 = 18;
/// Students out of a hundred who joined a section after the first day.
const LATE_PERCENT: u64 = 4;

/// A student's place in a section.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seat {
    section: u64,
    student: u64,
    /// The period, or [`PERIODS`] for one that is added on the next night.
    slot: u64,
    updated: bool,
}

pub(crate) fn write(district: &District, archive: &mut Archive) -> io::Result<()> {
    let mut counts = Counts::default();
    let mut table = Table::start(archive, "enrollments.csv", COLUMNS)?;
    let mut seats = Vec::new();
    for school in district.schools() {
        seats.clear();
        for (student, fate) in district.students(&school) {
            seats_of(district, &school, student, fate, &mut seats, &mut counts);
        }
        seats.sort_unstable();
        let mut seats = seats.iter().peekable();
        for section in 0..school.sections() {
            counts.kept += teachers(district, &school, section, &mut table)?;
            while let Some(seat) = seats.next_if(|it| it.section == section) {
                write_seat(district, &school, *seat, &mut table)?;
            }
        }
    }
    table.finish()?;
    for (fate, count) in counts.by_fate() {
        archive.count("enrollments", fate, count);
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    kept: u64,
    updated: u64,
    removed: u64,
    added: u64,
}

impl Counts {
    fn by_fate(&self) -> [(Fate, u64); 4] {
        [
            (Fate::Kept, self.kept),
            (Fate::Updated, self.updated),
            (Fate::Removed, self.removed),
            (Fate::Added, self.added),
        ]
    }

    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Kept => self.kept += 1,
            Fate::Updated => self.updated += 1,
            Fate::Removed => self.removed += 1,
            Fate::Added => self.added += 1,
        }
    }
}

/// Gathers the seats of a student who is there on this night.
fn seats_of(
    district: &District,
    school: &School,
    student: u64,
    fate: Fate,
    seats: &mut Vec<Seat>,
    counts: &mut Counts,
) {
    let mut draw = district.random(Purpose::Seat, student);
    for period in 0..PERIODS {
        let section = school.seat(student, period, draw.next());
        let own = match fate {
            Fate::Removed | Fate::Added => fate,
            Fate::Kept | Fate::Updated => district.night.fate(student * PERIODS + period),
        };
        counts.count(own);
        if own.present() {
            seats.push(Seat { section, student, slot: period, updated: own == Fate::Updated });
        }
    }
    let stays = matches!(fate, Fate::Kept | Fate::Updated);
    if stays && district.night.adds_to(student, PERIODS) {
        let section = draw.below(school.sections());
        counts.count(Fate::Added);
        seats.push(Seat { section, student, slot: PERIODS, updated: false });
    }
}

/// Writes the enrollments of a section's teachers and tells how many there are.
fn teachers(
    district: &District,
    school: &School,
    section: u64,
    table: &mut Table<'_>,
) -> io::Result<u64> {
    let mut random = district.random(Purpose::CoTeacher, school.number * 10_000 + section);
    let first = section % school.teachers();
    let second = (section + school.teachers() / 2) % school.teachers();
    let co_taught = random.chance(CO_TAUGHT_PERCENT);
    for (index, teacher) in [first, second].into_iter().take(1 + usize::from(co_taught)).enumerate()
    {
        table.id("enr-2027-t", school.number, 5).and("-", section, 4).and("-", index as u64, 1);
        section_and_school(school, section, table);
        table.id("tch-", school.number, 5).and("-", teacher, 4).text("teacher");
        table.text(if index == 0 { "true" } else { "false" });
        table.text(FIRST_DAY).text(LAST_DAY).end_row()?;
    }
    Ok(1 + u64::from(co_taught))
}

fn write_seat(
    district: &District,
    school: &School,
    seat: Seat,
    table: &mut Table<'_>,
) -> io::Result<()> {
    table.id("enr-2027-s", seat.student * (PERIODS + 1) + seat.slot, 13);
    section_and_school(school, seat.section, table);
    table.id("stu-", seat.student, 7).text("student").text("false");
    let late = district.random(Purpose::Late, seat.student).chance(LATE_PERCENT);
    table.text(if late { "2026-09-21" } else { FIRST_DAY });
    table.text(if seat.updated { "2026-11-21" } else { LAST_DAY }).end_row()
}

fn section_and_school(school: &School, section: u64, table: &mut Table<'_>) {
    table.blank(2).id("sec-", school.number, 5).and("-", section, 4).id("sch-", school.number, 5);
}
