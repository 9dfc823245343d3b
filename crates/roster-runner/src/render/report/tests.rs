//! Whole reports, as they are printed.

use super::*;
use crate::report::{
    kept::Kept,
    testing::{finding, reject, run},
};
use roster_core::{EntityKind, Severity};
use roster_sink::{Cause, EntityCounts, RunRecord};

fn night(missing: u64) -> RunRecord {
    let mut record = run();
    let users = EntityCounts { read: 200, rejected: missing, ..EntityCounts::default() };
    record.report.entities = [(EntityKind::User, users)].into();
    if missing > 0 {
        record.report.diagnostics = vec![finding("missing_required", Severity::Rejected, missing)];
    }
    record
}

fn text(review: &Review) -> String {
    let text = report(review, &review.root_causes(), &review.trends(), Colour::Off);
    // What stands before is the summary that other commands print too.
    text.split_once("  from ").map(|it| it.1.to_owned()).unwrap_or(text)
}

#[track_caller]
fn check(review: &Review, expected: &str) {
    let text = text(review);
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn report_ranks_causes_and_compares_them_with_earlier_nights() {
    let mut kept = Kept::default();
    reject(
        &mut kept,
        EntityKind::User,
        "missing_required",
        (4, "givenName"),
        &[("source_id", "u\u{1b}1")],
    );
    let enrollment = [("source_id", "e1"), ("user_source_id", "u\u{1b}1")];
    let place = (9, "userSourcedId");
    reject(&mut kept, EntityKind::Enrollment, "reference_rejected", place, &enrollment);
    let mut record = night(1);
    record.report.diagnostics.push(finding("reference_rejected", Severity::Rejected, 1));
    record.causes = vec![Cause {
        table: "users".to_owned(),
        source_id: "u\u{1b}1".to_owned(),
        code: "reference_rejected".to_owned(),
        followers: 1,
    }];
    let earlier = vec![night(0), night(4), night(2)];
    let review = Review { record, kept, earlier, holds: Vec::new() };
    check(
        &review,
        "\
2026-11-23T18:30:00Z to 2026-11-23T18:30:01Z

  1. rejected missing_required: 1 finding, followed by 1 record
     A required value is empty: field givenName, in users.csv
     The record is rejected.
     - users u\u{fffd}1 is named by 1 record
     first at users.csv:4, field givenName, record u\u{fffd}1
     Mend: Fill the named field.

  beside the last 3 nights
  finding   code                tonight  last night  usual
  rejected  missing_required          1           -      2
  rejected  reference_rejected        1           -      -  new
  table  read  rejected  share  last night  usual
  users   200         1  0.5 %       0.0 %  1.0 %

",
    );
}

#[test]
fn report_of_a_good_first_night_is_short() {
    let review =
        Review { record: night(0), kept: Kept::default(), earlier: Vec::new(), holds: Vec::new() };
    check(&review, "2026-11-23T18:30:00Z to 2026-11-23T18:30:01Z\n\n  Nothing was wrong.\n\n");
}
