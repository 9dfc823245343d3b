//! What an operator writes to connect a district that sends the files of the specification.

use crate::spec::{self, FILES};
use roster_core::{ConfigProblem, Result};
use roster_tabular::{BundleLimits, LandingConfig, PlaceConfig, Sets};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where the files come from (`path` or `landing`, and not both), and how this district writes them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A zip archive or a folder that is one set, read anew every night, such as `"/srv/sis/roster.zip"`.
    #[serde(default)]
    pub path: Option<PathBuf>,
    /// A folder that sets land in, such as `{ path = "/srv/drop/lakeside" }`: the newest one that is complete is
    /// read, and put away once it is published.
    #[serde(default)]
    pub landing: Option<LandingConfig>,
    /// How much an archive may hold; the defaults fit districts of several million students.
    #[serde(default)]
    pub limits: BundleLimits,
    /// What a set without `manifest.csv` holds: `"full"`, all records there are, or `"changes"`; default `"full"`.
    #[serde(default)]
    pub mode: Mode,
    /// Optional files that the district never sends, such as `["contacts"]`.  A full set without contacts removes
    /// nobody, unless it is known that there are none.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Whether an end date is the last day or the day after, as PowerSchool writes it: `"last_day"` or `"day_after"`;
    /// default `"last_day"`.
    #[serde(default)]
    pub end_dates: EndDates,
    /// What to put before the keys of people, where students, staff and contacts are numbered apart and numbers
    /// would clash, such as `{ staff = "T", contacts = "C" }`.
    #[serde(default)]
    pub prefixes: Prefixes,
    /// The district's names for files, such as `{ students = "SIS_Students" }`; dates in names do not matter.
    #[serde(default)]
    pub files: BTreeMap<String, Names>,
    /// The district's names for columns, file by file, such as `{ students = { student_id = "Student_Number" } }`.
    #[serde(default)]
    pub columns: BTreeMap<String, BTreeMap<String, Names>>,
}

/// What a set or a file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All records there are.
    #[default]
    Full,
    /// Records that changed.
    Changes,
}

/// What an end date means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndDates {
    /// The last day.
    #[default]
    LastDay,
    /// The day after the last.
    DayAfter,
}

/// What stands before the keys of people.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prefixes {
    /// Before `student_id`, such as `"S"`; default nothing.
    #[serde(default)]
    pub students: String,
    /// Before `staff_id`, such as `"T"`; default nothing.
    #[serde(default)]
    pub staff: String,
    /// Before `contact_id`, such as `"C"`; default nothing.
    #[serde(default)]
    pub contacts: String,
}

impl Prefixes {
    /// The prefix of the keys of a file's records.
    pub(crate) fn of(&self, file: &str) -> &str {
        match file {
            "students.csv" => &self.students,
            "staff.csv" => &self.staff,
            "contacts.csv" => &self.contacts,
            _ => "",
        }
    }
}

/// One name or several, of which the first that is there counts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Names {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Names {
    /// The names.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

/// How a district writes the files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dialect {
    pub(crate) mode: Mode,
    /// Names of files, such as `contacts.csv`.
    pub(crate) absent: Vec<&'static str>,
    pub(crate) end_dates: EndDates,
    pub(crate) prefixes: Prefixes,
    files: BTreeMap<String, Names>,
    columns: BTreeMap<String, BTreeMap<String, Names>>,
}

impl Dialect {
    /// The district's names for a file, if it has any.
    pub(crate) fn file_names(&self, file: &spec::FileSpec) -> &[String] {
        let named = |it: &&str| self.files.get(*it);
        [file.stem(), file.name].iter().find_map(named).map_or(&[], Names::as_slice)
    }

    /// The district's names for a column, if it has any.
    pub(crate) fn column_names(&self, file: &spec::FileSpec, column: &str) -> &[String] {
        let named = |it: &&str| self.columns.get(*it)?.get(column);
        [file.stem(), file.name].iter().find_map(named).map_or(&[], Names::as_slice)
    }
}

impl Config {
    /// One archive or folder.
    pub(crate) fn of_path(path: &Path) -> Self {
        Self { path: Some(path.to_owned()), ..Self::default() }
    }

    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = self.place().problems();
        let mut add = |key, message| problems.push(ConfigProblem { key, message });
        for name in &self.absent {
            match spec::file(name) {
                None => add("absent", unknown_file(name)),
                Some(file) if file.required => {
                    add("absent", format!("every full set needs {}; take it out", file.name));
                }
                Some(_) => {}
            }
        }
        for name in self.files.keys().filter(|it| spec::file(it).is_none()) {
            add("files", unknown_file(name));
        }
        for (name, columns) in &self.columns {
            let Some(file) = spec::file(name) else {
                add("columns", unknown_file(name));
                continue;
            };
            for column in columns.keys().filter(|it| file.column(it).is_none()) {
                add("columns", unknown_column(file, column));
            }
        }
        problems
    }

    fn place(&self) -> PlaceConfig {
        let Self { path, landing, limits, .. } = self.clone();
        PlaceConfig { path, landing, limits }
    }

    /// Relative paths start at `base`.
    pub(crate) fn resolve(self, base: &Path) -> Result<(Sets, Dialect)> {
        let sets = self.place().resolve(base)?;
        let Self { mode, absent, end_dates, prefixes, files, columns, .. } = self;
        let absent = absent.iter().filter_map(|it| spec::file(it)).map(|it| it.name).collect();
        Ok((sets, Dialect { mode, absent, end_dates, prefixes, files, columns }))
    }
}

fn unknown_file(name: &str) -> String {
    let known: Vec<_> = FILES.iter().map(|it| it.stem()).collect();
    format!("{name:?} is none of the files: {}", known.join(", "))
}

fn unknown_column(file: &spec::FileSpec, column: &str) -> String {
    let known: Vec<_> = file.columns.iter().map(|it| it.name).collect();
    format!("{} has no column {column:?}; it has {}", file.name, known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_found_at_once() {
        let check = |text: &str, expected: &[&str]| {
            let config: Config = toml::from_str(text).unwrap();
            let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
            assert_eq!(keys, expected, "{text}");
        };
        check("path = 'a.zip'", &[]);
        check("landing = { path = 'drop' }\nmode = 'changes'\nabsent = ['contacts']", &[]);
        check("", &["path"]);
        check("path = 'a'\nabsent = ['students', 'pupils']", &["absent", "absent"]);
        check("path = 'a'\nfiles = { pupils = 'x' }", &["files"]);
        check("path = 'a'\n[columns.students]\nstudent_id = ['A', 'B']\n", &[]);
        check("path = 'a'\n[columns.students]\npupil = 'A'\n[columns.x]\ny = 'z'", &["columns"; 2]);
    }

    #[test]
    fn unknown_keys_are_refused() {
        for text in ["pth = 'a'", "prefixes = { student = 'S' }", "mode = 'bulk'", "end_dates = 1"]
        {
            assert!(toml::from_str::<Config>(text).is_err(), "{text}");
        }
    }
}
