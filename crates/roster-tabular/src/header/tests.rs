//! Tests of header binding.

use super::*;
use crate::csv::{CsvLimits, CsvReader};

const EXPECTED: [ColumnName; 4] = [
    ColumnName { name: "sourcedId", aliases: &["id"] },
    ColumnName { name: "dateLastModified", aliases: &["dataLastModified"] },
    ColumnName { name: "grades", aliases: &["grade"] },
    ColumnName { name: "email", aliases: &[] },
];

fn header(text: &str) -> Record {
    let mut record = Record::default();
    let _ = CsvReader::new(text.as_bytes(), CsvLimits::default(), b',').read(&mut record).unwrap();
    record
}

/// Checks where the expected columns are, which are extra, and what is found, as `code column`.
fn check(text: &str, columns: [Option<usize>; 4], extras: &[(usize, &str)], findings: &[&str]) {
    let (binding, found) = bind(&header(text), &EXPECTED);
    assert_eq!([0, 1, 2, 3].map(|it| binding.column(it)), columns, "{text}");
    let found_extras: Vec<_> = binding.extras().iter().map(|(at, it)| (*at, it.as_str())).collect();
    assert_eq!(found_extras, extras, "{text}");
    let found: Vec<_> =
        found.iter().map(|it| format!("{} {}", it.code.code(), it.column)).collect();
    assert_eq!(found, findings, "{text}");
    assert_eq!(binding.width(), text.split(',').count());
    for finding in bind(&header(text), &EXPECTED).1 {
        let written = finding.position.and_then(|it| text.split(',').nth(it)).map(str::trim);
        let unnamed = finding.code == DiagnosticCode::ColumnUnnamed;
        let missing = finding.code == DiagnosticCode::ColumnMissing;
        let expected = if unnamed { Some("") } else { Some(&*finding.column).filter(|_| !missing) };
        assert_eq!(written, expected, "{text}");
    }
}

const ALL: [Option<usize>; 4] = [Some(0), Some(1), Some(2), Some(3)];

#[test]
fn exact_header_has_no_findings() {
    check("sourcedId,dateLastModified,grades,email", ALL, &[], &[]);
    check("\u{feff}sourcedId , dateLastModified,\"grades\",email", ALL, &[], &[]);
    check("sourcedId,dateLastModified,grades,email,metadata.x", ALL, &[(4, "metadata.x")], &[]);
}

#[test]
fn names_are_found_in_other_forms() {
    let findings = ["column_name SourcedID", "column_name date_last-modified", "column_name EMAIL"];
    check("SourcedID,date_last-modified,grades,EMAIL", ALL, &[], &findings);
    let findings = ["column_name ID", "column_name dataLastModified", "column_name grade"];
    check("ID,dataLastModified,grade,email", ALL, &[], &findings);
}

#[test]
fn exact_name_wins_over_other_forms() {
    let columns = [Some(2), Some(1), Some(3), Some(4)];
    let findings = ["column_twice sourcedid", "column_order dateLastModified"];
    check("sourcedid,dateLastModified,sourcedId,grades,email", columns, &[], &findings);
    let columns = [Some(0), Some(1), Some(3), Some(4)];
    let header = "sourcedId,dateLastModified,grade,grades,email";
    check(header, columns, &[(2, "grade")], &["column_order grades"]);
}

#[test]
fn order_does_not_matter_but_is_told() {
    let columns = [Some(1), Some(0), Some(2), Some(3)];
    check("dateLastModified,sourcedId,grades,email", columns, &[], &["column_order sourcedId"]);
    let columns = [Some(0), Some(1), Some(3), Some(4)];
    let header = "sourcedId,dateLastModified,metadata.x,grades,email";
    check(header, columns, &[(2, "metadata.x")], &["column_order grades"]);
}

#[test]
fn missing_and_unnamed_columns_are_told() {
    let columns = [Some(0), None, Some(1), None];
    let findings = ["column_unnamed 3", "column_missing dateLastModified", "column_missing email"];
    check("sourcedId,grades,, ,", columns, &[], &findings);
    let missing = EXPECTED.map(|it| format!("column_missing {}", it.name));
    let missing: Vec<_> = missing.iter().map(String::as_str).collect();
    check("a,b", [None; 4], &[(0, "a"), (1, "b")], &missing);
}

#[test]
fn second_column_of_a_name_is_left_out() {
    let header = "sourcedId,dateLastModified,grades,email,email,x,X";
    check(header, ALL, &[(5, "x")], &["column_twice email", "column_twice X"]);
    let header = "id,dateLastModified,grades,email,ID";
    check(header, ALL, &[], &["column_name id", "column_twice ID"]);
}

#[test]
fn empty_header_misses_all() {
    let (binding, findings) = bind(&Record::default(), &EXPECTED);
    assert_eq!((binding.width(), findings.len()), (0, 4));
    assert_eq!(binding.column(99), None);
}
