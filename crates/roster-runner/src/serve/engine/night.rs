//! One night under the engine.

use super::Engine;
use crate::{
    drive::{Drive, failure},
    night::Night,
    progress::Progress,
    serve::live::LiveNight,
    settings::DistrictSettings,
};
use roster_core::{Error, ErrorKind, RunContext, value::Timestamp};
use roster_schedule::Ending;
use roster_sink::{Outcome, RunError, RunRecord};
use std::sync::Arc;

/// A night that has ended.
#[derive(Debug)]
pub(super) struct NightEnd {
    pub(super) district: String,
    /// One, or one for each set of changes that waited; never none.
    pub(super) records: Vec<RunRecord>,
}

impl Engine {
    /// Runs one night to its records, whatever happens.
    pub(super) async fn one_night(&self, name: &str, live: &Arc<LiveNight>) -> Vec<RunRecord> {
        let district = &self.districts[name];
        let started_at = Timestamp::now();
        let sink = match self.sinks.of(&district.id).await {
            Ok(sink) => sink,
            Err(error) => return vec![failure(district, started_at, RunError::from(&error))],
        };
        let drive = Drive::new(self.night.clone(), live.cancel.clone(), Progress::plain());
        let prepare = || {
            let (night, _) = drive.prepare_night(district, sink.clone());
            let ctx = RunContext { cancel: live.cancel.clone(), signals: live.clone() };
            (Night { watch: live.clone(), ..night }, ctx)
        };
        tokio::select! {
            records = drive.all_nights(district, sink.clone(), prepare) => records,
            () = live.abandon.cancelled() => vec![given_up(district, started_at)],
        }
    }
}

/// What it still does is kept from publishing: whoever publishes later finds another state than it planned for.
fn given_up(district: &DistrictSettings, started_at: Timestamp) -> RunRecord {
    let message = "the night took too long and did not stop when it was asked to; look at its source, or give it more \
                   time";
    let error = Error::new(ErrorKind::Unavailable, "serve.night", message);
    failure(district, started_at, RunError::from(&error))
}

/// What a record means for the schedule.
pub(super) fn ending(record: &RunRecord, stopping: bool) -> Ending {
    let kind = record.report.error.as_ref().map(|it| it.kind.as_str());
    let is = |it: ErrorKind| kind == Some(it.code());
    if stopping && is(ErrorKind::Cancelled) {
        return Ending::Interrupted;
    }
    if is(ErrorKind::NotReady) {
        return Ending::Failed;
    }
    if record.report.outcome != Outcome::Failed {
        return Ending::Done;
    }
    let needs_somebody = [
        ErrorKind::ConfigInvalid,
        ErrorKind::AuthFailed,
        ErrorKind::PermissionDenied,
        ErrorKind::Unsupported,
        ErrorKind::SchemaMismatch,
    ];
    if needs_somebody.into_iter().any(is) { Ending::FailedForGood } else { Ending::Failed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::run;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let check = |outcome, kind: Option<ErrorKind>, stopping, expected| {
            let mut record = run();
            record.report.outcome = outcome;
            let error = kind.map(|it| Error::new(it, "test", "it failed"));
            record.report.error = error.as_ref().map(RunError::from);
            assert_eq!(ending(&record, stopping), expected, "{kind:?}");
        };
        check(Outcome::Published, None, false, Ending::Done);
        check(Outcome::Held, None, true, Ending::Done);
        check(Outcome::Unchanged, Some(ErrorKind::NotReady), false, Ending::Failed);
        check(Outcome::Failed, Some(ErrorKind::Unavailable), false, Ending::Failed);
        check(Outcome::Failed, Some(ErrorKind::AuthFailed), false, Ending::FailedForGood);
        check(Outcome::Failed, Some(ErrorKind::Cancelled), false, Ending::Failed);
        check(Outcome::Failed, Some(ErrorKind::Cancelled), true, Ending::Interrupted);
    }
}
