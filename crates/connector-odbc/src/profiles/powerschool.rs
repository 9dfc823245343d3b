//! The profile `powerschool`: PowerSchool SIS in its Oracle database.

mod mapper;
mod queries;

use crate::{
    database::Database,
    map::{Mapper, Profile, Query},
    profiles::sis::{Race, Words, default_titles, school_years, today},
    statement,
};
use mapper::PowerSchoolMapper;
use queries::Reads;
use roster_core::{ConfigProblem, Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// What a district says of its PowerSchool.  Everything has a default but what no two districts do alike.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PowerSchoolProfile {
    /// The district's name, which no table has.  Example: `"Marigold Valley Unified School District"`
    pub district_name: Option<String>,
    /// School years to read, by the year in which they end.  Default: the one that today is in, and from a month
    /// before the middle of July the next one too.  Example: `[2027]`
    pub school_years: Vec<i32>,
    /// Where the e-mail addresses of students are.  Default: the student's own contact record.
    /// Example: `{ from = "login", domain = "students.example.org" }`
    pub student_email: PowerSchoolStudentEmail,
    /// Where programs of students are; what is not named is not read.
    /// Example: `{ ell = "core-fields", iep = "core-fields", frl = "lunch-status" }`
    pub programs: PowerSchoolPrograms,
    /// Roles for job titles (`users.title`), beside the common ones that are known.
    /// Example: `{ "Media Specialist" = "ext:librarian" }`
    pub titles: Words,
    /// Roles for the district's names of roles in sections (`roledef.name`).  Example: `{ "Push-in Aide" = "aide" }`
    pub section_roles: Words,
    /// What the district's codes of race (`studentrace.racecd`) mean, as fields of the model's demographics.
    /// Default: the letters `A B H I M P W C`.  Example: `{ "600" = "asian" }`
    pub races: BTreeMap<String, String>,
}

/// Where PowerSchool has the e-mail addresses of students; every district chose one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PowerSchoolStudentEmail {
    /// The student's own contact record: `students.person_id`, the place of current versions.
    #[default]
    Person,
    /// The older contact records of the type "Self": `PSM_StudentContact`.
    StudentContact,
    /// The name to sign in with (`students.student_web_id`), `@` and a domain.
    Login {
        /// The domain.  Example: `"students.example.org"`
        domain: String,
    },
    /// An extension of students, which the district named itself; its key is `studentsdcid`.
    Extension {
        /// The table.  Example: `"u_student_accounts"`
        table: String,
        /// The column.  Example: `"school_mail"`
        column: String,
    },
}

/// Where PowerSchool has programs; each may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PowerSchoolPrograms {
    /// English language learners.  Example: `"new-jersey"`
    pub ell: Option<ProgramPlace>,
    /// Individualized education programs.  Example: `"core-fields"`
    pub iep: Option<ProgramPlace>,
    /// Plans under section 504.  Example: `"generic"`
    pub section_504: Option<SectionFivePlace>,
    /// Free and reduced-price lunch.  Example: `"lunch-status"`
    pub frl: Option<LunchPlace>,
    /// Special programs (`gen` of the category `specprog`) and the model's terms for them; others are not read.
    /// Example: `{ "Gifted and Talented" = "gifted", "Robotics" = "ext:robotics" }`
    pub special_programs: Words,
}

/// Places of ELL and IEP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramPlace {
    /// `studentcorefields`: `lep_status`, `spedlep`.
    CoreFields,
    /// `s_nj_stu_x`.
    NewJersey,
    /// `s_mi_stu_gc_x`.
    Michigan,
    /// `s_ca_stu_ela_c`, `s_ca_stu_x`.
    California,
}

/// Places of section 504.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SectionFivePlace {
    /// `s_stu_x`, which many states share.
    Generic,
    /// `s_nj_stu_x`.
    NewJersey,
    /// `s_mi_stu_gc_x`.
    Michigan,
    /// `s_ca_stu_x`.
    California,
}

/// Places of free and reduced-price lunch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LunchPlace {
    /// `students.lunchstatus`.
    LunchStatus,
    /// `s_stu_x`, which many states share.
    Generic,
}

/// Letters that PowerSchool uses for races where a district did not change them.
const RACES: &[(&str, &str)] = &[
    ("A", "asian"),
    ("B", "black_or_african_american"),
    ("C", "white"),
    ("H", "hispanic_or_latino_ethnicity"),
    ("I", "american_indian_or_alaska_native"),
    ("M", "demographic_race_two_or_more_races"),
    ("P", "native_hawaiian_or_other_pacific_islander"),
    ("W", "white"),
];

/// Names of roles in sections that are common.
const SECTION_ROLES: &[(&str, &str)] = &[
    ("aide", "aide"),
    ("administrator", "administrator"),
    ("co-teacher", "teacher"),
    ("instructional aide", "aide"),
    ("lead teacher", "teacher"),
    ("paraprofessional", "aide"),
    ("proctor", "proctor"),
    ("student teacher", "ext:studentTeacher"),
    ("teacher", "teacher"),
];

/// The configuration with what comes with the program, as the mapper needs it.
#[derive(Debug)]
struct Settings {
    district_name: String,
    email_domain: Option<String>,
    titles: Words,
    section_roles: Words,
    special_programs: Words,
    races: BTreeMap<String, Race>,
}

impl PowerSchoolProfile {
    pub(crate) fn problems(&self, database: Database) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut say = |key, message: String| problems.push(ConfigProblem { key, message });
        if let PowerSchoolStudentEmail::Extension { table, column } = &self.student_email
            && let Some(name) = [table, column].into_iter().find(|it| !is_name(it))
        {
            say("profile.student_email", format!("{name:?} is not the name of a table or column"));
        }
        for field in self.races.values().filter(|it| Race::from_field(it).is_none()) {
            say("profile.races", format!("demographics have no race {field:?}; see docs/model.md"));
        }
        if problems.is_empty() {
            let refused = self.texts().into_iter().filter_map(|(_, query)| {
                let why = statement::refusal(&query.sql, database)?;
                let message = format!("query {}: {why}", query.name);
                Some(ConfigProblem { key: "profile", message })
            });
            problems.extend(refused);
        }
        problems
    }

    pub(crate) fn resolve(&self, database: Database) -> Result<Arc<dyn Profile>> {
        if let Some(problem) = self.problems(database).into_iter().next() {
            return Err(Error::new(ErrorKind::ConfigInvalid, "odbc.config", problem.message));
        }
        let (reads, queries): (Vec<_>, _) = self.texts().into_iter().unzip();
        Ok(Arc::new(PowerSchool {
            reads: reads.into(),
            queries,
            settings: Arc::new(self.settings()),
        }))
    }

    fn texts(&self) -> Vec<(Reads, Query)> {
        let today = today();
        queries::all(self, school_years(&self.school_years, today))
    }

    fn settings(&self) -> Settings {
        let own = self.races.iter().map(|(code, field)| (code.as_str(), field.as_str()));
        let races = RACES.iter().copied().chain(own);
        let race = |(code, field): (&str, &str)| Some((code.to_owned(), Race::from_field(field)?));
        Settings {
            district_name: self.district_name.clone().unwrap_or_else(|| "District".to_owned()),
            email_domain: match &self.student_email {
                PowerSchoolStudentEmail::Login { domain } => Some(domain.clone()),
                _ => None,
            },
            titles: self.titles.over(default_titles()),
            section_roles: self.section_roles.over(SECTION_ROLES),
            special_programs: self.programs.special_programs.over(&[]),
            races: races.filter_map(race).collect(),
        }
    }
}

/// A name that needs no quotes in any database, so that nothing else can stand in its place.
fn is_name(name: &str) -> bool {
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '_';
    name.starts_with(|it: char| it.is_ascii_alphabetic()) && name.chars().all(plain)
}

#[derive(Debug)]
struct PowerSchool {
    reads: Arc<[Reads]>,
    queries: Vec<Query>,
    settings: Arc<Settings>,
}

impl Profile for PowerSchool {
    fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// Nothing that the district's database has beyond the model is read.
    fn is_extension(&self, _: usize, _: &str) -> bool {
        false
    }

    fn mapper(&self) -> Box<dyn Mapper> {
        Box::new(PowerSchoolMapper::new(self.reads.clone(), self.settings.clone()))
    }
}
