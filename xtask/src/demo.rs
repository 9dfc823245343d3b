//! `cargo xtask demo`: a made-up district through three nights, from zip to SQLite.

use crate::{
    Result,
    args::Args,
    process,
    synth::{self, Files},
    system,
};
use roster_synth::{Changes, Options};
use serde_json::Value;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Where everything is written, in the workspace.
const FOLDER: &str = "target/demo";
const OPTIONS: Options = Options { students: 500, seed: 1, version: roster_synth::Version::V1_1 };
/// Share of the records that change before the third night.
const CHANGE_PERCENT: u32 = 4;

pub(crate) fn run(args: Args) -> Result {
    args.finish()?;
    system::need(&[system::C_COMPILER])?;
    let demo = Demo { homeroom: process::build("homeroom")?, folder: process::root().join(FOLDER) };
    let changes = demo.make_district()?;
    let files = Files::new(&demo.folder, &OPTIONS);
    demo.night("First night: the district is new", &files.first, "published")?;
    demo.night("Second night: the same files again", &files.first, "unchanged")?;
    let title = format!("Third night: {CHANGE_PERCENT} % of the records changed");
    let report = demo.night(&title, &files.next, "published")?;
    check(&report, &changes)?;
    println!("\nThat is what the generator changed, record for record.");
    demo.look_back(&report)
}

/// The program and the folder it works in.
struct Demo {
    homeroom: PathBuf,
    folder: PathBuf,
}

impl Demo {
    fn make_district(&self) -> Result<Changes> {
        for end in ["", "-wal", "-shm"] {
            remove(&self.folder.join(format!("roster.db{end}")))?;
        }
        let files = Files::new(&self.folder, &OPTIONS);
        let (_, changes) = synth::write(&files, &OPTIONS, Some(CHANGE_PERCENT))?;
        println!("A made-up district of {} students is in {FOLDER}/.", OPTIONS.students);
        changes.ok_or_else(|| "no second night was made".into())
    }

    /// Runs a night and prints what it did.
    fn night(&self, title: &str, zip: &Path, outcome: &str) -> Result<Value> {
        println!("\n{title}");
        let arguments =
            ["sync", "--connector", "oneroster", "--district", "demo", "--json", "--log", "warn"];
        let mut command = self.homeroom(&arguments);
        command.arg("--from").arg(zip);
        let report: Value = serde_json::from_str(&process::output(&mut command)?)?;
        process::run(&mut self.homeroom(&["show", run_id(&report)?]))?;
        let found = report["outcome"].as_str().unwrap_or_default();
        if found == outcome { Ok(report) } else { Err(format!("expected {outcome}").into()) }
    }

    /// Shows where the nights can be looked at again.
    fn look_back(&self, last: &Value) -> Result {
        println!("\n$ homeroom runs --to sqlite:{FOLDER}/roster.db");
        process::run(&mut self.homeroom(&["runs"]))?;
        let run = run_id(last)?;
        println!("\n$ homeroom report {run} --to sqlite:{FOLDER}/roster.db");
        process::run(&mut self.homeroom(&["report", run]))?;
        println!(
            "\nThe roster is in {FOLDER}/roster.db, a SQLite file: docs/model.md has its tables."
        );
        Ok(())
    }

    /// The program with a command, publishing to the demo's database.
    fn homeroom(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.homeroom);
        let database = format!("sqlite:{FOLDER}/roster.db");
        command.current_dir(process::root()).args(arguments).args(["--to", &database]);
        command
    }
}

/// Removes what an earlier demo left.
fn remove(file: &Path) -> Result {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn run_id(report: &Value) -> Result<&str> {
    report["run"].as_str().ok_or_else(|| "the night has no run".into())
}

/// Compares what a night counted with what the generator changed.
fn check(report: &Value, changes: &Changes) -> Result {
    for (table, expected) in changes {
        let counts = &report["entities"][*table];
        let found = ["created", "updated", "deleted", "unchanged"].map(|it| counts[it].as_u64());
        let expected =
            [expected.created, expected.updated, expected.deleted, expected.unchanged].map(Some);
        if found != expected {
            return Err(format!("{table}: counted {found:?}, expected {expected:?}").into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_synth::TableChanges;
    use serde_json::json;

    #[test]
    fn a_night_that_counts_otherwise_is_found() {
        let users = TableChanges { created: 1, updated: 2, deleted: 3, unchanged: 4 };
        let changes = Changes::from([("users", users)]);
        let report = |deleted: u64| {
            let counts = json!({ "created": 1, "updated": 2, "deleted": deleted, "unchanged": 4 });
            json!({ "entities": { "users": counts } })
        };
        assert!(check(&report(3), &changes).is_ok());
        assert!(check(&report(2), &changes).is_err());
        assert!(check(&json!({}), &changes).is_err());
    }
}
