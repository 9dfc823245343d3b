//! Every rule that the rendered document tells is the one that the reader enforces.

use super::{REJECTED, REPAIRED, WARNING, example, read};
use connector_sftp_spec::document;
use roster_core::Severity;
use roster_testkit::FileSet;

/// A row of the document's tables of columns.
#[derive(Debug)]
struct Rule {
    file: String,
    column: String,
    needed: bool,
    kind: String,
    also: Vec<String>,
}

/// The rules, as the Markdown has them.
fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    let (mut file, mut within) = (String::new(), false);
    for line in document::markdown().lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.trim_matches('`').clone_into(&mut file);
        }
        within = match line {
            _ if line.starts_with("| column | needed | type |") => true,
            _ if !line.starts_with('|') => false,
            _ => within,
        };
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if let ([name, needed @ ("yes" | "no"), kind, _, _, also], true) = (&cells[..], within) {
            rules.push(Rule {
                file: file.clone(),
                column: name.trim_matches('`').to_owned(),
                needed: *needed == "yes",
                kind: (*kind).to_owned(),
                also: codes(also),
            });
        }
    }
    rules
}

/// What stands between backticks.
fn codes(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The example with a value in a column of the file's first record; the column's place is kept.
fn with(rule: &Rule, value: &str) -> FileSet {
    let mut set = example();
    let text =
        String::from_utf8(set.get(&rule.file).expect("it is there").to_vec()).expect("UTF-8");
    let mut lines: Vec<_> = text.split("\r\n").map(str::to_owned).collect();
    let position = lines[0].split(',').position(|it| it == rule.column).expect("it is there");
    let mut cells = cells(&lines[1]);
    cells[position] = format!("\"{value}\"");
    lines[1] = cells.join(",");
    set.set(&rule.file, lines.join("\r\n"));
    set
}

/// The cells of a line, quotes kept.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for character in line.chars() {
        quoted ^= character == '"';
        match character {
            ',' if !quoted => cells.push(String::new()),
            other => cells.last_mut().expect("one is there").push(other),
        }
    }
    cells
}

/// What a value in the column of a rule gives.
fn check(rule: &Rule, value: &str, expected: Option<(&'static str, Severity)>) {
    let extract = read(&with(rule, value));
    assert!(extract.error.is_none(), "{rule:?} {value:?}: {:?}", extract.error);
    let of_column: Vec<_> = extract
        .findings()
        .into_iter()
        .filter(|it| it.2 == rule.file && it.4 == rule.column && it.3 == 2)
        .map(|it| (it.0, it.1))
        .collect();
    assert_eq!(of_column, expected.into_iter().collect::<Vec<_>>(), "{rule:?} {value:?}");
}

#[test]
fn document_has_every_column_of_every_file() {
    let told: Vec<_> = rules().into_iter().map(|it| (it.file, it.column)).collect();
    let files = connector_sftp_spec::spec::FILES;
    let all = files
        .iter()
        .flat_map(|file| file.columns.iter().map(|it| (file.name.to_owned(), it.name.to_owned())));
    assert_eq!(told, all.collect::<Vec<_>>());
}

#[test]
fn empty_values_are_taken_unless_the_document_needs_them() {
    for rule in rules() {
        let missing = rule.needed.then_some(("missing_required", REJECTED));
        check(&rule, "", missing);
    }
}

#[test]
fn values_of_every_type_are_taken_and_others_found() {
    for rule in rules() {
        let lost = if rule.needed { REJECTED } else { REPAIRED };
        match &*rule.kind {
            "date" | "date (last day)" => {
                check(&rule, "2026-10-01", None);
                check(&rule, "10/1/2026", None);
                check(&rule, "1-Oct-2026", Some(("date_form", REPAIRED)));
                check(&rule, "2026-02-30", Some(("invalid_date", lost)));
            }
            "yes or no" if rule.column == "deleted" => {
                check(&rule, "no", None);
                check(&rule, "perhaps", Some(("unknown_status", REJECTED)));
            }
            "yes or no" => {
                for value in ["Y", "N", "yes", "no", "true", "false", "1", "0", "TRUE"] {
                    check(&rule, value, None);
                }
                check(&rule, "perhaps", Some(("invalid_boolean", lost)));
            }
            "year" => {
                check(&rule, "2027", None);
                check(&rule, "2026-2027", Some(("year_form", REPAIRED)));
                check(&rule, "next", Some(("invalid_year", lost)));
            }
            "whole number" => {
                check(&rule, "2", None);
                check(&rule, "two", Some(("invalid_integer", lost)));
            }
            "grades" => {
                for value in ["09", "9", "K", "PK", "00", "9;10", "09,10"] {
                    check(&rule, value, None);
                }
                check(&rule, "senior", Some(("unknown_vocabulary", WARNING)));
            }
            "list of `type:id`" => {
                check(&rule, "ldap:a;local:b", None);
                check(&rule, "ldap", Some(("list_item_form", REPAIRED)));
            }
            kind if kind.starts_with("one of ") => {
                for word in codes(kind) {
                    check(&rule, &word, None);
                    check(&rule, &word.to_uppercase().replace('_', " "), None);
                }
                check(&rule, "ext:other kind", None);
                check(&rule, "other kind", Some(("unknown_vocabulary", WARNING)));
            }
            kind if kind == "key" || kind.starts_with("key in ") => {
                check(
                    &rule,
                    "1.00E+09",
                    Some(("rounded_number", if kind == "key" { REJECTED } else { lost })),
                );
            }
            "text" | "list" => check(&rule, "any text", None),
            kind => assert!(kind.starts_with("keys in "), "{kind} is checked"),
        }
    }
}

#[test]
fn files_that_the_document_needs_are_waited_for_and_others_not() {
    let text = document::markdown();
    let rows = text.lines().filter(|it| it.starts_with("| `") && it.contains(".csv` | "));
    let mut checked = 0;
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let ([name, _, needed, _], true) = (&cells[..], cells.len() == 4) else { continue };
        let mut set = example();
        set.remove(name.trim_matches('`'));
        assert_eq!(read(&set).error.is_some(), *needed == "yes", "{name}");
        checked += 1;
    }
    assert_eq!(checked, 11);
}

#[test]
fn other_names_of_columns_are_read_as_the_document_says() {
    for rule in rules() {
        for name in &rule.also {
            let mut set = example();
            let text = String::from_utf8(set.get(&rule.file).expect("it is there").to_vec())
                .expect("UTF-8");
            let (header, rest) = text.split_once("\r\n").expect("it has a header");
            let named: Vec<_> =
                header.split(',').map(|it| if it == rule.column { name } else { it }).collect();
            set.set(&rule.file, format!("{}\r\n{rest}", named.join(",")));
            let extract = read(&set);
            assert!(extract.error.is_none() && extract.codes().is_empty(), "{rule:?} {name}");
        }
    }
}
