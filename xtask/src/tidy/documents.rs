//! Rules for documents: what they name is there.

use super::{Finding, project::Project};
use std::collections::BTreeSet;

/// Commands that documents show exist.
pub(super) fn commands_exist(project: &Project) -> Vec<Finding> {
    let known = known_commands(project);
    let mut findings = Vec::new();
    for (path, text) in written_documents(project) {
        for (line, command) in shown_commands(text) {
            if !known.contains(&command) {
                findings.push(Finding::new(path, line, format!("there is no `{command}`")));
            }
        }
    }
    findings
}

/// `cargo xtask X` of this program, `homeroom X` as its generated reference has them.
fn known_commands(project: &Project) -> BTreeSet<String> {
    let own = crate::COMMANDS.iter().map(|it| format!("cargo xtask {}", it.name));
    let reference = project.text("docs/cli.md").unwrap_or_default();
    let headings = reference.lines().filter_map(|it| it.strip_prefix("## `")?.strip_suffix('`'));
    own.chain(headings.map(str::to_owned)).collect()
}

/// Commands in code blocks and between backticks, with their lines.
fn shown_commands(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_block = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            found.extend(command(line).map(|it| (index + 1, it)));
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(spans.filter_map(command).map(|it| (index + 1, it)));
        }
    }
    found
}

/// The command that a line is, without its arguments.
fn command(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches("$ ");
    let (program, rest) = ["cargo xtask", "homeroom"]
        .iter()
        .find_map(|it| Some((it, line.strip_prefix(it)?.strip_prefix(' ')?)))?;
    let name = rest.split_whitespace().next()?;
    let is_name = name.chars().all(|it| it.is_ascii_lowercase() || it == '-');
    (is_name && !name.starts_with('-')).then(|| format!("{program} {name}"))
}

/// Files and folders that documents name exist.
pub(super) fn paths_exist(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in written_documents(project) {
        for (index, line) in text.lines().enumerate() {
            let named = named_paths(line).map(str::to_owned);
            let linked = linked_paths(line).map(|it| join(path, it));
            for missing in named.chain(linked).filter(|it| !project.has(it)) {
                findings.push(Finding::new(path, index + 1, format!("there is no {missing}")));
            }
        }
    }
    findings
}

/// Paths between backticks, from the root.
fn named_paths(line: &str) -> impl Iterator<Item = &str> {
    const ROOTS: &[&str] = &["crates/", "docs/", "tests/", "xtask/", ".ci/"];
    let spans = line.split('`').skip(1).step_by(2);
    spans
        .filter(|it| ROOTS.iter().any(|root| it.starts_with(root)) && !it.contains(['*', '<', ' ']))
}

/// Targets of links within the project, without their fragments.
fn linked_paths(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|it| it.split(')').next());
    let inside = targets.filter(|it| !it.contains("://") && !it.starts_with(['#', '<']));
    inside.filter_map(|it| it.split('#').next())
}

/// The path that a document at `from` means by `target`.
fn join(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// Every invariant of the architecture names a test that holds it.
///
/// An invariant is a list item that begins in bold and links `test_name`, a function or a case, to the test's file.
pub(super) fn invariants_have_tests(project: &Project) -> Vec<Finding> {
    const PATH: &str = "docs/ARCHITECTURE.md";
    let mut findings = Vec::new();
    for (line, item) in items(project.text(PATH).unwrap_or_default()) {
        if !item.starts_with("- **") {
            continue;
        }
        let tests: Vec<_> = item.match_indices("[`").filter_map(|it| test(&item[it.0..])).collect();
        if tests.is_empty() {
            findings.push(Finding::new(PATH, line, "this invariant names no test"));
        }
        for (name, file) in tests {
            let text = project.text(&join(PATH, file)).unwrap_or_default();
            let is_there = [format!("fn {name}("), format!("\"{name}\"")];
            if !is_there.iter().any(|it| text.contains(it)) {
                findings.push(Finding::new(PATH, line, format!("{file} has no test {name}")));
            }
        }
    }
    findings
}

/// Name and file in `` [`name`](file) … ``.
fn test(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix("[`")?.split_once("`](")?;
    Some((name, rest.split_once(')')?.0))
}

/// List items with the lines they begin at, each in one line.
fn items(text: &str) -> Vec<(usize, String)> {
    let mut items: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("- ") {
            items.push((index + 1, line.to_owned()));
            open = true;
        } else if open && line.starts_with("  ") {
            let (_, item) = items.last_mut().expect("an item is open");
            item.push(' ');
            item.push_str(line.trim());
        } else {
            open = false;
        }
    }
    items
}

/// Every clause of the contract names its conformance cases, and every case has a clause.
///
/// A clause is a list item; it ends with `Case:` or `Cases:` and their ids between backticks.
pub(super) fn contract_and_conformance_cases_agree(project: &Project) -> Vec<Finding> {
    const PATH: &str = "docs/contract.md";
    let Some(contract) = project.text(PATH) else { return Vec::new() };
    let cases = conformance_cases(project);
    let (mut findings, mut named) = (Vec::new(), BTreeSet::new());
    for (line, clause) in items(contract) {
        let ids = named_cases(&clause);
        if ids.is_empty() {
            findings.push(Finding::new(PATH, line, "this clause names no conformance case"));
        }
        for missing in ids.iter().filter(|it| !cases.contains(*it)) {
            findings.push(Finding::new(PATH, line, format!("there is no case {missing}")));
        }
        named.extend(ids);
    }
    let forgotten = cases.difference(&named);
    findings
        .extend(forgotten.map(|it| Finding::new(PATH, 0, format!("no clause names case {it}"))));
    findings
}

fn named_cases(clause: &str) -> BTreeSet<String> {
    let named = clause.split_once("Case: ").or_else(|| clause.split_once("Cases: "));
    let spans = named.map_or("", |it| it.1).split('`').skip(1).step_by(2);
    spans.map(str::to_owned).collect()
}

/// Ids of the cases: in the kit's list, each stands alone on its line, above its clause.
fn conformance_cases(project: &Project) -> BTreeSet<String> {
    let kit = project.text("crates/roster-testkit/src/cases.rs").unwrap_or_default();
    let alone = kit.lines().filter_map(|it| it.trim().strip_prefix('"')?.strip_suffix('"'));
    let is_id = |it: &&str| it.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    alone.filter(is_id).map(str::to_owned).collect()
}

/// Documents that people write; the generated ones are checked by `codegen`.
fn written_documents(project: &Project) -> impl Iterator<Item = (&str, &str)> {
    project.files_named(".md").filter(|it| !it.1.starts_with("<!-- Generated"))
}

#[cfg(test)]
mod tests {
    use super::{super::Rule, *};

    fn check(rule: Rule, files: &[(&str, &str)], expected: &[&str]) {
        let findings = rule(&Project::of(files));
        assert_eq!(findings.into_iter().map(|it| it.message).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn commands_that_do_not_exist_are_found() {
        let reference = ("docs/cli.md", "<!-- Generated -->\n## `homeroom sync`\n");
        let good = "```\ncargo xtask demo\n$ homeroom sync --json\n```\nRun `cargo xtask test`.\n";
        check(commands_exist, &[reference, ("README.md", good)], &[]);
        let bad = "```\nhomeroom sink\n```\nRun `cargo xtask dmeo`.\n";
        let expected = ["there is no `homeroom sink`", "there is no `cargo xtask dmeo`"];
        check(commands_exist, &[reference, ("README.md", bad)], &expected);
    }

    #[test]
    fn paths_that_do_not_exist_are_found() {
        let files = |text| [("docs/a.md", text), ("crates/a/src/lib.rs", "")];
        let good =
            "`crates/a` [a](a.md#b) [lib](../crates/a/src/lib.rs) [web](https://example.org)\n";
        check(paths_exist, &files(good), &[]);
        let bad = "`crates/b` and [a](../a.md)\n";
        check(paths_exist, &files(bad), &["there is no crates/b", "there is no a.md"]);
    }

    #[test]
    fn invariants_without_tests_are_found() {
        let files = |text| [("docs/ARCHITECTURE.md", text), ("tests/a.rs", "fn holds() {}")];
        check(
            invariants_have_tests,
            &files("- **True.** Why:\n  [`holds`](../tests/a.rs).\n"),
            &[],
        );
        check(
            invariants_have_tests,
            &files("- **True.** Why.\n"),
            &["this invariant names no test"],
        );
        let renamed = "- **True.** [`held`](../tests/a.rs)\n";
        check(invariants_have_tests, &files(renamed), &["../tests/a.rs has no test held"]);
    }

    #[test]
    fn clauses_and_cases_that_do_not_meet_are_found() {
        let files = |contract| {
            let kit = "    \"golden-district\"\n    \"A whole feed.\"\n";
            [("docs/contract.md", contract), ("crates/roster-testkit/src/cases.rs", kit)]
        };
        let rule = contract_and_conformance_cases_agree;
        check(rule, &files("- MUST a.\n  Case: `golden-district`.\n"), &[]);
        let expected = ["there is no case golden", "no clause names case golden-district"];
        check(rule, &files("- MUST a. Case: `golden`\n"), &expected);
        let expected =
            ["this clause names no conformance case", "no clause names case golden-district"];
        check(rule, &files("- MUST `a`.\n"), &expected);
    }
}
