//! Reads the recorded sandbox district (`clever-go` in the folder that `HOMEROOM_FIXTURES` names) whole.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use roster_core::{EntityKind, Severity, model::RoleType};
use roster_testkit::{Extracted, clever::CleverData, differences};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};
use support::Scene;

type Check = fn(&Path) -> Result<(), Failed>;

const CHECKS: &[(&str, Check)] = &[
    ("everybody_and_every_membership_comes", everybody_and_every_membership_comes),
    ("pages_of_any_size_give_the_same", pages_of_any_size_give_the_same),
];

fn run(work: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    tokio::runtime::Runtime::new()?.block_on(work)
}

fn everybody_and_every_membership_comes(folder: &Path) -> Result<(), Failed> {
    run(async {
        let data = CleverData::recorded(folder)?;
        let memberships = memberships(&data);
        let relationships = relationships(&data);
        let scene = Scene::new(data);
        let extracted =
            Extracted::everything(&scene.source(scene.config())).await?.without_error()?;
        let rejected: u64 = extracted.batches().map(|it| it.records_rejected).sum();
        assert_eq!(rejected, 0);
        let findings = extracted.batches().flat_map(|it| &it.diagnostics);
        assert_eq!(findings.filter(|it| it.severity == Severity::Rejected).count(), 0);
        let district = extracted.district();
        let count = |entity| district.records(entity).len();
        assert_eq!((count(EntityKind::User), count(EntityKind::Section)), (2_098, 378));
        let with_role = |roles: &[RoleType<'_>]| {
            let of = |it: &&roster_testkit::Record| {
                roles.iter().any(|role| role.term() == it.text("role"))
            };
            let roles = district.records(EntityKind::Role).iter().filter(of);
            roles.map(|it| it.text("user_source_id")).collect::<BTreeSet<_>>().len()
        };
        assert_eq!(with_role(&[RoleType::Student]), 1_004);
        assert_eq!(with_role(&[RoleType::Teacher]), 89);
        assert_eq!(with_role(&[RoleType::DistrictAdministrator]), 3);
        let contacts =
            [RoleType::Parent, RoleType::Guardian, RoleType::Relative, RoleType::Contact];
        assert_eq!(with_role(&contacts), 1_002);
        let told = |entity, fields: [&str; 3]| -> BTreeSet<[String; 3]> {
            let records = district.records(entity).iter();
            records.map(|it| fields.map(|field| it.text(field).to_owned())).collect()
        };
        assert_eq!(
            told(EntityKind::Enrollment, ["user_source_id", "section_source_id", "role"]),
            memberships
        );
        let fields = ["student_source_id", "contact_source_id", "contact_type"];
        assert_eq!(told(EntityKind::Relationship, fields), relationships);
        assert_eq!(count(EntityKind::Relationship), 1_004);
        Ok(())
    })
}

fn pages_of_any_size_give_the_same(folder: &Path) -> Result<(), Failed> {
    run(async {
        let scene = Scene::new(CleverData::recorded(folder)?);
        let mut first = None;
        for size in [10_000, 1_000, 101] {
            let config = connector_clever::Config {
                page_size: std::num::NonZeroU32::new(size),
                ..scene.config()
            };
            let district =
                Extracted::everything(&scene.source(config)).await?.without_error()?.district();
            differences(first.get_or_insert_with(|| district.clone()), &district)?;
        }
        Ok(())
    })
}

fn texts(list: &Value) -> impl Iterator<Item = String> + '_ {
    list.as_array().into_iter().flatten().filter_map(|it| Some(it.as_str()?.to_owned()))
}

/// Who is in which section as what, as the recording has it.
fn memberships(data: &CleverData) -> BTreeSet<[String; 3]> {
    let mut all = BTreeSet::new();
    for section in data.records("sections") {
        let id = section["id"].as_str().unwrap_or_default();
        for (list, role) in [("students", "student"), ("teachers", "teacher")] {
            all.extend(texts(&section[list]).map(|it| [it, id.to_owned(), role.to_owned()]));
        }
    }
    all
}

/// Whose contact is who, as the recording has it.
fn relationships(data: &CleverData) -> BTreeSet<[String; 3]> {
    let mut all = BTreeSet::new();
    for user in data.records("users") {
        let relationships = user["roles"]["contact"]["student_relationships"].as_array();
        for it in relationships.into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            all.insert([text(&it["student"]), text(&user["id"]), text(&it["type"])]);
        }
    }
    all
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder =
        std::env::var_os("HOMEROOM_FIXTURES").map(|it| PathBuf::from(it).join("clever-go"));
    let trials = CHECKS.iter().map(|(name, check)| {
        if let Some(folder) = folder.clone() {
            Trial::test(*name, move || check(&folder))
        } else {
            let name = format!("{name} (HOMEROOM_FIXTURES is not set)");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
