//! Looks back at a district's runs as far as it takes, a few at a time: the one that is looked for is mostly the last, but
//! a source that is asked every hour may have had nothing for weeks.

use roster_core::{DistrictId, Result};
use roster_sink::{RunRecord, Sink};

/// Runs that are looked at first.
const FIRST: usize = 8;
/// By so much more are looked at each time.
const MORE: usize = 8;

/// What `found` makes of a district's last runs, the newest first, or of more of them; it is told when these are all.
pub(crate) async fn look_back<T>(
    sink: &dyn Sink,
    district: &DistrictId,
    found: impl Fn(&[RunRecord], AreAll) -> Option<T>,
) -> Result<Option<T>> {
    let mut most = FIRST;
    loop {
        let runs = sink.runs(Some(district), most).await?;
        let all = AreAll(runs.len() < most);
        let found = found(&runs, all);
        if found.is_some() || all.0 {
            return Ok(found);
        }
        most = most.saturating_mul(MORE);
    }
}

/// Whether no more runs are known than those given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AreAll(pub(crate) bool);
