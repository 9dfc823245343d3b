//! `homeroom report`: what was wrong in a run, why, and how to mend it; for us, or as a file for the district.

use super::{App, RecordLine, select};
use crate::{
    cli::ReportArgs,
    exit::{Exit, Failure},
    render::{self, counted},
    report::{
        Review,
        causes::RootCause,
        district::{DistrictReport, Format},
        trends::Trends,
    },
};
use roster_sink::{Hold, RunRecord};
use serde::Serialize;
use std::{collections::BTreeMap, path::Path};

/// One line of `homeroom report --json`.
#[derive(Debug, Serialize)]
struct ReportLine<'r> {
    #[serde(flatten)]
    record: RecordLine<'r>,
    /// What was wrong, what cost most first.
    root_causes: &'r [RootCause],
    /// Beside the nights before.
    trends: &'r Trends,
    /// What waits since the run, as it stands now.
    waiting: &'r [Hold],
    /// The manual page of each code in it, as Markdown.
    manual: BTreeMap<&'r str, String>,
}

/// One line of `homeroom report --for-district FILE --json`.
#[derive(Debug, Serialize)]
struct WrittenLine<'r> {
    run: &'r str,
    district: &'r str,
    file: &'r Path,
    causes: usize,
    findings: usize,
}

pub(super) async fn run(app: &mut App, args: &ReportArgs) -> Result<Exit, Failure> {
    let format = args.for_district.as_deref().map(format).transpose()?;
    let found = select::run(&app.global, args.to.as_deref(), &args.run).await?;
    let review = Review::load(&*found.sink, found.record).await?;
    match (args.for_district.as_deref(), format) {
        (Some(file), Some(format)) => for_district(app, &review, file, format),
        _ => for_us(app, &review),
    }
}

fn for_us(app: &mut App, review: &Review) -> Result<Exit, Failure> {
    let (causes, trends) = (review.root_causes(), review.trends());
    let line = ReportLine {
        record: RecordLine::from(&review.record),
        root_causes: &causes,
        trends: &trends,
        waiting: &review.holds,
        manual: manual(&review.record),
    };
    app.console.answer(&line, |_, colour| render::report(review, &causes, &trends, colour))?;
    Ok(Exit::Done)
}

fn for_district(
    app: &mut App,
    review: &Review,
    file: &Path,
    format: Format,
) -> Result<Exit, Failure> {
    let report = DistrictReport::new(review);
    report.write(file, format)?;
    let rows = report.causes.iter().map(|it| it.findings.len() + it.following.len());
    let line = WrittenLine {
        run: &report.run,
        district: &report.district,
        file,
        causes: report.causes.len(),
        findings: rows.sum(),
    };
    app.console.answer(&line, |it, _| {
        let (causes, findings) =
            (counted(it.causes as u64, "cause"), counted(it.findings as u64, "finding"));
        format!("wrote {}: {causes}, {findings}; it holds personal data\n", it.file.display())
    })?;
    Ok(Exit::Done)
}

fn format(file: &Path) -> Result<Format, Failure> {
    Format::of(file).ok_or_else(|| {
        let message = "the report is written as its name ends: .html, .csv or .json";
        Failure::Usage(format!("{}: {message}", file.display()))
    })
}

fn manual(record: &RunRecord) -> BTreeMap<&str, String> {
    let codes = record.report.diagnostics.iter().map(|it| it.code.as_str());
    codes.filter_map(|it| Some((it, render::manual(it)?))).collect()
}
