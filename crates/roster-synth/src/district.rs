//! The shape of a district: how many schools, sections and people, and who belongs where.

use crate::{
    Options,
    night::{Fate, Night},
    random::Random,
};
use std::ops::Range;

/// Enrollments of a student, one a period.
pub(crate) const PERIODS: u64 = 7;
/// Students of a school.
const SCHOOL_SIZE: u64 = 500;
/// Students of a section.
const SECTION_SIZE: u64 = 28;
/// Sections a teacher teaches.
const SECTIONS_OF_TEACHER: u64 = 5;
/// Sections among which a student's seat in a period is drawn; they teach the same subject.
const BLOCK: u64 = 3;

/// What a random number is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    School,
    Section,
    Student,
    Staff,
    Contact,
    Relationship,
    Demographics,
    Seat,
    Late,
    CoTeacher,
    Change,
}

/// A made-up district on one night.
#[derive(Clone, Copy, Debug)]
pub(crate) struct District {
    pub(crate) options: Options,
    pub(crate) night: Night,
    pub(crate) schools: u64,
}

/// A school of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct School {
    /// From 0.
    pub(crate) number: u64,
    /// First student's number.
    first_student: u64,
    /// Students on the first night.
    pub(crate) size: u64,
    /// First number of students who come on the next night, counted from 0 in the district.
    first_added: u64,
    added: u64,
}

impl District {
    pub(crate) fn new(options: Options, night: Night) -> Self {
        // Even a small district has an elementary, a middle and a high school.
        let schools = (options.students / SCHOOL_SIZE).max((options.students / 20).clamp(1, 3));
        Self { options, night, schools }
    }

    pub(crate) fn random(&self, purpose: Purpose, record: u64) -> Random {
        Random::new(self.options.seed, purpose as u64, record)
    }

    pub(crate) fn schools(&self) -> impl Iterator<Item = School> {
        let whole = *self;
        let added = self.night.added(self.options.students);
        (0..self.schools).map(move |number| {
            let students = whole.share(whole.options.students, number);
            let added = whole.share(added, number);
            School {
                number,
                first_student: students.start,
                size: students.end - students.start,
                first_added: added.start,
                added: added.end - added.start,
            }
        })
    }

    /// A school's part of `total` records.
    fn share(&self, total: u64, school: u64) -> Range<u64> {
        total * school / self.schools..total * (school + 1) / self.schools
    }

    /// All numbers of a school's students and what becomes of each; those who are added come last.
    pub(crate) fn students(&self, school: &School) -> impl Iterator<Item = (u64, Fate)> + use<> {
        let night = self.night;
        let added = self.options.students + school.first_added;
        (school.first_student..school.first_student + school.size)
            .map(move |it| (it, night.fate(it)))
            .chain((added..added + school.added).map(|it| (it, Fate::Added)))
    }
}

impl School {
    /// Whether a student is there on the first night.
    pub(crate) fn had(&self, student: u64) -> bool {
        (self.first_student..self.first_student + self.size).contains(&student)
    }

    /// The grades it teaches: elementary, elementary, middle and high schools in turn.
    pub(crate) fn grades(&self) -> &'static [&'static str] {
        match self.number % 4 {
            0 | 3 => &["KG", "01", "02", "03", "04", "05"],
            1 => &["06", "07", "08"],
            _ => &["09", "10", "11", "12"],
        }
    }

    /// What such a school is called.
    pub(crate) fn level(&self) -> &'static str {
        match self.number % 4 {
            0 | 3 => "Elementary School",
            1 => "Middle School",
            _ => "High School",
        }
    }

    /// Sections that meet in one period.
    pub(crate) fn sections_a_period(&self) -> u64 {
        (self.size / SECTION_SIZE).max(1)
    }

    pub(crate) fn sections(&self) -> u64 {
        PERIODS * self.sections_a_period()
    }

    pub(crate) fn teachers(&self) -> u64 {
        self.sections().div_ceil(SECTIONS_OF_TEACHER).max(2)
    }

    /// The period in which a section meets, from 0.
    pub(crate) fn period(&self, section: u64) -> u64 {
        section / self.sections_a_period()
    }

    /// The subject of a section: the sections of a block teach the same one, so that every student has all seven.
    pub(crate) fn subject(&self, section: u64) -> u64 {
        (self.period(section) + section % self.sections_a_period() / BLOCK) % PERIODS
    }

    /// Index of the grade that a section is for.
    pub(crate) fn grade_of_section(&self, section: u64) -> usize {
        let place = section % self.sections_a_period() / BLOCK * BLOCK;
        self.grade_at(place * self.size / self.sections_a_period())
    }

    /// Index of the grade that a student is in.
    pub(crate) fn grade_of_student(&self, student: u64) -> usize {
        self.grade_at(self.place(student))
    }

    /// The section in which a student sits in a period.
    pub(crate) fn seat(&self, student: u64, period: u64, draw: u64) -> u64 {
        let sections = self.sections_a_period();
        let block = self.place(student) * sections / self.size / BLOCK * BLOCK;
        period * sections + block + draw % BLOCK.min(sections - block)
    }

    /// A student's place in the school's list, which is ordered by grade; those who are added come anywhere.
    fn place(&self, student: u64) -> u64 {
        match student.checked_sub(self.first_student) {
            Some(place) if place < self.size => place,
            _ => student.wrapping_mul(7_919) % self.size,
        }
    }

    fn grade_at(&self, place: u64) -> usize {
        let grades = self.grades().len();
        usize::try_from(place * grades as u64 / self.size).map_or(0, |it| it.min(grades - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn district(students: u64) -> District {
        District::new(Options { students, ..Default::default() }, Night::Next { percent: 10 })
    }

    #[test]
    fn schools_share_all_students_and_all_who_are_added() {
        for students in [1, 19, 500, 1_234, 10_000] {
            let district = district(students);
            let mut seen: Vec<u64> = district
                .schools()
                .flat_map(|school| district.students(&school).map(|it| it.0))
                .collect();
            seen.sort_unstable();
            let all = students + district.night.added(students);
            assert_eq!(seen, (0..all).collect::<Vec<_>>(), "{students}");
        }
    }

    #[test]
    fn every_seat_is_in_a_section_of_the_school_that_meets_then() {
        let district = district(2_345);
        for school in district.schools() {
            for (student, _) in district.students(&school) {
                for period in 0..PERIODS {
                    let section = school.seat(student, period, student);
                    assert!(section < school.sections());
                    assert_eq!(school.period(section), period);
                }
            }
        }
    }

    #[test]
    fn a_million_students_have_the_proportions_of_a_real_district() {
        let district = district(1_000_000);
        let sections: u64 = district.schools().map(|it| it.sections()).sum();
        let teachers: u64 = district.schools().map(|it| it.teachers()).sum();
        assert_eq!((district.schools, sections, teachers), (2_000, 238_000, 48_000));
    }
}
