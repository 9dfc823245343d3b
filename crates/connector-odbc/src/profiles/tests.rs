//! Tests of the texts of all profiles: that they only read, and nothing that must not be read.

use super::{
    EllPlace, IepPlace, InfiniteCampusProfile, InfiniteCampusPrograms, InfiniteCampusStudentEmail,
    LunchPlace, MealsPlace, PowerSchoolProfile, PowerSchoolPrograms, PowerSchoolStudentEmail,
    ProfileConfig, ProgramPlace, Section504Place, SectionFivePlace,
};
use crate::{block::speaks_of_credentials, database::Database, statement};
use sqlparser::{
    ast::{Ident, Select, SelectItem, SetExpr, Statement, Visit as _, Visitor},
    dialect::GenericDialect,
    parser::Parser,
};
use std::{collections::BTreeSet, fs, ops::ControlFlow, path::Path};

const DATABASES: [Database; 5] = [
    Database::Oracle,
    Database::SqlServer,
    Database::PostgreSql,
    Database::MariaDb,
    Database::Sqlite,
];

/// Configurations that together use every text there is.
fn everything() -> Vec<ProfileConfig> {
    let mut all: Vec<_> = powerschool().into_iter().map(ProfileConfig::PowerSchool).collect();
    all.extend(infinite_campus().into_iter().map(ProfileConfig::InfiniteCampus));
    all
}

fn powerschool() -> Vec<PowerSchoolProfile> {
    use PowerSchoolStudentEmail::{Extension, Login, Person, StudentContact};
    let (table, column) = ("u_student_accounts".to_owned(), "school_mail".to_owned());
    let places = [
        (ProgramPlace::CoreFields, SectionFivePlace::Generic, LunchPlace::LunchStatus, Person),
        (ProgramPlace::NewJersey, SectionFivePlace::NewJersey, LunchPlace::Generic, StudentContact),
        (
            ProgramPlace::Michigan,
            SectionFivePlace::Michigan,
            LunchPlace::LunchStatus,
            Login { domain: "students.example".to_owned() },
        ),
        (
            ProgramPlace::California,
            SectionFivePlace::California,
            LunchPlace::Generic,
            Extension { table, column },
        ),
    ];
    let profile = |(ell, section_504, frl, student_email)| PowerSchoolProfile {
        student_email,
        programs: PowerSchoolPrograms {
            ell: Some(ell),
            iep: Some(ell),
            section_504: Some(section_504),
            frl: Some(frl),
            special_programs: toml::from_str("Gifted = 'gifted'").unwrap(),
        },
        ..PowerSchoolProfile::default()
    };
    places.into_iter().map(profile).collect()
}

fn infinite_campus() -> Vec<InfiniteCampusProfile> {
    use InfiniteCampusStudentEmail::{CensusSelf, Contact, Login};
    let places = [
        (IepPlace::Enrollment, Section504Place::Enrollment, Contact),
        (IepPlace::LearningPlan, Section504Place::Flags, CensusSelf),
        (
            IepPlace::SpecialEdState,
            Section504Place::Table,
            Login { domain: "students.example".to_owned() },
        ),
    ];
    let profile = |(iep, section_504, student_email)| InfiniteCampusProfile {
        student_email,
        programs: InfiniteCampusPrograms {
            ell: Some(EllPlace::Lep),
            iep: Some(iep),
            section_504: Some(section_504),
            frl: Some(MealsPlace::Eligibility),
            flags: toml::from_str("Gifted = 'gifted'").unwrap(),
        },
        ..InfiniteCampusProfile::default()
    };
    places.into_iter().map(profile).collect()
}

/// What of a query must not be: stars, and names of what must never be read.
#[derive(Default)]
struct Forbidden(Vec<String>);

impl Visitor for Forbidden {
    type Break = ();

    fn pre_visit_ident(&mut self, name: &Ident) -> ControlFlow<()> {
        if speaks_of_credentials(&name.value) || NEVER.contains(&name.value.to_lowercase().as_str())
        {
            self.0.push(name.value.clone());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let star = |it: &SelectItem| {
            matches!(it, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
        };
        if select.projection.iter().any(star) {
            self.0.push("*".to_owned());
        }
        ControlFlow::Continue(())
    }
}

/// Columns that hold credentials without saying so in their names.
const NEVER: [&str; 3] = ["teacherloginpw", "powergradepw", "socialsecuritynumber"];

fn forbidden(sql: &str) -> Vec<String> {
    let statements = Parser::parse_sql(&GenericDialect {}, sql).unwrap();
    let mut forbidden = Forbidden::default();
    assert!(statements.visit(&mut forbidden).is_continue());
    forbidden.0
}

#[test]
fn every_text_is_one_plain_query_to_every_database() {
    for profile in everything() {
        for database in DATABASES {
            let queries = profile.resolve(database).unwrap();
            for query in queries.queries() {
                let refusal = statement::refusal(&query.sql, database);
                assert_eq!(refusal, None, "{} for {database:?}:\n{}", query.name, query.sql);
            }
        }
    }
}

#[test]
fn no_text_names_a_password_or_selects_everything() {
    for profile in everything() {
        for query in profile.resolve(Database::Oracle).unwrap().queries() {
            assert_eq!(forbidden(&query.sql), Vec::<String>::new(), "{}", query.name);
        }
    }
    // The check sees what it is to see.
    for (sql, word) in [
        ("SELECT s.dcid, s.student_web_password FROM students s", "student_web_password"),
        ("SELECT u.TeacherLoginPW FROM users u", "TeacherLoginPW"),
        ("SELECT i.\"SSN\" FROM \"Identity\" i", "SSN"),
        ("WITH x AS (SELECT t.* FROM students t) SELECT x.dcid FROM x", "*"),
        ("SELECT * FROM students", "*"),
    ] {
        assert_eq!(forbidden(sql), [word], "{sql}");
    }
}

#[test]
fn columns_are_those_of_the_text() {
    for profile in everything() {
        for query in profile.resolve(Database::SqlServer).unwrap().queries() {
            let columns = query.columns.unwrap().iter().map(|it| it.to_lowercase());
            let expected: Vec<_> = columns.collect();
            assert_eq!(selected(&query.sql), expected, "{}", query.name);
        }
    }
}

/// The columns that a query gives.
fn selected(sql: &str) -> Vec<String> {
    let statements = Parser::parse_sql(&GenericDialect {}, sql).unwrap();
    let [Statement::Query(query)] = statements.as_slice() else { panic!("one query: {sql}") };
    let mut body = query.body.as_ref();
    while let SetExpr::SetOperation { left, .. } = body {
        body = left;
    }
    let SetExpr::Select(select) = body else { panic!("a SELECT: {sql}") };
    let name = |it: &SelectItem| match it {
        SelectItem::ExprWithAlias { alias, .. } => alias.value.to_lowercase(),
        SelectItem::UnnamedExpr(expr) => {
            expr.to_string().rsplit('.').next().unwrap_or_default().to_lowercase()
        }
        other => panic!("{other}"),
    };
    select.projection.iter().map(name).collect()
}

#[test]
fn as_many_values_as_question_marks() {
    for profile in everything() {
        for query in profile.resolve(Database::SqlServer).unwrap().queries() {
            let marks = query.sql.matches('?').count();
            assert_eq!(query.parameters.len(), marks, "{}", query.name);
        }
    }
}

#[test]
fn every_file_is_used_and_opens_with_what_it_reads() {
    let texts: String = everything()
        .iter()
        .flat_map(|it| {
            let profile = it.resolve(Database::Oracle).unwrap();
            profile.queries().iter().map(|it| it.sql.to_string()).collect::<Vec<_>>()
        })
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profiles");
    let mut seen = BTreeSet::new();
    for file in sql_files(&folder) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("-- "), "{} does not open with a comment", file.display());
        let code: Vec<_> = text.lines().filter(|it| !it.starts_with("--")).collect();
        assert!(texts.contains(&code.join("\n")), "{} is not used", file.display());
        seen.insert(file);
    }
    assert!(seen.len() > 60, "{} files", seen.len());
}

fn sql_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|it| it.is_dir());
    let inner = folders.iter().flat_map(|it| sql_files(it));
    let files = files.into_iter().filter(|it| it.extension().is_some_and(|it| it == "sql"));
    files.chain(inner).collect()
}

#[test]
fn names_of_a_district_cannot_smuggle_anything_into_a_query() {
    let check = |table: &str, column: &str| {
        let profile = PowerSchoolProfile {
            student_email: PowerSchoolStudentEmail::Extension {
                table: table.to_owned(),
                column: column.to_owned(),
            },
            ..PowerSchoolProfile::default()
        };
        !profile.problems(Database::Oracle).is_empty()
    };
    assert!(!check("u_student_accounts", "school_mail"));
    assert!(check("u_x; DROP TABLE students", "mail"));
    assert!(check("u_x", "mail FROM users u --"));
    assert!(check("u_x", "student_password"));
    assert!(check("", "mail"));
}

#[test]
fn unknown_keys_and_races_are_refused() {
    let check = |text: &str| toml::from_str::<ProfileConfig>(text);
    assert!(check("type = 'powerschool'\nschool_years = [2027]").is_ok());
    assert!(check("type = 'infinite-campus'\ndistrict_id = 1").is_ok());
    for text in [
        "type = 'powerschool'\nschool_year = 2027",
        "type = 'powerschool'\nstudent_email = { from = 'login', domian = 'x' }",
        "type = 'powerschool'\nprograms = { ell = 'nj' }",
        "type = 'infinite-campus'\nprograms = { section_405 = 'table' }",
    ] {
        assert!(check(text).is_err(), "{text}");
    }
    let races = check("type = 'powerschool'\nraces = { '600' = 'klingon' }").unwrap();
    let keys: Vec<_> = races.problems(Database::Oracle).into_iter().map(|it| it.key).collect();
    assert_eq!(keys, ["profile.races"]);
}
