//! The profile `infinite-campus`: Infinite Campus in its SQL Server database.

mod mapper;
mod queries;

use crate::{
    database::Database,
    map::{Mapper, Profile, Query},
    profiles::sis::{Words, default_titles, school_years, today},
    statement,
};
use mapper::InfiniteCampusMapper;
use queries::Reads;
use roster_core::{ConfigProblem, Error, ErrorKind, Result, value::Date};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// What a district says of its Infinite Campus.  Everything has a default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InfiniteCampusProfile {
    /// School years to read, by the year in which they end (`Calendar.endYear`).  Default: the one that today is in,
    /// and from a month before the middle of July the next one too.  Example: `[2027]`
    pub school_years: Vec<i32>,
    /// The one district to read (`districtID`), where a State Edition holds many.  Example: `14`
    pub district_id: Option<i32>,
    /// What people are told by.  Once chosen it has to stay.  Default: `"guid"`.  Example: `"id"`
    pub person_key: PersonKey,
    /// Whether calendars of summer schools are read as well.  Example: `true`
    pub summer_calendars: bool,
    /// Whether enrollments are read that the state does not count (`stateExclude`).  Example: `true`
    pub state_excluded: bool,
    /// Where the e-mail addresses of students are.  Default: the contact record.
    /// Example: `{ from = "login", domain = "students.example.org" }`
    pub student_email: InfiniteCampusStudentEmail,
    /// The directory whose user names are read (`UserAccount.ldapConfigurationID`), where there are several.
    /// Example: `2`
    pub directory: Option<i32>,
    /// Where programs of students are; what is not named is not read.  Example: `{ ell = "lep", frl = "eligibility" }`
    pub programs: InfiniteCampusPrograms,
    /// Roles for job titles (`StaffMember.title`), beside the common ones that are known.
    /// Example: `{ "Media Specialist" = "ext:librarian" }`
    pub titles: Words,
    /// Roles for the letters of staff in sections (`SectionStaffHistory.staffType`), beside `P` and `T`.
    /// Example: `{ A = "aide" }`
    pub section_roles: Words,
}

/// What people are told by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PersonKey {
    /// `personGUID`, which Campus's own exports use.
    #[default]
    Guid,
    /// `personID`.
    Id,
}

/// Where Infinite Campus has the e-mail addresses of students.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
pub enum InfiniteCampusStudentEmail {
    /// The student's contact record: `Contact.email`.
    #[default]
    Contact,
    /// The census under the relationship "Self": `v_CensusContactSummary`.
    CensusSelf,
    /// The name to sign in with (`UserAccount.username`), `@` and a domain.
    Login {
        /// The domain.  Example: `"students.example.org"`
        domain: String,
    },
}

/// Where Infinite Campus has programs; each may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InfiniteCampusPrograms {
    /// English language learners.  Example: `"lep"`
    pub ell: Option<EllPlace>,
    /// Individualized education programs.  Example: `"enrollment"`
    pub iep: Option<IepPlace>,
    /// Plans under section 504.  Example: `"table"`
    pub section_504: Option<Section504Place>,
    /// Free and reduced-price meals.  Example: `"eligibility"`
    pub frl: Option<MealsPlace>,
    /// Program flags (`v_ProgramParticipationFlags.name`) and the model's terms for them; others are not read.
    /// Example: `{ "Gifted" = "gifted", "Robotics Club" = "ext:robotics" }`
    pub flags: Words,
}

/// Places of ELL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EllPlace {
    /// `LEP`.
    Lep,
}

/// Places of IEP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IepPlace {
    /// `Enrollment.specialEdStatus`.
    Enrollment,
    /// `v_LearningPlanDetail`.
    LearningPlan,
    /// `SpecialEdState`, as in North Carolina.
    SpecialEdState,
}

/// Places of section 504.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Section504Place {
    /// `Section504`.
    Table,
    /// `Enrollment.section504`.
    Enrollment,
    /// `v_ProgramParticipationFlags`, names that begin with 504.
    Flags,
}

/// Places of free and reduced-price meals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MealsPlace {
    /// `v_POSEligibilityCurrent`.
    Eligibility,
}

/// The configuration with what comes with the program, as the mapper needs it.
#[derive(Debug)]
struct Settings {
    person_key: PersonKey,
    email_domain: Option<String>,
    /// Who left before this day is disabled.
    today: Date,
    titles: Words,
    section_roles: Words,
    flags: Words,
}

impl InfiniteCampusProfile {
    pub(crate) fn problems(&self, database: Database) -> Vec<ConfigProblem> {
        let refused = |query: Query| {
            let why = statement::refusal(&query.sql, database)?;
            let message = format!("query {}: {why}", query.name);
            Some(ConfigProblem { key: "profile", message })
        };
        let today = today();
        self.texts(today).into_iter().filter_map(|it| refused(it.1)).collect()
    }

    pub(crate) fn resolve(&self, database: Database) -> Result<Arc<dyn Profile>> {
        if let Some(problem) = self.problems(database).into_iter().next() {
            return Err(Error::new(ErrorKind::ConfigInvalid, "odbc.config", problem.message));
        }
        let today = today();
        let (reads, queries): (Vec<_>, _) = self.texts(today).into_iter().unzip();
        let settings = Arc::new(self.settings(today));
        Ok(Arc::new(InfiniteCampus { reads: reads.into(), queries, settings }))
    }

    fn texts(&self, today: Date) -> Vec<(Reads, Query)> {
        queries::all(self, school_years(&self.school_years, today))
    }

    fn settings(&self, today: Date) -> Settings {
        Settings {
            person_key: self.person_key,
            email_domain: match &self.student_email {
                InfiniteCampusStudentEmail::Login { domain } => Some(domain.clone()),
                _ => None,
            },
            today,
            titles: self.titles.over(default_titles()),
            section_roles: self.section_roles.over(&[("p", "teacher"), ("t", "teacher")]),
            flags: self.programs.flags.over(&[]),
        }
    }
}

#[derive(Debug)]
struct InfiniteCampus {
    reads: Arc<[Reads]>,
    queries: Vec<Query>,
    settings: Arc<Settings>,
}

impl Profile for InfiniteCampus {
    fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// Nothing that the district's database has beyond the model is read.
    fn is_extension(&self, _: usize, _: &str) -> bool {
        false
    }

    fn mapper(&self) -> Box<dyn Mapper> {
        Box::new(InfiniteCampusMapper::new(self.reads.clone(), self.settings.clone()))
    }
}
