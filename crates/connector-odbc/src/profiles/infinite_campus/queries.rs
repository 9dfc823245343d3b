//! The queries: which texts they are made of, and their columns.

use super::{IepPlace, InfiniteCampusProfile, InfiniteCampusStudentEmail, Section504Place};
use crate::{
    map::Query,
    profiles::sis::{Part, columns, compose},
};
use roster_core::EntityKind;

columns!(districts: districtID district_number name);
columns!(schools: schoolID school_number name districtID address city state zip phone state_grade);
columns!(calendars: calendarID name startDate endDate end_year school_id);
columns!(terms: termID name startDate endDate calendar_id school_id end_year terms_in_schedule);
columns!(courses: courseID course_number name department calendar_id school_id);
columns!(sections: sectionID section_number homeroomSection courseID course_name school_id room_name termID period_name);
columns!(people: personGUID personID kind school_id schools grade end_date firstName middleName lastName legalFirstName
    legalMiddleName legalLastName studentNumber stateID staffNumber staffStateID student_email email home_phone
    work_phone cell_phone username district_id);
columns!(student_roles: personGUID personID school_id start_date end_date is_main_school);
columns!(staff_roles: personGUID personID school_id title is_teacher is_supervisor start_date end_date district_id);
columns!(contact_links: contact_guid contact_person_id student_guid student_person_id school_id relationship is_guardian
    seq);
columns!(demographics: personGUID personID birthdate gender raceEthnicityFed hispanicEthnicity birthCountry);
columns!(programs: personGUID personID flag status begin_date end_date);
columns!(program_flags: personGUID personID program_name begin_date end_date);
columns!(enrollments: rosterID personGUID personID section_id school_id startDate endDate);
columns!(section_staff: section_id personGUID personID school_id staffType startDate endDate);
columns!(lead_teachers: section_id personGUID personID school_id);

/// What the rows of a query are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    Districts,
    Schools,
    Calendars,
    Terms,
    Courses,
    Sections,
    People,
    StudentRoles,
    StaffRoles,
    ContactLinks,
    Demographics,
    /// The program that the rows tell of.
    Program(&'static str),
    ProgramFlags,
    Enrollments,
    SectionStaff,
    LeadTeachers,
}

macro_rules! text {
    ($path:literal) => {
        include_str!(concat!($path, ".sql"))
    };
}

/// All queries that a configuration asks for, in load order; years are told by the one in which they end.
pub(super) fn all(profile: &InfiniteCampusProfile, years: (i32, i32)) -> Vec<(Reads, Query)> {
    let lists = Lists::new(profile, years);
    let mut all = places(&lists);
    all.push(people(&lists, profile));
    all.extend(roles(&lists));
    all.extend(programs(&lists, profile));
    all.extend(classes(&lists));
    all
}

/// Every number there is, or the one that was chosen.
fn range(chosen: Option<i32>) -> [i32; 2] {
    chosen.map_or([i32::MIN, i32::MAX], |it| [it, it])
}

/// The lists that the queries share, each with those it is made of.
struct Lists {
    districts: [i32; 2],
    calendars: Vec<Part>,
    sections: Vec<Part>,
    students: Vec<Part>,
    sections_and_students: Vec<Part>,
    district: Part,
    staff: Part,
    contacts: Part,
}

impl Lists {
    fn new(profile: &InfiniteCampusProfile, (first, last): (i32, i32)) -> Self {
        let districts = range(profile.district_id);
        let summer = i32::from(profile.summer_calendars);
        let excluded = i32::from(profile.state_excluded);
        let calendars = vec![
            Part::with(text!("with/roster_schools"), &districts),
            Part::with(text!("with/roster_calendars"), &[first, last, summer]),
        ];
        let of_sections = Part::plain(text!("with/roster_sections"));
        let of_students = [
            Part::with(text!("with/roster_enrollments"), &[excluded]),
            Part::plain(text!("with/roster_students")),
        ];
        let sections = [calendars.clone(), vec![of_sections]].concat();
        Self {
            districts,
            students: [calendars.clone(), of_students.to_vec()].concat(),
            sections_and_students: [sections.clone(), of_students.to_vec()].concat(),
            sections,
            calendars,
            district: Part::with(text!("with/roster_district"), &districts),
            staff: Part::plain(text!("with/roster_staff")),
            contacts: Part::plain(text!("with/roster_contacts")),
        }
    }
}

fn places(lists: &Lists) -> Vec<(Reads, Query)> {
    let (calendars, sections) = (&lists.calendars, &lists.sections);
    let (orgs, sessions) = (&[EntityKind::Org], &[EntityKind::AcademicSession]);
    let districts = Part::with(text!("districts"), &lists.districts);
    let body = |text| Part::plain(text);
    vec![
        (Reads::Districts, compose("districts", &[], &districts, districts::COLUMNS, orgs)),
        (
            Reads::Schools,
            compose("schools", calendars, &body(text!("schools")), schools::COLUMNS, orgs),
        ),
        (
            Reads::Calendars,
            compose(
                "calendars",
                calendars,
                &body(text!("calendars")),
                calendars::COLUMNS,
                sessions,
            ),
        ),
        (
            Reads::Terms,
            compose("terms", calendars, &body(text!("terms")), terms::COLUMNS, sessions),
        ),
        (
            Reads::Courses,
            compose(
                "courses",
                sections,
                &body(text!("courses")),
                courses::COLUMNS,
                &[EntityKind::Course],
            ),
        ),
        (
            Reads::Sections,
            compose(
                "sections",
                sections,
                &body(text!("sections")),
                sections::COLUMNS,
                &[EntityKind::Section],
            ),
        ),
    ]
}

fn people(lists: &Lists, profile: &InfiniteCampusProfile) -> (Reads, Query) {
    let email = match profile.student_email {
        InfiniteCampusStudentEmail::Contact => text!("student_email/contact"),
        InfiniteCampusStudentEmail::CensusSelf => text!("student_email/census_self"),
        InfiniteCampusStudentEmail::Login { .. } => text!("student_email/login"),
    };
    let mut with = lists.sections_and_students.clone();
    with.extend([
        lists.staff.clone(),
        lists.district.clone(),
        lists.contacts.clone(),
        Part::plain(text!("with/roster_people")),
        Part::with(text!("with/person_account"), &range(profile.directory)),
        Part::plain(email),
        Part::plain(text!("with/person_contact")),
    ]);
    let body = Part::plain(text!("people"));
    (Reads::People, compose("people", &with, &body, people::COLUMNS, &[EntityKind::User]))
}

fn roles(lists: &Lists) -> Vec<(Reads, Query)> {
    let body = |text| Part::plain(text);
    let (roles, both) = (&[EntityKind::Role], &[EntityKind::Role, EntityKind::Relationship]);
    let staff =
        [lists.calendars.clone(), vec![lists.staff.clone(), lists.district.clone()]].concat();
    let contacts = [lists.students.clone(), vec![lists.contacts.clone()]].concat();
    let (of_students, of_staff) = (body(text!("student_roles")), body(text!("staff_roles")));
    let (links, birth) = (body(text!("contact_links")), body(text!("demographics")));
    let demographics = &[EntityKind::Demographics];
    vec![
        (
            Reads::StudentRoles,
            compose("student_roles", &lists.students, &of_students, student_roles::COLUMNS, roles),
        ),
        (Reads::StaffRoles, compose("staff_roles", &staff, &of_staff, staff_roles::COLUMNS, roles)),
        (
            Reads::ContactLinks,
            compose("contact_links", &contacts, &links, contact_links::COLUMNS, both),
        ),
        (
            Reads::Demographics,
            compose("demographics", &lists.students, &birth, demographics::COLUMNS, demographics),
        ),
    ]
}

fn programs(lists: &Lists, profile: &InfiniteCampusProfile) -> Vec<(Reads, Query)> {
    let configured = &profile.programs;
    let mut texts = Vec::new();
    texts.extend(configured.ell.map(|_| ("ell", "ell", text!("programs/ell_lep"))));
    texts.extend(configured.iep.map(|it| ("iep", "iep", iep(it))));
    texts.extend(configured.section_504.map(|it| ("504", "section504", section504(it))));
    texts.extend(configured.frl.map(|_| ("frl", "frl", text!("programs/frl_current"))));
    let feeds = &[EntityKind::Program];
    let program = |(program, name, text)| {
        let body = Part::plain(text);
        (Reads::Program(program), compose(name, &lists.students, &body, programs::COLUMNS, feeds))
    };
    let mut programs: Vec<_> = texts.into_iter().map(program).collect();
    if configured.flags.terms().next().is_some() {
        let body = Part::plain(text!("programs/program_flags"));
        let columns = program_flags::COLUMNS;
        let query = compose("program_flags", &lists.students, &body, columns, feeds);
        programs.push((Reads::ProgramFlags, query));
    }
    programs
}

fn iep(place: IepPlace) -> &'static str {
    match place {
        IepPlace::Enrollment => text!("programs/iep_enrollment"),
        IepPlace::LearningPlan => text!("programs/iep_learning_plan"),
        IepPlace::SpecialEdState => text!("programs/iep_special_ed_state"),
    }
}

fn section504(place: Section504Place) -> &'static str {
    match place {
        Section504Place::Table => text!("programs/section504_table"),
        Section504Place::Enrollment => text!("programs/section504_enrollment"),
        Section504Place::Flags => text!("programs/section504_flags"),
    }
}

fn classes(lists: &Lists) -> Vec<(Reads, Query)> {
    let feeds = &[EntityKind::Enrollment];
    let body = |text| Part::plain(text);
    let (students, staff) = (body(text!("enrollments")), body(text!("section_staff")));
    let (lead, with) = (body(text!("lead_teachers")), &lists.sections_and_students);
    vec![
        (Reads::Enrollments, compose("enrollments", with, &students, enrollments::COLUMNS, feeds)),
        (
            Reads::SectionStaff,
            compose("section_staff", &lists.sections, &staff, section_staff::COLUMNS, feeds),
        ),
        (
            Reads::LeadTeachers,
            compose("lead_teachers", &lists.sections, &lead, lead_teachers::COLUMNS, feeds),
        ),
    ]
}
