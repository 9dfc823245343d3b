//! Reports for a made-up district, in all forms.

use super::*;
use crate::report::{
    kept::{Finding, Form, Kept, Quarantined},
    testing::{reject, run},
};
use roster_core::EntityKind;
use roster_sink::{DiagnosticSummary, EntityCounts};

/// Text that means something in HTML, and a formula.
const HOSTILE: &str = "=<script>alert('\"&')</script>";

fn review() -> Review {
    let mut kept = Kept::default();
    let place = (4, "grades");
    let fields = [("source_id", "u1"), ("family_name", HOSTILE), ("grades", r#"["09","10"]"#)];
    reject(&mut kept, EntityKind::User, "missing_required", place, &fields);
    let enrollment =
        [("source_id", "e1"), ("user_source_id", "u1"), ("extensions", r#"{"metadata.seat":"4"}"#)];
    let place = (9, "userSourcedId");
    reject(&mut kept, EntityKind::Enrollment, "reference_rejected", place, &enrollment);
    let as_it_stood = Quarantined {
        position: 7,
        file: "users.csv".to_owned(),
        source_id: None,
        form: Form::Source,
        fields: vec![("SourcedID".to_owned(), " ".to_owned()), ("sex".to_owned(), "x".to_owned())],
    };
    kept.quarantine.entry(EntityKind::User).or_default().push(as_it_stood);
    kept.findings.push(Finding {
        entity: EntityKind::User,
        code: "unknown_status".to_owned(),
        severity: Severity::Rejected,
        file: Some("users.csv".to_owned()),
        line: Some(7),
        field: Some("sex".to_owned()),
        source_id: None,
    });
    let mut record = run();
    record.report.entities =
        [(EntityKind::User, EntityCounts { read: 20, rejected: 2, ..EntityCounts::default() })]
            .into();
    let summary = |it: &Finding| DiagnosticSummary {
        code: it.code.clone(),
        severity: it.severity,
        count: 1,
        examples: Vec::new(),
    };
    record.report.diagnostics = kept.findings.iter().map(summary).collect();
    Review { record, kept, earlier: Vec::new(), holds: Vec::new() }
}

fn written(format: Format) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report");
    DistrictReport::new(&review()).write(&file, format).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read it");
    }
    std::fs::read_to_string(&file).unwrap()
}

#[test]
fn json_has_causes_with_values_in_the_districts_own_names() {
    let report: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
    let cause = &report["causes"][0];
    assert_eq!((&cause["code"], &cause["reach"]), (&"missing_required".into(), &2.into()));
    assert_eq!(cause["what_to_do"], "Fill the named field.");
    let row = &cause["findings"][0];
    assert_eq!((&row["file"], &row["line"]), (&"users.csv".into(), &4.into()));
    assert_eq!((&row["field"], &row["value"]), (&"grades".into(), &"09,10".into()));
    assert_eq!(row["fields"]["familyName"], HOSTILE);
    let following = &cause["following"][0];
    assert_eq!(
        (&following["file"], &following["value"]),
        (&"enrollments.csv".into(), &"u1".into())
    );
    assert_eq!(following["fields"]["metadata.seat"], "4");
    assert_eq!(report["causes"][1]["findings"][0]["value"], "x");
    assert_eq!(report["files"][0]["file"], "users.csv");
}

#[test]
fn csv_has_a_row_for_each_finding_and_no_formula() {
    let text = written(Format::Csv);
    let text = text.strip_prefix('\u{feff}').expect("spreadsheets need the mark");
    let mut table = ::csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<_> = table.records().map(Result::unwrap).collect();
    let cells: Vec<Vec<_>> =
        rows.iter().map(|it| [0, 2, 3, 4, 5, 6, 7].map(|at| &it[at]).into()).collect();
    assert_eq!(
        cells,
        [
            ["1", "users.csv", "4", "u1", "grades", "09,10", "missing_required"],
            ["1", "enrollments.csv", "9", "e1", "userSourcedId", "u1", "reference_rejected"],
            ["2", "users.csv", "7", "", "sex", "x", "unknown_status"],
        ]
    );
    assert_eq!(&rows[1][10], "Mend cause 1 first.");
}

#[test]
fn page_is_escaped_and_whole_in_itself() {
    let page = written(Format::Html);
    assert!(
        page.contains("=&#60;script&#62;alert(&#39;&#34;&#38;&#39;)&#60;/script&#62;"),
        "{page}"
    );
    for foreign in ["<script", "src=", "href=\"http", "url(", "@import", "<link"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for part in
        ["<html lang=\"en\">", "<h1>lakeside", "<caption>", "scope=\"col\"", "name=\"viewport\""]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("<bdi>u1</bdi>") && page.contains("<dt><bdi>familyName</bdi></dt>"));
}

#[test]
fn format_is_that_of_the_name() {
    let check = |name: &str, expected: Option<Format>| {
        assert_eq!(Format::of(Path::new(name)), expected, "{name}");
    };
    check("a.html", Some(Format::Html));
    check("a.HTM", Some(Format::Html));
    check("a/b.csv", Some(Format::Csv));
    check("a.json", Some(Format::Json));
    check("a.pdf", None);
    check("csv", None);
}

#[test]
fn files_that_are_there_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.csv");
    std::fs::write(&file, "mine").unwrap();
    let error = DistrictReport::new(&review()).write(&file, Format::Csv).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert!(!format!("{:?}", DistrictReport::new(&review())).contains("script"));
}

#[test]
fn what_waits_is_told_in_the_districts_own_names() {
    let mut hold: Hold = serde_json::from_str(
        r#"{"id":"r.1","run":"r","district":"lakeside","entity":"sections","school":"s1",
            "rule":"deleted","records":40,"of_records":100,"limit":"10 %","in_a_row":1,"state":"open",
            "created_at":"2026-11-23T18:30:00Z","expires_at":null,"decision":null,"examples":[]}"#,
    )
    .unwrap();
    let names = Names::of("oneroster");
    assert_eq!(
        waiting(&hold, names),
        "classes.csv: 40 of 100 records of school s1 would be removed"
    );
    (hold.school, hold.rule) = (None, HoldRule::Rekeyed);
    assert_eq!(
        waiting(&hold, names),
        "classes.csv: 40 of 100 records seem to have got another key"
    );
}
