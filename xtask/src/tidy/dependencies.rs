//! Rules for who may know whom.

use super::{Finding, project::Project};
use std::collections::BTreeSet;

/// What a connector must not need, directly or through others.
fn is_beyond_connectors(package: &str) -> bool {
    package.starts_with("connector-")
        || matches!(package, "roster-sink" | "roster-runner" | "roster-testkit" | "roster-synth")
}

/// Connectors know no sink, no runner and no other connector.
pub(super) fn connectors_stand_alone(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in project.packages().iter().filter(|it| it.name.starts_with("connector-")) {
        for needed in needed_by(project, &package.name) {
            if is_beyond_connectors(&needed) {
                let message = format!("a connector must not depend on {needed}");
                findings.push(Finding::new(&package.manifest, 0, message));
            }
        }
    }
    findings
}

/// All packages of the workspace that one needs, directly or through others.
fn needed_by(project: &Project, name: &str) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        let package = project.packages().iter().find(|it| it.name == name);
        for dependency in package.into_iter().flat_map(|it| &it.dependencies) {
            let own = project.packages().iter().any(|it| it.name == *dependency);
            if own && needed.insert(dependency.clone()) {
                open.push(dependency.clone());
            }
        }
    }
    needed
}

/// Packages that `roster-core` may need: none reads, writes, waits or tells the time.
const CORE_MAY_NEED: &[&str] = &[
    "async-trait",
    "futures",
    "jiff",
    "schemars",
    "serde",
    "serde_json",
    "tokio-util",
    "uuid",
    "zeroize",
];

/// Parts of the standard library that reach outside.
const OUTSIDE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
];

/// `roster-core` has no network, file or clock access and needs no runtime.
pub(super) fn core_does_no_io(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in project.packages().iter().filter(|it| it.name == "roster-core") {
        for dependency in &package.dependencies {
            if !CORE_MAY_NEED.contains(&dependency.as_str()) {
                let message = format!("roster-core must not depend on {dependency}");
                findings.push(Finding::new(&package.manifest, 0, message));
            }
        }
    }
    for (path, text) in project.files_named(".rs") {
        if path.starts_with("crates/roster-core/src/") {
            findings.extend(reaches_outside(path, text));
        }
    }
    findings
}

fn reaches_outside(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for part in OUTSIDE.iter().filter(|it| line.contains(**it)) {
            findings.push(Finding::new(
                path,
                index + 1,
                format!("roster-core must not use {part}"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(project: &Project, rule: super::super::Rule, expected: &[&str]) {
        let findings: Vec<String> = rule(project).into_iter().map(|it| it.message).collect();
        assert_eq!(findings, expected);
    }

    #[test]
    fn a_connector_that_knows_a_sink_through_others_is_found() {
        let project = Project::default()
            .with_package("connector-a", &["roster-tabular", "serde"])
            .with_package("roster-tabular", &["roster-sink"])
            .with_package("roster-sink", &["rusqlite"]);
        let expected = ["a connector must not depend on roster-sink"];
        check(&project, connectors_stand_alone, &expected);
    }

    #[test]
    fn a_connector_that_knows_another_is_found() {
        let project = Project::default()
            .with_package("connector-a", &["connector-b"])
            .with_package("connector-b", &["roster-core"])
            .with_package("roster-core", &[]);
        let expected = ["a connector must not depend on connector-b"];
        check(&project, connectors_stand_alone, &expected);
    }

    #[test]
    fn a_core_that_reaches_outside_is_found() {
        let project = Project::of(&[("crates/roster-core/src/a.rs", "use std::fs;\n")])
            .with_package("roster-core", &["serde", "reqwest"]);
        let expected =
            ["roster-core must not depend on reqwest", "roster-core must not use std::fs"];
        check(&project, core_does_no_io, &expected);
    }
}
