//! The queries: which texts they are made of, and their columns.

use super::{
    LunchPlace, PowerSchoolProfile, PowerSchoolStudentEmail, ProgramPlace, SectionFivePlace,
};
use crate::{
    map::Query,
    profiles::sis::{Part, columns, compose},
};
use roster_core::EntityKind;
use std::borrow::Cow;

columns!(schools: school_number name alternate_school_number low_grade high_grade schooladdress schoolcity schoolstate
    schoolzip schoolphone);
columns!(terms: dcid schoolid yearid name firstday lastday isyearrec portion);
columns!(courses: dcid course_number course_name sched_department credittype school_number);
columns!(sections: dcid section_number room external_expression expression school_number term_dcid course_dcid
    course_name);
columns!(students: dcid student_number state_studentnumber first_name middle_name last_name pscore_legal_first_name
    pscore_legal_middle_name pscore_legal_last_name grade_level enroll_status school_number student_web_id email phone
    phone_extension sms);
columns!(staff: dcid first_name middle_name last_name preferredname email_addr loginid teacherloginid teachernumber
    sif_stateprid homeschoolid active_schools);
columns!(contacts: id firstname middlename lastname isactive school_number email phone phone_extension sms);
columns!(student_roles: student_dcid school_number entrydate exitdate is_current);
columns!(staff_roles: dcid schoolid staffstatus title homeschoolid);
columns!(contact_links: person_id student_dcid school_number priority_order relationship is_custodial lives_with
    is_emergency may_pick_up);
columns!(demographics: dcid dob gender fedethnicity racecd);
columns!(programs: student_dcid flag status begin_date end_date);
columns!(special_programs: student_dcid program_name begin_date end_date);
columns!(enrollments: dcid student_dcid section_dcid school_number dateenrolled dateleft);
columns!(section_staff: id users_dcid section_dcid school_number role_name start_date end_date is_lead);
columns!(lead_teachers: section_dcid users_dcid school_number);

/// What the rows of a query are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    Schools,
    Terms,
    Courses,
    Sections,
    Students,
    Staff,
    Contacts,
    StudentRoles,
    StaffRoles,
    ContactLinks,
    Demographics,
    /// The program that the rows tell of.
    Program(&'static str),
    SpecialPrograms,
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
pub(super) fn all(profile: &PowerSchoolProfile, years: (i32, i32)) -> Vec<(Reads, Query)> {
    let lists = Lists::new(years);
    let mut all = places(&lists);
    all.extend(people(&lists, profile));
    all.extend(roles(&lists));
    all.extend(programs(&lists, profile));
    all.extend(classes(&lists));
    all
}

/// The lists that the queries share, each with those it is made of.
struct Lists {
    schools: Vec<Part>,
    sections: Vec<Part>,
    students: Vec<Part>,
    contacts: Vec<Part>,
}

impl Lists {
    fn new((first, last): (i32, i32)) -> Self {
        // PowerSchool counts school years from that of 1990-91.
        let years = [first - 1991, last - 1991];
        let schools = vec![Part::plain(text!("with/roster_schools"))];
        let mut sections = schools.clone();
        sections.push(Part::with(text!("with/roster_terms"), &years));
        sections.push(Part::plain(text!("with/roster_sections")));
        let mut students = sections.clone();
        students.push(Part::plain(text!("with/roster_students")));
        let mut contacts = students.clone();
        contacts.push(Part::plain(text!("with/roster_contacts")));
        Self { schools, sections, students, contacts }
    }
}

fn places(lists: &Lists) -> Vec<(Reads, Query)> {
    let schools = Part::plain(text!("schools"));
    let terms = Part::plain(text!("terms"));
    let courses = Part::plain(text!("courses"));
    let sections = Part::plain(text!("sections"));
    let sessions = &[EntityKind::AcademicSession];
    vec![
        (
            Reads::Schools,
            compose("schools", &lists.schools, &schools, schools::COLUMNS, &[EntityKind::Org]),
        ),
        (Reads::Terms, compose("terms", &lists.sections[..2], &terms, terms::COLUMNS, sessions)),
        (
            Reads::Courses,
            compose("courses", &lists.sections, &courses, courses::COLUMNS, &[EntityKind::Course]),
        ),
        (
            Reads::Sections,
            compose(
                "sections",
                &lists.sections,
                &sections,
                sections::COLUMNS,
                &[EntityKind::Section],
            ),
        ),
    ]
}

fn people(lists: &Lists, profile: &PowerSchoolProfile) -> Vec<(Reads, Query)> {
    let [email, phone, sms] =
        [text!("with/person_email"), text!("with/person_phone"), text!("with/person_sms")]
            .map(Part::plain);
    let mut students = lists.students.clone();
    students.extend([
        email.clone(),
        student_email(&profile.student_email),
        phone.clone(),
        sms.clone(),
    ]);
    let mut contacts = lists.contacts.clone();
    contacts.extend([email, phone, sms]);
    let users = &[EntityKind::User];
    let body = |text| Part::plain(text);
    vec![
        (
            Reads::Students,
            compose("students", &students, &body(text!("students")), students::COLUMNS, users),
        ),
        (
            Reads::Staff,
            compose("staff", &lists.sections, &body(text!("staff")), staff::COLUMNS, users),
        ),
        (
            Reads::Contacts,
            compose("contacts", &contacts, &body(text!("contacts")), contacts::COLUMNS, users),
        ),
    ]
}

fn student_email(place: &PowerSchoolStudentEmail) -> Part {
    match place {
        PowerSchoolStudentEmail::Person => Part::plain(text!("student_email/person")),
        PowerSchoolStudentEmail::StudentContact => {
            Part::plain(text!("student_email/student_contact"))
        }
        PowerSchoolStudentEmail::Login { .. } => Part::plain(text!("student_email/login")),
        PowerSchoolStudentEmail::Extension { table, column } => Part {
            sql: Cow::Owned(format!(
                "student_email (student_dcid, email) AS (\n  SELECT x.studentsdcid, x.{column}\n  FROM {table} x\n)"
            )),
            parameters: Vec::new(),
        },
    }
}

fn roles(lists: &Lists) -> Vec<(Reads, Query)> {
    let body = |text| Part::plain(text);
    let (roles, both) = (&[EntityKind::Role], &[EntityKind::Role, EntityKind::Relationship]);
    let (of_students, of_staff) = (body(text!("student_roles")), body(text!("staff_roles")));
    let (links, birth) = (body(text!("contact_links")), body(text!("demographics")));
    let demographics = &[EntityKind::Demographics];
    vec![
        (
            Reads::StudentRoles,
            compose("student_roles", &lists.students, &of_students, student_roles::COLUMNS, roles),
        ),
        (
            Reads::StaffRoles,
            compose("staff_roles", &lists.schools, &of_staff, staff_roles::COLUMNS, roles),
        ),
        (
            Reads::ContactLinks,
            compose("contact_links", &lists.contacts, &links, contact_links::COLUMNS, both),
        ),
        (
            Reads::Demographics,
            compose("demographics", &lists.students, &birth, demographics::COLUMNS, demographics),
        ),
    ]
}

fn programs(lists: &Lists, profile: &PowerSchoolProfile) -> Vec<(Reads, Query)> {
    let configured = &profile.programs;
    let mut texts = Vec::new();
    texts.extend(configured.ell.map(|it| ("ell", "ell", ell(it))));
    texts.extend(configured.iep.map(|it| ("iep", "iep", iep(it))));
    texts.extend(configured.section_504.map(|it| ("504", "section504", section504(it))));
    texts.extend(configured.frl.map(|it| ("frl", "frl", frl(it))));
    let program = |(program, name, text)| {
        let body = Part::plain(text);
        let feeds = &[EntityKind::Program];
        (Reads::Program(program), compose(name, &lists.students, &body, programs::COLUMNS, feeds))
    };
    let mut programs: Vec<_> = texts.into_iter().map(program).collect();
    if configured.special_programs.terms().next().is_some() {
        let body = Part::plain(text!("programs/special_programs"));
        let (columns, feeds) = (special_programs::COLUMNS, &[EntityKind::Program]);
        let query = compose("special_programs", &lists.students, &body, columns, feeds);
        programs.push((Reads::SpecialPrograms, query));
    }
    programs
}

fn ell(place: ProgramPlace) -> &'static str {
    match place {
        ProgramPlace::CoreFields => text!("programs/ell_core_fields"),
        ProgramPlace::NewJersey => text!("programs/ell_new_jersey"),
        ProgramPlace::Michigan => text!("programs/ell_michigan"),
        ProgramPlace::California => text!("programs/ell_california"),
    }
}

fn iep(place: ProgramPlace) -> &'static str {
    match place {
        ProgramPlace::CoreFields => text!("programs/iep_core_fields"),
        ProgramPlace::NewJersey => text!("programs/iep_new_jersey"),
        ProgramPlace::Michigan => text!("programs/iep_michigan"),
        ProgramPlace::California => text!("programs/iep_california"),
    }
}

fn section504(place: SectionFivePlace) -> &'static str {
    match place {
        SectionFivePlace::Generic => text!("programs/section504_generic"),
        SectionFivePlace::NewJersey => text!("programs/section504_new_jersey"),
        SectionFivePlace::Michigan => text!("programs/section504_michigan"),
        SectionFivePlace::California => text!("programs/section504_california"),
    }
}

fn frl(place: LunchPlace) -> &'static str {
    match place {
        LunchPlace::LunchStatus => text!("programs/frl_lunch_status"),
        LunchPlace::Generic => text!("programs/frl_generic"),
    }
}

fn classes(lists: &Lists) -> Vec<(Reads, Query)> {
    let feeds = &[EntityKind::Enrollment];
    let body = |text| Part::plain(text);
    let (students, staff) = (body(text!("enrollments")), body(text!("section_staff")));
    let lead = body(text!("lead_teachers"));
    vec![
        (
            Reads::Enrollments,
            compose("enrollments", &lists.students, &students, enrollments::COLUMNS, feeds),
        ),
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
