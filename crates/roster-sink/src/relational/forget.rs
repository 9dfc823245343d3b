//! What is said of what was forgotten.

use crate::{AuditEntry, Forgotten, relational::review::HOMEROOM};
use roster_core::{DistrictId, value::Timestamp};

/// The entry of the audit log; `None` when nothing was forgotten.
pub(crate) fn entry(district: &DistrictId, forgotten: Forgotten) -> Option<AuditEntry> {
    let Forgotten { kept, runs, changes, records } = forgotten;
    (forgotten != Forgotten::default()).then(|| AuditEntry {
        at: Timestamp::now(),
        district: district.clone(),
        run: None,
        hold: None,
        actor: HOMEROOM.to_owned(),
        action: "forget".to_owned(),
        reason: None,
        detail: Some(format!(
            "{kept} kept files, {runs} runs, {changes} changes, {records} deleted records"
        )),
    })
}
