//! What every connector promises, at a made-up Clever.

mod support;

use async_trait::async_trait;
use connector_clever::Config;
use roster_core::{EntityKind, Locus, RosterSource};
use roster_testkit::{
    Failed, Harness, Losses, Place, Seed, clever::CleverData, district_folder, http::HttpFault,
};
use serde_json::json;
use std::{fmt, process::ExitCode, sync::Arc};
use support::Scene;

fn main() -> ExitCode {
    let losses = Losses::read(&district_folder().join("losses/clever.toml"));
    let losses = losses.unwrap_or_else(|err| panic!("{}", err.message().unwrap_or_default()));
    roster_testkit::main([CleverHarness { losses }])
}

struct CleverHarness {
    losses: Losses,
}

impl fmt::Debug for CleverHarness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CleverHarness")
    }
}

#[async_trait]
impl Harness for CleverHarness {
    fn name(&self) -> String {
        "clever".to_owned()
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    async fn seed(&self, seed: Seed) -> Result<Option<Box<dyn Place>>, Failed> {
        let mut data = CleverData::district()?;
        match seed {
            Seed::Whole | Seed::Absent | Seed::CutOff | Seed::Corrupt => {}
            Seed::Empty(EntityKind::Demographics) => data.edit("users", without_demographics),
            Seed::Twice(EntityKind::Org) => first_once_more(&mut data, "schools"),
            Seed::Twice(EntityKind::User) => first_once_more(&mut data, "users"),
            Seed::Unreadable => add_unreadable(&mut data),
            // Enrollments have no records to come twice, the API always gives all it has, in the one form of JSON.
            Seed::Empty(_) | Seed::Twice(_) | Seed::Changes(_) | Seed::Written(_) => {
                return Ok(None);
            }
            _ => return Ok(None),
        }
        let scene = Scene::new(data);
        match seed {
            Seed::Absent => scene.clever.http().close(),
            Seed::CutOff => scene.clever.http().fault(HttpFault::CutBody.on("/users")),
            Seed::Corrupt => scene.clever.http().fault(HttpFault::HalfBody.on("/sections")),
            _ => {}
        }
        Ok(Some(Box::new(CleverPlace(scene))))
    }
}

fn without_demographics(user: &mut serde_json::Value) {
    let Some(student) = user["roles"]["student"].as_object_mut() else { return };
    for field in ["dob", "gender", "race", "hispanic_ethnicity"] {
        student.remove(field);
    }
}

/// The list's first record comes once more, behind all others.
fn first_once_more(data: &mut CleverData, list: &str) {
    let first = data.records(list).next().cloned().expect("the list has records");
    data.push(list, "~", first);
}

/// Adds a person whose name is none, and a term without a first day.
fn add_unreadable(data: &mut CleverData) {
    let id = format!("~{}", Seed::CANARY);
    data.push("users", &id, json!({"id": id, "name": Seed::CANARY, "roles": {}}));
    let term = json!({"id": id, "name": "Term", "start_date": Seed::CANARY, "end_date": ""});
    data.push("terms", &id, term);
}

/// A made-up Clever that holds one feed.
struct CleverPlace(Scene);

impl Place for CleverPlace {
    fn source(&self) -> Arc<dyn RosterSource> {
        let page_size = 7.try_into().ok();
        self.0.source(Config { page_size, ..self.0.config() })
    }

    fn close(&self) {
        self.0.clever.http().close();
    }

    fn open(&self) {
        self.0.clever.http().open();
    }

    fn record(&self, _: &Locus) -> Option<Vec<(String, String)>> {
        None
    }

    fn in_use(&self) -> Option<bool> {
        Some(self.0.clever.http().in_flight() > 0)
    }
}
