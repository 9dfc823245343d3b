//! Rules for what lies where.

use super::{Finding, project::Project};

/// Lines of a connector's `lib.rs`, which only introduces it.
const LONGEST_LIB: usize = 60;

/// Every package takes lints, edition, version and licence from the workspace.
pub(super) fn packages_inherit_from_the_workspace(project: &Project) -> Vec<Finding> {
    const INHERITED: &[&str] = &[
        "[lints]\nworkspace = true",
        "edition.workspace = true",
        "license.workspace = true",
        "publish.workspace = true",
        "rust-version.workspace = true",
        "version.workspace = true",
    ];
    let mut findings = Vec::new();
    for package in project.packages() {
        let text = project.text(&package.manifest).unwrap_or_default();
        for wanted in INHERITED.iter().filter(|it| !text.contains(**it)) {
            let message = format!("`{}` is missing", wanted.replace('\n', " "));
            findings.push(Finding::new(&package.manifest, 0, message));
        }
    }
    findings
}

/// Who has read one connector can read all.
pub(super) fn connectors_have_one_shape(project: &Project) -> Vec<Finding> {
    const FILES: &[&str] =
        &["src/lib.rs", "src/config.rs", "src/source.rs", "tests/conformance.rs"];
    let mut findings = Vec::new();
    for package in project.packages().iter().filter(|it| it.name.starts_with("connector-")) {
        let folder = package.manifest.trim_end_matches("Cargo.toml");
        for file in FILES.iter().filter(|it| project.text(&format!("{folder}{it}")).is_none()) {
            findings.push(Finding::new(&package.manifest, 0, format!("a connector has {file}")));
        }
        let lib = format!("{folder}src/lib.rs");
        let lines = project.text(&lib).map_or(0, |it| it.lines().count());
        if lines > LONGEST_LIB {
            let message = format!("has {lines} lines, more than {LONGEST_LIB} for a connector");
            findings.push(Finding::new(&lib, 0, message));
        }
    }
    findings
}

/// Anyone may see under what licence this is, and what changed.
pub(super) fn licences_and_changelog_are_there(project: &Project) -> Vec<Finding> {
    const EXPECTED: &[(&str, &str)] = &[
        ("LICENSE-MIT", "MIT License"),
        ("LICENSE-APACHE", "Apache License"),
        ("CHANGELOG.md", "## [Unreleased]"),
        ("README.md", "LICENSE-MIT"),
    ];
    EXPECTED
        .iter()
        .filter(|(path, text)| !project.text(path).is_some_and(|it| it.contains(text)))
        .map(|(path, text)| Finding::new(path, 0, format!("is missing or does not say `{text}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::Rule, *};

    fn check(rule: Rule, project: &Project, expected: usize) {
        let findings = rule(project);
        assert_eq!(findings.len(), expected, "{findings:?}");
    }

    #[test]
    fn a_package_that_goes_its_own_way_is_found() {
        let own = Project::of(&[("crates/a/Cargo.toml", "edition = \"2015\"\n")]);
        check(packages_inherit_from_the_workspace, &own.with_package("a", &[]), 6);
    }

    #[test]
    fn a_connector_of_another_shape_is_found() {
        let long = "\n".repeat(61);
        let files = [
            ("crates/connector-a/src/lib.rs", long.as_str()),
            ("crates/connector-a/src/config.rs", ""),
            ("crates/connector-a/src/source.rs", ""),
        ];
        let project = Project::of(&files).with_package("connector-a", &[]);
        check(connectors_have_one_shape, &project, 2);
        let other = Project::of(&[]).with_package("roster-a", &[]);
        check(connectors_have_one_shape, &other, 0);
    }

    #[test]
    fn missing_licences_are_found() {
        check(licences_and_changelog_are_there, &Project::of(&[]), 4);
        let half = Project::of(&[("LICENSE-MIT", "MIT License"), ("CHANGELOG.md", "## [1.0]")]);
        check(licences_and_changelog_are_there, &half, 3);
    }
}
