//! Runs in a row.

use super::*;
use roster_sink::{Outcome, RECHECK};
use crate::report::testing::{finding, run};

/// A run with so many missing values, and so many rejected of a hundred users.
fn night(missing: u64, rejected: u64) -> RunRecord {
    let mut record = run();
    if missing > 0 {
        record.report.diagnostics = vec![finding("missing_required", Severity::Rejected, missing)];
    }
    let users = EntityCounts { read: 100, rejected, ..EntityCounts::default() };
    record.report.entities = [(EntityKind::User, users)].into();
    record
}

#[test]
fn codes_are_compared_with_last_night_and_with_the_median() {
    #[track_caller]
    fn check(
        tonight: u64,
        before: &[u64],
        expected: Option<(Option<u64>, Option<u64>, Option<Change>)>,
    ) {
        let earlier: Vec<_> = before.iter().map(|it| night(*it, 0)).collect();
        let trends = trends(&night(tonight, 0), &earlier);
        assert_eq!(trends.nights, before.len());
        let found = trends.codes.first().map(|it| (it.last_night, it.usual, it.change));
        assert_eq!(found, expected, "{tonight} after {before:?}");
    }
    check(5, &[], Some((None, None, None)));
    check(5, &[0], Some((Some(0), Some(0), Some(Change::New))));
    check(5, &[0, 3], Some((Some(0), Some(1), None)));
    check(1052, &[2, 0, 4], Some((Some(2), Some(2), None)));
    check(0, &[2, 0, 0], Some((Some(2), Some(0), Some(Change::Gone))));
    check(0, &[0, 2], None);
}

#[test]
fn rejected_records_are_compared_by_their_share() {
    let check = |tonight: u64, before: &[u64], expected: Option<(Option<f64>, Option<f64>)>| {
        let earlier: Vec<_> = before.iter().map(|it| night(0, *it)).collect();
        let trends = trends(&night(0, tonight), &earlier);
        let found = trends.rejected.first().map(|it| (it.last_night, it.usual));
        assert_eq!(found, expected, "{tonight} after {before:?}");
    };
    check(10, &[], Some((None, None)));
    check(10, &[1, 3, 2], Some((Some(0.01), Some(0.02))));
    check(0, &[5], Some((Some(0.05), Some(0.05))));
    check(0, &[0, 5], None);
}

#[test]
fn nights_that_did_not_end_and_rechecks_are_passed_over() {
    let check = |change: fn(&mut RunRecord), expected: bool| {
        let mut record = run();
        change(&mut record);
        assert_eq!(record.is_completed_night(), expected);
    };
    check(|_| {}, true);
    check(|it| it.report.outcome = Outcome::Held, true);
    check(|it| it.report.outcome = Outcome::Failed, false);
    check(|it| RECHECK.clone_into(&mut it.report.connector), false);
    check(
        |it| {
            it.report.outcome = Outcome::Unchanged;
            let error =
                roster_core::Error::new(roster_core::ErrorKind::NotReady, "test", "not yet");
            it.report.error = Some((&error).into());
        },
        false,
    );
}
