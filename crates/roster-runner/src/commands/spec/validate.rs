//! `homeroom spec validate`: a night of a district's files into a database that nobody keeps.
//!
//! So the checks and their words are those of every night, references and duplicates included.

use super::super::App;
use crate::{
    Limits, Sharing,
    cli::ValidateArgs,
    console::{Colour, Paint},
    drive::Drive,
    exit::{Exit, Failure},
    expectation::Expectation,
    keep::KeepSettings,
    registry::SinkAddress,
    render::{counted, shown},
    report::{
        Review,
        district::{Cause, DistrictReport, FileCount, Row},
    },
    settings::{DistrictSettings, NightSettings},
};
use connector_sftp_spec::{Config, SftpSpec};
use futures::StreamExt as _;
use roster_core::{Connector, DiagnosticCode, RosterSource, Severity};
use roster_sink::Outcome;
use serde::Serialize;
use std::{
    fmt::Write as _,
    fs,
    io::{self, IsTerminal as _},
    path::Path,
    pin::pin,
    sync::Arc,
};

/// The answer of `homeroom spec validate --json`.  Holds no value of a record and no key.
#[derive(Debug, Serialize)]
struct Verdict<'r> {
    path: &'r Path,
    /// Whether everything would be taken.
    ready: bool,
    error: Option<&'r str>,
    files: &'r [FileCount],
    causes: Vec<CauseLine<'r>>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
struct CauseLine<'r> {
    code: &'r str,
    severity: Severity,
    title: &'r str,
    place: &'r str,
    what_to_do: &'r str,
    reach: u64,
    lines: Vec<u64>,
}

/// Places that are shown of a cause.
const MOST_LINES: usize = 5;

pub(super) async fn run(app: &mut App, args: &ValidateArgs) -> Result<Exit, Failure> {
    let folder = tempfile::tempdir().map_err(|err| {
        Failure::Usage(format!("no temporary folder can be made to check in: {err}"))
    })?;
    let to = format!("sqlite:{}", folder.path().join("check.db").display());
    let to = SinkAddress::parse(&to, Path::new(""), None).map_err(Failure::Usage)?;
    let district = district(source(args)?, to.clone())?;
    let drive = Drive::new(NightSettings::default(), app.cancel.clone(), app.progress.clone());
    let record = {
        let mut nights = pin!(drive.nights(vec![district]).await);
        nights.next().await
    };
    let Some(record) = record else { return Ok(Exit::Defect) };
    let found = &record.report.diagnostics;
    let left_out = found.iter().any(|it| it.severity == Severity::Rejected);
    // What is not sent must not be sent empty: it could not be told from an export that broke.
    let empty = found.iter().any(|it| it.code == DiagnosticCode::FileEmpty.code());
    let ended_well = matches!(record.report.outcome, Outcome::Published | Outcome::Unchanged);
    let ready = ended_well && record.report.error.is_none() && !left_out && !empty;
    let review = Review::load(&*to.existing().await?, record).await?;
    let report = DistrictReport::new(&review);
    let values = args.values || io::stdout().is_terminal();
    app.console.answer(&verdict(&args.path, ready, &report), |it, colour| {
        text(it, &report, values, colour)
    })?;
    Ok(if ready { Exit::Done } else { Exit::DistrictFailed })
}

/// The source of the files, with the district's names where they are given.
fn source(args: &ValidateArgs) -> Result<Arc<dyn RosterSource>, Failure> {
    let mut config = match &args.names {
        Some(file) => names(file)?,
        None => Config::default(),
    };
    config.path = Some(args.path.clone());
    config.landing = None;
    let problems = SftpSpec::validate(&config);
    if !problems.is_empty() {
        let told: Vec<_> =
            problems.iter().map(|it| format!("{}: {}", it.key, it.message)).collect();
        return Err(Failure::Usage(told.join("\n")));
    }
    Ok(SftpSpec::build(config, Path::new(""))?)
}

fn names(file: &Path) -> Result<Config, Failure> {
    let unusable =
        |err: &dyn std::fmt::Display| Failure::Usage(format!("{}: {err}", file.display()));
    let text = fs::read_to_string(file).map_err(|err| unusable(&err))?;
    toml::from_str(&text).map_err(|err| unusable(&err))
}

fn district(source: Arc<dyn RosterSource>, to: SinkAddress) -> Result<DistrictSettings, Failure> {
    Ok(DistrictSettings {
        id: "files".parse().map_err(Failure::Usage)?,
        name: None,
        connector: SftpSpec::ID,
        source,
        to,
        sharing: Sharing::default(),
        limits: Limits::default(),
        keep: KeepSettings::default(),
        expect: Expectation::default(),
    })
}

fn verdict<'r>(path: &'r Path, ready: bool, report: &'r DistrictReport) -> Verdict<'r> {
    let line = |it: &'r Cause| CauseLine {
        code: &it.code,
        severity: it.severity,
        title: &it.title,
        place: &it.place,
        what_to_do: &it.what_to_do,
        reach: it.reach,
        lines: it.findings.iter().filter_map(|it| it.line).take(100).collect(),
    };
    Verdict {
        path,
        ready,
        error: report.error.as_deref(),
        files: &report.files,
        causes: report.causes.iter().map(line).collect(),
    }
}

fn text(verdict: &Verdict<'_>, report: &DistrictReport, values: bool, colour: Colour) -> String {
    let mut text = String::new();
    for FileCount { file, read, left_out } in &report.files {
        _ = writeln!(text, "  {file}: {}, {left_out} left out", counted(*read, "record"));
    }
    if let Some(error) = &report.error {
        _ = writeln!(text, "{} {error}", colour.paint(Paint::Red, "refused:"));
    }
    for cause in &report.causes {
        push_cause(cause, values, colour, &mut text);
    }
    let (paint, sentence) = if verdict.ready {
        (Paint::Green, "ready: everything would be taken")
    } else {
        (Paint::Red, "not ready: mend what is left out, then check again")
    };
    _ = writeln!(text, "{}", colour.paint(paint, sentence));
    text
}

fn push_cause(cause: &Cause, values: bool, colour: Colour, text: &mut String) {
    let (paint, word) = match cause.severity {
        Severity::Rejected => (Paint::Red, "left out"),
        Severity::Repaired => (Paint::Yellow, "repaired"),
        Severity::Warning => (Paint::Dim, "to note"),
    };
    let Cause { title, place, code, reach, what_to_do, .. } = cause;
    let word = colour.paint(paint, word);
    _ = writeln!(
        text,
        "{word} {}: {} ({code}, {})",
        shown(place),
        shown(title),
        counted(*reach, "finding")
    );
    for row in cause.findings.iter().take(MOST_LINES) {
        push_row(row, values, text);
    }
    _ = writeln!(text, "    {}", shown(what_to_do));
}

fn push_row(row: &Row, values: bool, text: &mut String) {
    let Some(line) = row.line.filter(|it| *it > 0) else { return };
    _ = write!(text, "    {} line {line}", shown(&row.file));
    if values {
        let told = [("record", &row.record), ("value", &row.value)];
        for (name, value) in told
            .into_iter()
            .filter_map(|it| Some((it.0, it.1.as_ref().filter(|it| !it.is_empty())?)))
        {
            _ = write!(text, ", {name} {}", shown(value));
        }
    }
    text.push('\n');
}
