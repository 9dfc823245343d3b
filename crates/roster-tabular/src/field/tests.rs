//! Tests of the field parsers.

use super::*;
use crate::field::Parsed::{Exact, Invalid, Repaired};
use roster_core::value::FieldValue;
use std::{borrow::Cow, fmt::Debug};

/// The canonical text of what was read.
fn canonical<T>(parsed: Parsed<T>) -> Parsed<String>
where
    Option<T>: for<'a> FieldValue<'a>,
{
    let text = |value| {
        let mut out = String::new();
        Some(value).write(&mut out);
        out
    };
    match parsed {
        Exact(value) => Exact(text(value)),
        Repaired(value) => Repaired(text(value)),
        Invalid => Invalid,
    }
}

fn assert_parsed<T: Debug + PartialEq>(text: &str, found: &Parsed<T>, expected: &Parsed<T>) {
    assert_eq!(found, expected, "{text}");
}

#[test]
fn dates() {
    fn check(text: &str, expected: Parsed<&str>) {
        assert_parsed(text, &canonical(date(text)), &owned(expected));
    }
    check("2026-08-27", Exact("2026-08-27"));
    check("2024-02-29", Exact("2024-02-29"));
    for text in [
        " 2026-08-27 ",
        "8/27/2026",
        "08/27/2026",
        "8-27-2026",
        "8/27/26",
        "2026/08/27",
        "2026/8/27",
        "2026-8-27",
        "20260827",
        "27-Aug-2026",
        "27-AUG-26",
        "2026-08-27T00:00:00",
        "2026-08-27T23:59:59.000Z",
        "2026-08-27 00:00:00",
        "8/27/2026 12:00:00 AM",
        "8/27/2026 0:00",
        "2026-08-27T00:00:00-05:00",
        "2026-08-27T",
    ] {
        check(text, Repaired("2026-08-27"));
    }
    check("1/2/49", Repaired("2049-01-02"));
    check("1/2/50", Repaired("1950-01-02"));
    for text in [
        "",
        " ",
        "2026-02-30",
        "2025-02-29",
        "2026-13-01",
        "0000-00-00",
        "27/8/2026",
        "8/27",
        "8/27/2026/1",
        "8/27/126",
        "2026-08-27x",
        "2026-08-27T25:00:00",
        "202608270",
        "next Tuesday",
        "44800",
        "8.27.2026",
        "+026-08-27",
        "2026-+8-27",
        "２０２６-08-27",
        "99999-01-01",
        "-1/2/2026",
        "27-Foo-2026",
    ] {
        check(text, Invalid);
    }
}

#[test]
fn date_times() {
    fn check(text: &str, expected: Parsed<&str>) {
        assert_parsed(text, &canonical(date_time(text)), &owned(expected));
    }
    check("2026-08-27T18:25:43.511Z", Exact("2026-08-27T18:25:43.511Z"));
    check("2026-08-27T18:25:43Z", Exact("2026-08-27T18:25:43Z"));
    check("2026-08-27T18:25:43.123456789Z", Exact("2026-08-27T18:25:43.123456789Z"));
    for text in [
        "2026-08-27T18:25:00+00:00",
        "2026-08-27T13:25:00-05:00",
        "2026-08-27T13:25:00-0500",
        "2026-08-27T13:25:00-05",
        "2026-08-27 18:25:00",
        "2026-08-27 18:25:00.000",
        "2026-08-27t18:25:00z",
        "2026-08-27T18:25Z",
        "2026-08-27 18:25:00 UTC",
        "8/27/2026 6:25 PM",
        "8/27/2026 6:25:00pm",
        " 2026-08-27T18:25:00Z ",
    ] {
        check(text, Repaired("2026-08-27T18:25:00Z"));
    }
    check("2026-08-27", Repaired("2026-08-27T00:00:00Z"));
    check("8/27/2026", Repaired("2026-08-27T00:00:00Z"));
    check("8/27/2026 12:05 AM", Repaired("2026-08-27T00:05:00Z"));
    check("8/27/2026 12:05 PM", Repaired("2026-08-27T12:05:00Z"));
    for text in [
        "",
        "2026-08-27T24:00:00Z",
        "2026-08-27T18:60:00Z",
        "2026-08-27T18:25:43.Z",
        "2026-02-30T00:00:00Z",
        "2026-08-27T18:25:43.1234567890Z",
        "2026-08-27T18:25:43+99:00",
        "2026-08-27T18",
        "18:25:43",
        "8/27/2026 13:00 PM",
        "8/27/2026 0:05 AM",
        "2026-08-27T18:25:43+5:00:00x",
        "2026-08-27T1:2:3:4Z",
        "yesterday",
        "2026-08-27T18:25:43+",
    ] {
        check(text, Invalid);
    }
}

#[test]
fn years() {
    fn check(text: &str, expected: Parsed<i64>) {
        assert_parsed(text, &year(text), &expected);
    }
    check("2026", Exact(2026));
    check("1900", Exact(1900));
    check("2200", Exact(2200));
    for text in [
        " 2026 ",
        "2025-2026",
        "2025/2026",
        "2025-26",
        "2025/26",
        "2025 - 2026",
        "2025–26",
        "2026.0",
    ] {
        check(text, Repaired(2026));
    }
    check("1999-00", Repaired(2000));
    for text in [
        "",
        "1899",
        "2201",
        "26",
        "2025-2027",
        "2026-2025",
        "2026-06",
        "2025-2",
        "+026",
        "2025-+6",
        "20260",
    ] {
        check(text, Invalid);
    }
}

#[test]
fn booleans() {
    fn check(text: &str, expected: Parsed<bool>) {
        assert_parsed(text, &boolean(text), &expected);
    }
    check("true", Exact(true));
    check("false", Exact(false));
    for text in ["TRUE", "True", " true ", "Y", "y", "Yes", "1", "t"] {
        check(text, Repaired(true));
    }
    for text in ["FALSE", "False", "N", "no", "0", "F"] {
        check(text, Repaired(false));
    }
    for text in ["", " ", "2", "on", "truthy", "-1"] {
        check(text, Invalid);
    }
}

#[test]
fn integers() {
    fn check(text: &str, expected: Parsed<i64>) {
        assert_parsed(text, &integer(text), &expected);
    }
    check("0", Exact(0));
    check("-12", Exact(-12));
    check("007", Exact(7));
    check("9223372036854775807", Exact(i64::MAX));
    check(" 12 ", Repaired(12));
    check("+12", Repaired(12));
    check("12.00", Repaired(12));
    check("1,234", Repaired(1_234));
    check("-12,345,678.0", Repaired(-12_345_678));
    for text in [
        "",
        "-",
        "+",
        "12.5",
        "1.2.3",
        "9223372036854775808",
        "1,23",
        "1234,567",
        "1e3",
        "0x1",
        "١",
        "1 2",
        ",123",
        "--1",
    ] {
        check(text, Invalid);
    }
    check("12.", Repaired(12));
}

#[test]
fn decimals() {
    fn check(text: &str, expected: Parsed<f64>) {
        assert_parsed(text, &decimal(text), &expected);
    }
    check("0", Exact(0.0));
    check("-12.50", Exact(-12.5));
    check(" 1.5 ", Repaired(1.5));
    check("+1.5", Repaired(1.5));
    check(".5", Repaired(0.5));
    check("5.", Repaired(5.0));
    check("1e3", Repaired(1_000.0));
    check("1,234.5", Repaired(1_234.5));
    check("1,234,567", Repaired(1_234_567.0));
    check("-1,234.5", Repaired(-1_234.5));
    for text in [
        "",
        "-",
        ".",
        "NaN",
        "inf",
        "-Infinity",
        "1e999",
        "1,5",
        "1,234",
        "1.234,5",
        "1,23.4",
        "95%",
        "1.2.3",
        "e5",
        "+-1",
        "1.5e",
        "--1",
    ] {
        check(text, Invalid);
    }
}

#[test]
fn terms() {
    const TERMS: [&str; 4] = ["active", "tobedeleted", "schoolYear", "ext:local_name"];
    fn check(text: &str, expected: Parsed<&'static str>) {
        assert_parsed(text, &term(text, &TERMS), &expected);
    }
    check("active", Exact("active"));
    check("toBeDeleted", Repaired("tobedeleted"));
    check(" ACTIVE ", Repaired("active"));
    check("to be deleted", Repaired("tobedeleted"));
    check("school_year", Repaired("schoolYear"));
    check("School-Year", Repaired("schoolYear"));
    for text in ["", " ", "inactive", "activ", "actives", "éactive"] {
        check(text, Invalid);
    }
}

#[test]
fn lists() {
    fn check(text: &str, expected: &str, items: usize, empty_items: bool, json_form: bool) {
        let mut out = "before".to_owned();
        let outcome = push_list(text, &mut out);
        assert_eq!(out, format!("before{expected}"), "{text}");
        assert_eq!(outcome, ListOutcome { items, empty_items, json_form }, "{text}");
        let singly: Vec<String> = list_items(text).map(Cow::into_owned).collect();
        let expected = if expected.is_empty() { "[]" } else { expected };
        assert_eq!(serde_json::to_string(&singly).unwrap(), expected, "{text}");
    }
    check("09", r#"["09"]"#, 1, false, false);
    check("09,10", r#"["09","10"]"#, 2, false, false);
    check(" Science, Physics , Biology", r#"["Science","Physics","Biology"]"#, 3, false, false);
    check("", "", 0, false, false);
    check("  ", "", 0, false, false);
    check("a,,b,", r#"["a","b"]"#, 2, true, false);
    check(",", "", 0, true, false);
    check(r#"say "hi",back\slash"#, r#"["say \"hi\"","back\\slash"]"#, 2, false, false);
    check("é\u{1}", "[\"é\\u0001\"]", 1, false, false);
    check(r#"["10", "11"]"#, r#"["10","11"]"#, 2, false, true);
    check(r"[10,11]", r#"["10","11"]"#, 2, false, true);
    check(r#"["a,b",null,""]"#, r#"["a,b"]"#, 1, true, true);
    check(r#"[{"type":"LDAP"}]"#, r#"["{\"type\":\"LDAP\"}"]"#, 1, false, true);
    check("[]", "", 0, false, true);
    check("[10", r#"["[10"]"#, 1, false, false);
    check("{LDAP:a},{Id:b}", r#"["{LDAP:a}","{Id:b}"]"#, 2, false, false);
}

fn owned(parsed: Parsed<&str>) -> Parsed<String> {
    match parsed {
        Exact(value) => Exact(value.to_owned()),
        Repaired(value) => Repaired(value.to_owned()),
        Invalid => Invalid,
    }
}
