//! Rules for source files.

use super::{Finding, project::Project};

/// Lines a file may have.
const LONGEST_FILE: usize = 800;

/// Every file opens with a sentence that says what it is for.
pub(super) fn opens_with_a_sentence(project: &Project) -> Vec<Finding> {
    let opens = |text: &str| text.strip_prefix("//! ").is_some_and(|it| !it.trim().is_empty());
    project
        .files_named(".rs")
        .filter(|it| !opens(it.1))
        .map(|(path, _)| Finding::new(path, 1, "does not open with `//!` and what the file is for"))
        .collect()
}

/// A file has one subject, and with it an end.
pub(super) fn is_short_enough(project: &Project) -> Vec<Finding> {
    let message =
        |lines| format!("has {lines} lines, more than {LONGEST_FILE}: split it by subject");
    project
        .files_named(".rs")
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|it| it.1 > LONGEST_FILE)
        .map(|(path, lines)| Finding::new(path, 0, message(lines)))
        .collect()
}

/// Words that no source file has, and why.  Written apart, so that this file has none of them either.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("#[", "ignore"), "a test that cannot run here says so itself when it runs"),
    (concat!("```", "ignore"), "let the example compile, or mark it as text"),
    (concat!("#[", "should_panic"), "check the error that is returned"),
    (concat!("todo", "!("), "finish it or leave it out"),
    (concat!("unimplemented", "!("), "finish it or leave it out"),
    (concat!("dbg", "!("), "take it out"),
];

/// Nothing is left over from work under way.
pub(super) fn has_no_forbidden_word(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in project.files_named(".rs") {
        for (number, line) in numbered(text) {
            for (word, why) in FORBIDDEN.iter().filter(|it| line.contains(it.0)) {
                findings.push(Finding::new(path, number, format!("`{word}`: {why}")));
            }
        }
    }
    findings
}

/// Files that people write.
const WRITTEN: &[&str] = &[".rs", ".toml", ".md", ".ci/run"];

/// Lines end where their text ends, and so do files.
pub(super) fn has_no_trailing_space(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in project.files().filter(|it| WRITTEN.iter().any(|end| it.0.ends_with(end))) {
        for (number, line) in numbered(text).filter(|it| it.1.ends_with([' ', '\t'])) {
            let length = line.trim_end().len();
            findings.push(Finding::new(path, number, format!("space after column {length}")));
        }
        if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
            findings.push(Finding::new(path, 0, "does not end with one line break"));
        }
    }
    findings
}

/// A lint that is switched off for the whole workspace has its reason above it; clippy asks it of the others.
pub(super) fn gives_a_reason_for_every_allowed_lint(project: &Project) -> Vec<Finding> {
    let text = project.text("Cargo.toml").unwrap_or_default();
    let mut findings = Vec::new();
    let mut above = "";
    for (number, line) in numbered(text) {
        if line.contains("\"allow\"") && !above.starts_with('#') {
            findings.push(Finding::new(
                "Cargo.toml",
                number,
                "no comment says why this is allowed",
            ));
        }
        above = line;
    }
    findings
}

/// What a configuration does not know it refuses: a typing error is no silence.
pub(super) fn refuses_unknown_configuration_keys(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in project.files_named(".rs") {
        for (start, _) in text.match_indices("#[derive(") {
            let item = &text[start..];
            let attributes = item.find(['{', ';']).map_or(item, |end| &item[..end]);
            let is_configuration =
                attributes.contains("Deserialize") && attributes.contains("JsonSchema");
            let is_struct = attributes.contains(" struct ") || attributes.contains("\nstruct ");
            if is_configuration && is_struct && !attributes.contains("deny_unknown_fields") {
                let line = text[..start].lines().count() + 1;
                let message = "configuration without `#[serde(deny_unknown_fields)]`";
                findings.push(Finding::new(path, line, message));
            }
        }
    }
    findings
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::{super::Rule, *};

    fn check(rule: Rule, text: &str, expected: &[usize]) {
        let findings = rule(&Project::of(&[("crates/a/src/lib.rs", text)]));
        let lines: Vec<usize> = findings.iter().map(|it| it.line).collect();
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn a_file_needs_its_sentence() {
        check(opens_with_a_sentence, "//! What it is for.\n", &[]);
        check(opens_with_a_sentence, "//!\n", &[1]);
        check(opens_with_a_sentence, "use std::fs;\n", &[1]);
    }

    #[test]
    fn a_file_has_an_end() {
        check(is_short_enough, &"\n".repeat(800), &[]);
        check(is_short_enough, &"\n".repeat(801), &[0]);
    }

    #[test]
    fn forbidden_words_are_found() {
        for (word, _) in FORBIDDEN {
            check(has_no_forbidden_word, &format!("a\n  {word}\n"), &[2]);
        }
        check(has_no_forbidden_word, "ignored\n", &[]);
    }

    #[test]
    fn space_at_the_end_is_found() {
        check(has_no_trailing_space, "a\nb\n", &[]);
        check(has_no_trailing_space, "a \nb\t\n", &[1, 2]);
        check(has_no_trailing_space, "a", &[0]);
        check(has_no_trailing_space, "a\n\n", &[0]);
    }

    #[test]
    fn an_allowed_lint_without_reason_is_found() {
        let check = |text, expected| {
            let findings =
                gives_a_reason_for_every_allowed_lint(&Project::of(&[("Cargo.toml", text)]));
            assert_eq!(findings.len(), expected, "{text}");
        };
        check("# It is noise.\na = \"allow\"\n", 0);
        check("b = \"deny\"\na = \"allow\"\n", 1);
    }

    #[test]
    fn lenient_configuration_is_found() {
        let derive = "#[derive(Deserialize, JsonSchema)]\n";
        check(refuses_unknown_configuration_keys, &format!("{derive}struct A {{}}\n"), &[1]);
        check(refuses_unknown_configuration_keys, &format!("{derive}enum A {{}}\n"), &[]);
        let strict = format!("{derive}#[serde(deny_unknown_fields)]\npub struct A {{}}\n");
        check(refuses_unknown_configuration_keys, &strict, &[]);
    }
}
