//! Compares a run with the district's earlier nights: what is new, what is gone, what is more than usual.

use crate::look_back::{AreAll, look_back};
use roster_core::{EntityKind, Result, Severity};
use roster_sink::{EntityCounts, RunRecord, Sink};
use serde::Serialize;
use std::collections::BTreeSet;

/// Earlier nights that a run is compared with.
const NIGHTS: usize = 10;

/// How a run differs from the district's earlier nights.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Trends {
    /// How many earlier nights it is compared with; of those, the usual is the median.
    pub(crate) nights: usize,
    /// Findings by code, most severe first, then as many as there are tonight.
    pub(crate) codes: Vec<CodeTrend>,
    /// Rejected records by table, in load order; only tables that had any.
    pub(crate) rejected: Vec<RejectedTrend>,
}

/// How often there was a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CodeTrend {
    /// See `docs/diagnostics.md`.
    pub(crate) code: String,
    /// What was done.
    pub(crate) severity: Severity,
    /// In this run.
    pub(crate) tonight: u64,
    /// In the night before.
    pub(crate) last_night: Option<u64>,
    /// In the median of the earlier nights.
    pub(crate) usual: Option<u64>,
    /// What of it is news.
    pub(crate) change: Option<Change>,
}

/// What is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// No earlier night had it.
    New,
    /// The night before had it, and this one does not.
    Gone,
}

/// What share of a table was rejected, in parts of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RejectedTrend {
    /// The table.
    pub(crate) table: &'static str,
    /// Records in the feed.
    pub(crate) read: u64,
    /// Records left out.
    pub(crate) rejected: u64,
    /// Share of this run.
    pub(crate) tonight: Option<f64>,
    /// Share of the night before; `None` when it had no record.
    pub(crate) last_night: Option<f64>,
    /// Median of the shares of the earlier nights that had records.
    pub(crate) usual: Option<f64>,
}

/// The district's last completed nights before a run, the newest first.
///
/// # Errors
///
/// The sink's.
pub(crate) async fn earlier_nights(sink: &dyn Sink, record: &RunRecord) -> Result<Vec<RunRecord>> {
    let is_earlier = |it: &&RunRecord| it.started_at < record.started_at && it.is_completed_night();
    let found = |runs: &[RunRecord], all: AreAll| {
        let earlier: Vec<_> = runs.iter().filter(is_earlier).take(NIGHTS).cloned().collect();
        (all.0 || earlier.len() == NIGHTS).then_some(earlier)
    };
    Ok(look_back(sink, &record.report.district, found).await?.unwrap_or_default())
}

/// Compares a run with earlier ones, the newest of which comes first.
pub(crate) fn trends(record: &RunRecord, earlier: &[RunRecord]) -> Trends {
    let runs = || std::iter::once(record).chain(earlier.first());
    let findings = runs().flat_map(|it| &it.report.diagnostics);
    let sorts: BTreeSet<_> = findings.map(|it| (it.severity, it.code.as_str())).collect();
    let mut codes: Vec<_> = sorts
        .into_iter()
        .map(|(severity, code)| code_trend(record, earlier, severity, code))
        .collect();
    codes.sort_by_key(|it| std::cmp::Reverse((it.severity, it.tonight)));
    let tables: BTreeSet<_> = runs().flat_map(|it| it.report.entities.keys().copied()).collect();
    let rejected =
        tables.into_iter().filter_map(|it| rejected_trend(record, earlier, it)).collect();
    Trends { nights: earlier.len(), codes, rejected }
}

fn code_trend(
    record: &RunRecord,
    earlier: &[RunRecord],
    severity: Severity,
    code: &str,
) -> CodeTrend {
    let count = |it: &RunRecord| -> u64 {
        let findings = it.report.diagnostics.iter();
        findings.filter(|it| it.severity == severity && it.code == code).map(|it| it.count).sum()
    };
    let (tonight, before) = (count(record), earlier.iter().map(count).collect::<Vec<_>>());
    let last_night = before.first().copied();
    let change = match (tonight, last_night) {
        (1.., Some(_)) if before.iter().all(|it| *it == 0) => Some(Change::New),
        (0, Some(1..)) => Some(Change::Gone),
        _ => None,
    };
    let usual = median(before, u64::midpoint);
    CodeTrend { code: code.to_owned(), severity, tonight, last_night, usual, change }
}

fn rejected_trend(
    record: &RunRecord,
    earlier: &[RunRecord],
    entity: EntityKind,
) -> Option<RejectedTrend> {
    let counts = |it: &RunRecord| it.report.entities.get(&entity).copied().unwrap_or_default();
    let EntityCounts { read, rejected, .. } = counts(record);
    let before: Vec<_> = earlier.iter().map(|it| share(counts(it))).collect();
    let last_night = before.first().copied().flatten();
    if rejected == 0 && last_night.is_none_or(|it| it <= 0.0) {
        return None;
    }
    let shares = before.into_iter().flatten().collect();
    let usual = median(shares, f64::midpoint);
    Some(RejectedTrend {
        table: entity.table(),
        read,
        rejected,
        tonight: share(counts(record)),
        last_night,
        usual,
    })
}

#[allow(clippy::cast_precision_loss, reason = "a share is not told to the last record")]
fn share(counts: EntityCounts) -> Option<f64> {
    (counts.read > 0).then(|| counts.rejected as f64 / counts.read as f64)
}

fn median<T: Copy + PartialOrd>(mut values: Vec<T>, midpoint: impl Fn(T, T) -> T) -> Option<T> {
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(midpoint(lower, upper))
}

#[cfg(test)]
mod tests;
