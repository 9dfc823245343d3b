//! How long things are kept, after which they are deleted for good.

use roster_core::value::Timestamp;
use roster_sink::Retention;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// Days that findings, quarantined records and held changes are kept where nothing else is said.
const REVIEW_DAYS: u32 = 30;

/// How long things are kept, after which a night deletes them for good.  Files that a district sends are kept by its
/// source's own settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeepSettings {
    /// Days that what a night leaves for review is kept: findings, quarantined records with their values, held changes,
    /// where records stood in the feed.  Default: 30.  Example: `7`
    pub review_days: Option<u32>,
    /// Days that runs are kept, with their counts, findings without values, and settled holds; the last completed run of
    /// a district stays.  Default: for good.  Example: `400`
    pub run_days: Option<u32>,
    /// Days that entries of the change feed (`changes`) are kept.  Default: for good.  Example: `90`
    pub change_days: Option<u32>,
    /// Days after which records that were deleted are emptied; their keys stay, so that they can still come back.
    /// Default: never.  Example: `365`
    pub deleted_days: Option<u32>,
}

impl KeepSettings {
    /// These settings, and `others` where these say nothing.
    #[must_use]
    pub fn or(self, others: &Self) -> Self {
        Self {
            review_days: self.review_days.or(others.review_days),
            run_days: self.run_days.or(others.run_days),
            change_days: self.change_days.or(others.change_days),
            deleted_days: self.deleted_days.or(others.deleted_days),
        }
    }

    /// What a night at this time deletes.
    #[must_use]
    pub fn retention(&self, now: Timestamp) -> Retention {
        let before = |days: u32| now.checked_sub(DAY.saturating_mul(days)).ok();
        Retention {
            kept_before: before(self.review_days.unwrap_or(REVIEW_DAYS)),
            runs_before: self.run_days.and_then(before),
            changes_before: self.change_days.and_then(before),
            deleted_before: self.deleted_days.and_then(before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn district_goes_before_nights_and_nights_before_defaults() {
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let district = KeepSettings { run_days: Some(10), ..KeepSettings::default() };
        let nights =
            KeepSettings { run_days: Some(20), change_days: Some(1), ..KeepSettings::default() };
        let retention = district.or(&nights).retention(now);
        let days = |it: Option<Timestamp>| it.map(|it| now.duration_since(it).as_hours() / 24);
        assert_eq!(days(retention.kept_before), Some(30));
        assert_eq!(days(retention.runs_before), Some(10));
        assert_eq!(days(retention.changes_before), Some(1));
        assert_eq!(days(retention.deleted_before), None);
    }
}
