//! Sets that others made.  They lie outside the project, where `HOMEROOM_FIXTURES` says; without it these tests report
//! themselves as ignored.

use homeroom_tests::{Bench, Night};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Valid sets: how many records each has.
const VALID: [(&str, u64); 9] = [
    ("valid-manifest-only-package", 0),
    ("valid-rostering-bulk-package", 13),
    ("valid-rostering-delta-package", 13),
    ("valid-gradebook-bulk-package", 21),
    ("valid-gradebook-delta-package", 21),
    ("valid-resources-bulk-package", 17),
    ("valid-resources-delta-package", 17),
    ("valid-full-bulk-package", 25),
    ("valid-full-delta-package", 25),
];

/// Invalid sets that can be read: findings that must be told, as `code file:line field`.
const INVALID: [(&str, &[&str]); 7] = [
    ("invalid-unknown-zip-entry", &["file_unknown extra.csv:0 -"]),
    (
        "invalid-field-parser-failures",
        &[
            "invalid_year academicSessions.csv:2 schoolYear",
            "identifier_characters courses.csv:2 orgSourcedId",
            "invalid_boolean users.csv:2 enabledUser",
            "missing_required categories.csv:2 title",
            "invalid_decimal categories.csv:2 weight",
            "invalid_date lineItems.csv:2 assignDate",
            "invalid_decimal lineItems.csv:2 resultValueMin",
            "unknown_vocabulary results.csv:2 scoreStatus",
            "invalid_boolean results.csv:2 inProgress",
            "invalid_list scoreScales.csv:2 scoreScaleValue",
        ],
    ),
    ("invalid-bulk-lifecycle-status-failure", &["status_in_bulk users.csv:2 status"]),
    ("invalid-duplicate-sourcedid-failure", &["duplicate_key users.csv:3 sourcedId"]),
    (
        "invalid-missingreferencerecordscenarios-classes-termsourcedids",
        &["reference_not_found classes.csv:2 termSourcedIds"],
    ),
    (
        "invalid-missingreferencerecordscenarios-enrollments-usersourcedid",
        &["reference_not_found enrollments.csv:2 userSourcedId"],
    ),
    (
        "invalid-missingtargetfilescenarios-roles-userprofilesourcedid",
        &["reference_file_missing roles.csv:2 userProfileSourcedId"],
    ),
];

/// Invalid sets that nobody could use: words that the error must have.
const REFUSED: [(&str, &str); 3] = [
    ("invalid-missing-manifest", ""),
    ("invalid-manifest-marks-present-file-absent", "users.csv"),
    ("invalid-csv-quote-failure", "users.csv"),
];

/// Sets of real exports and generators, with all that is told of them.
const REAL: [(&str, &[&str]); 4] = [
    (
        "oneroster-edfi/OneRoster 1.0 Sample Data",
        &["boolean_form repaired 60", "vocabulary_form repaired 8"],
    ),
    (
        "oneroster-edfi/OneRoster 1.1 Sample Data",
        &["manifest_property warning 1", "row_too_wide warning 2"],
    ),
    (
        "oneroster-gospelnerd/oneroster-school-medium.zip",
        &["status_in_bulk warning 7", "year_form repaired 2"],
    ),
    (
        "oneroster-gospelnerd/oneroster-school-small.STORED.zip",
        &["status_in_bulk warning 7", "year_form repaired 2"],
    ),
];

fn main() -> ExitCode {
    let mut tests = Vec::new();
    for (name, records) in VALID {
        tests.push(trial(name, move |feed| valid(feed, records)));
    }
    for (name, findings) in INVALID {
        tests.push(trial(name, move |feed| invalid(feed, findings)));
    }
    for (name, word) in REFUSED {
        tests.push(trial(name, move |feed| refused(feed, word)));
    }
    for (path, findings) in REAL {
        let run = move || on_feed(Path::new(path), |feed| real(feed, findings));
        tests.push(Trial::ignorable_test(path.replace(['/', ' '], "_"), run));
    }
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn trial(
    name: &'static str,
    check: impl FnOnce(&Path) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let path = PathBuf::from(format!("oneroster-longsight/{name}.zip"));
    Trial::ignorable_test(name, move || on_feed(&path, check))
}

fn on_feed(
    path: &Path,
    check: impl FnOnce(&Path) -> Result<(), Failed>,
) -> Result<Completion, Failed> {
    let Some(folder) = env::var_os("HOMEROOM_FIXTURES") else {
        return Ok(Completion::ignored_with("HOMEROOM_FIXTURES is not set"));
    };
    check(&PathBuf::from(folder).join(path)).map(|()| Completion::Completed)
}

/// Counts over all tables, those of relationships apart: they are made from `users.csv`.
fn sum(night: &Night, count: impl Fn(&homeroom_tests::Counts) -> u64) -> u64 {
    night.entities.iter().filter(|(table, _)| *table != "relationships").map(|it| count(it.1)).sum()
}

fn valid(feed: &Path, records: u64) -> Result<(), Failed> {
    let bench = Bench::new();
    let night = bench.night(feed);
    let (read, rejected) = (sum(&night, |it| it.read), sum(&night, |it| it.rejected));
    let told = night.findings();
    if (read, rejected) != (records, 0) || told.iter().any(|it| it.contains(" rejected ")) {
        return Err(format!("{read} of {records} read, {rejected} rejected: {told:?}").into());
    }
    let again = bench.night(feed);
    if again.outcome != "unchanged" {
        return Err(format!("the second night is {}", again.outcome).into());
    }
    Ok(())
}

fn invalid(feed: &Path, findings: &[&str]) -> Result<(), Failed> {
    let night = Bench::new().night(feed);
    let places = night.places();
    match findings.iter().find(|it| !places.iter().any(|place| place == *it)) {
        Some(missing) => Err(format!("{missing} is not among {places:#?}").into()),
        None => Ok(()),
    }
}

fn refused(feed: &Path, word: &str) -> Result<(), Failed> {
    let bench = Bench::new();
    let night = bench.failed_night(feed);
    let message = &night.error.as_ref().ok_or("no error is told")?["message"];
    if !message.contains(word) {
        return Err(format!("{word} is not in {message:?}").into());
    }
    Ok(())
}

fn real(feed: &Path, findings: &[&str]) -> Result<(), Failed> {
    let night = Bench::new().night(feed);
    let (read, rejected) = (sum(&night, |it| it.read), sum(&night, |it| it.rejected));
    if rejected > 0 || sum(&night, |it| it.created) != read || read == 0 {
        return Err(format!("not every record is published: {:?}", night.entities).into());
    }
    if night.findings() != findings {
        return Err(format!("{:?}: {:#?}", night.findings(), night.places()).into());
    }
    Ok(())
}
