//! The fixture district as PowerSchool and Infinite Campus hold it.

use super::places::Feed;
use connector_odbc::Database;
use roster_core::EntityKind;
use roster_testkit::{District, Failed, Losses, Record, district_folder};
use std::fs;

/// A student information system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sis {
    PowerSchool,
    InfiniteCampus,
}

impl Sis {
    pub const ALL: [Self; 2] = [Self::PowerSchool, Self::InfiniteCampus];

    /// Its name, as folders and configurations have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PowerSchool => "powerschool",
            Self::InfiniteCampus => "infinite-campus",
        }
    }

    /// Infinite Campus has a table whose name is a reserved word: in double quotes, which MariaDB takes for text.
    pub fn runs_on(self, database: Database) -> bool {
        self == Self::PowerSchool || database != Database::MariaDb
    }

    /// What it tells otherwise than the canonical district.
    pub fn losses(self) -> Result<Losses, Failed> {
        Losses::read(&district_folder().join(format!("losses/odbc-{}.toml", self.name())))
    }

    /// The key that somebody of the canonical district has there.
    pub fn person_key(self, canonical: &str) -> Result<String, Failed> {
        let mut person = District::default();
        let record = serde_json::json!({ "source_id": canonical });
        let record = record.as_object().cloned().unwrap_or_default();
        person.push(EntityKind::User, Record(record));
        let told = self.losses()?.apply(&person);
        let keys = told.records(EntityKind::User).iter().map(Record::source_id);
        Ok(keys.filter(|it| !it.starts_with("person:")).collect())
    }

    /// Its tables, and the profile that reads all of them.
    pub fn feed(self, database: Database) -> Result<Feed, Failed> {
        Ok(Feed {
            statements: self.statements(database)?,
            profile: self.profile().to_owned(),
            tables: Vec::new(),
        })
    }

    /// Makes and fills its tables.  In MariaDB alone `portion` is a reserved word.
    pub fn statements(self, database: Database) -> Result<Vec<String>, Failed> {
        let folder = district_folder().join(self.name());
        let mut statements = Vec::new();
        for file in ["schema.sql", "seed.sql"] {
            let text = fs::read_to_string(folder.join(file))?;
            let code: Vec<_> = text.lines().filter(|it| !it.starts_with("--")).collect();
            let code = code.join("\n");
            let parts = code.split(";\n").map(str::trim).filter(|it| !it.is_empty());
            let portion = if database == Database::MariaDb { " `portion`" } else { " portion" };
            let statement = |it: &str| it.trim_end_matches(';').replace(" portion", portion);
            statements.extend(parts.map(statement));
        }
        Ok(statements)
    }

    /// The profile as a district would write it.
    pub fn profile(self) -> &'static str {
        match self {
            Self::PowerSchool => POWERSCHOOL,
            Self::InfiniteCampus => INFINITE_CAMPUS,
        }
    }
}

const POWERSCHOOL: &str = r#"
[profile]
type = "powerschool"
district_name = "Marigold Valley Unified School District"
school_years = [2026, 2027]

[profile.programs]
ell = "new-jersey"
iep = "core-fields"
section_504 = "new-jersey"
frl = "lunch-status"

[profile.programs.special_programs]
"Title I" = "titleI"
"Gifted and Talented" = "gifted"
"Migrant Education" = "migrant"
"Homeless Services" = "homeless"
"Robotics Club" = "ext:robotics"
"#;

const INFINITE_CAMPUS: &str = r#"
[profile]
type = "infinite-campus"
school_years = [2026, 2027]
district_id = 1
summer_calendars = true
directory = 1

[profile.section_roles]
A = "aide"
X = "proctor"
D = "administrator"
I = "ext:studentTeacher"

[profile.programs]
ell = "lep"
iep = "enrollment"
section_504 = "table"
frl = "eligibility"

[profile.programs.flags]
"Title I" = "titleI"
Gifted = "gifted"
Migrant = "migrant"
Homeless = "homeless"
"Robotics Club" = "ext:robotics"
"#;
