//! Holds and the audit log: what may become of a hold, and what is written down about it.

use super::history::json;
use crate::{
    AuditEntry, Decision, Hold, HoldFilter, HoldId, HoldRule, HoldState, Rekey, RunId, RunRecord, Sketch,
};
use roster_core::{DistrictId, Error, ErrorKind, Result, value::Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who did what no person did.
pub(crate) const HOMEROOM: &str = "homeroom";

/// The states in which a hold can still be decided, and a night can still settle it.
const UNSETTLED: [HoldState; 3] = [HoldState::Open, HoldState::Approved, HoldState::Discarded];

/// [`UNSETTLED`] as a list in SQL.
pub(crate) fn unsettled() -> String {
    UNSETTLED.map(|it| format!("'{}'", it.code())).join(", ")
}

/// A condition in SQL.
pub(crate) fn condition(which: HoldFilter) -> String {
    match which {
        HoldFilter::All => "true".to_owned(),
        HoldFilter::Open => format!("state = '{}'", HoldState::Open.code()),
        HoldFilter::Unsettled => format!("state IN ({})", unsettled()),
    }
}

/// A hold as it stands in the database.
#[derive(Debug, Serialize, Deserialize)]
struct Stored<H> {
    #[serde(flatten)]
    hold: H,
    #[serde(default)]
    seen: BTreeMap<String, Sketch>,
}

/// A hold as it stands in the database.
pub(crate) fn parse(operation: &'static str, text: &str) -> Result<Hold> {
    let stored: Stored<Hold> = serde_json::from_str(text).map_err(|err| {
        let message = "a stored hold cannot be read; it may be of a newer Homeroom";
        Error::new(ErrorKind::Damaged, operation, message).source(err)
    })?;
    Ok(Hold { seen: stored.seen, ..stored.hold })
}

/// A hold as it stands in the database.
pub(crate) fn text(operation: &'static str, hold: &Hold) -> Result<String> {
    json(operation, &Stored { hold, seen: hold.seen.clone() })
}

/// A district as it stands in the database.
pub(crate) fn district(operation: &'static str, text: &str) -> Result<DistrictId> {
    text.parse().map_err(|_| {
        let message = "a stored district's id cannot be read; restore the database from a backup";
        Error::new(ErrorKind::Damaged, operation, message)
    })
}

/// There is no such hold.
pub(crate) fn no_hold(operation: &'static str, id: &HoldId) -> Error {
    let message = "there is no such hold; `homeroom holds` lists them";
    Error::new(ErrorKind::NotFound, operation, message).context("hold", id)
}

/// Lets a person decide a hold.
pub(crate) fn decide(
    operation: &'static str,
    hold: &mut Hold,
    state: HoldState,
    decision: &Decision,
    expires_at: Option<Timestamp>,
) -> Result<()> {
    let refused = |message: &str| {
        let error = Error::new(ErrorKind::Conflict, operation, message);
        Err(error.context("hold", &hold.id).context("state", hold.state.code()))
    };
    if ![HoldState::Approved, HoldState::Discarded].contains(&state) {
        let message =
            format!("a person approves or discards a hold and cannot make it {}", state.code());
        return Err(Error::new(ErrorKind::Internal, operation, message).context("hold", &hold.id));
    }
    match hold.state {
        HoldState::Approved if hold.rule == HoldRule::Rekeyed => {
            return refused(
                "it is approved, or its map of keys is accepted; the next night settles it",
            );
        }
        HoldState::Open | HoldState::Approved | HoldState::Discarded => {}
        HoldState::Superseded => {
            return refused("a newer night took the hold's place; decide the newest hold instead");
        }
        HoldState::Used => {
            return refused("a night has published what was held; it cannot be taken back");
        }
        HoldState::Expired => {
            return refused(
                "no night came in time; the next night holds the changes again if they are still there",
            );
        }
    }
    hold.state = state;
    hold.decision = Some(decision.clone());
    hold.expires_at = expires_at;
    Ok(())
}

/// Lets a night settle a hold; false when it is settled already, or a person has approved it since the night began.
///
/// # Errors
///
/// [`ErrorKind::Conflict`] when the night publishes what a person no longer approves.
pub(crate) fn settle(
    operation: &'static str,
    hold: &mut Hold,
    state: HoldState,
    at: Timestamp,
) -> Result<bool> {
    let is_valid = hold.state == HoldState::Approved && hold.expires_at.is_none_or(|it| it > at);
    if state == HoldState::Used && !is_valid {
        let message = "an approval that the night relies on was taken back or has expired; run the night again";
        return Err(Error::new(ErrorKind::Conflict, operation, message)
            .context("hold", &hold.id)
            .context("state", hold.state.code()));
    }
    let approved_since = state == HoldState::Superseded && hold.state == HoldState::Approved;
    let settles = UNSETTLED.contains(&hold.state) && !UNSETTLED.contains(&state) && !approved_since;
    if settles {
        hold.state = state;
    }
    Ok(settles)
}

/// Takes back that a hold was approved by accepting its map of keys; false when it was not.
pub(crate) fn reopen(hold: &mut Hold) -> bool {
    let is_approved = hold.state == HoldState::Approved;
    if is_approved {
        hold.state = HoldState::Open;
        hold.decision = None;
        hold.expires_at = None;
    }
    is_approved
}

/// A night made a hold.
pub(crate) fn made(run: &RunRecord, hold: &Hold) -> AuditEntry {
    about(hold, run.finished_at, Some(&run.report.run), HOMEROOM, "hold")
}

/// A night settled a hold.
pub(crate) fn settled(run: &RunRecord, hold: &Hold) -> AuditEntry {
    about(hold, run.finished_at, Some(&run.report.run), HOMEROOM, action(hold.state))
}

/// A person decided a hold.
pub(crate) fn decided(hold: &Hold, decision: &Decision) -> AuditEntry {
    let entry = about(hold, decision.at, Some(&hold.run), &decision.by, action(hold.state));
    AuditEntry { reason: Some(decision.reason.clone()), ..entry }
}

/// A person accepted maps of keys, one entry for each table.
pub(crate) fn rekeyed(
    district: &DistrictId,
    hold: Option<&HoldId>,
    rekeys: &[Rekey],
    decision: &Decision,
) -> Vec<AuditEntry> {
    let mut tables = BTreeMap::new();
    for rekey in rekeys {
        *tables.entry(rekey.entity.table()).or_insert(0_u64) += 1;
    }
    let entry = |(table, keys): (&str, u64)| AuditEntry {
        hold: hold.cloned(),
        ..about_map(district, decision, "rekey", table, keys)
    };
    tables.into_iter().map(entry).collect()
}

/// Keys of a table that were accepted and not applied are taken back, by a person or since the others were applied.
pub(crate) fn map_forgotten(
    district: &DistrictId,
    decision: &Decision,
    table: &str,
    keys: i64,
) -> AuditEntry {
    about_map(district, decision, "forget_map", table, keys.unsigned_abs())
}

/// Why a night takes keys back itself.
pub(crate) fn never_came(at: Timestamp) -> Decision {
    let reason = "the map was applied, and these keys did not come".to_owned();
    Decision { at, by: HOMEROOM.to_owned(), reason }
}

fn about_map(
    district: &DistrictId,
    decision: &Decision,
    action: &str,
    table: &str,
    keys: u64,
) -> AuditEntry {
    AuditEntry {
        at: decision.at,
        district: district.clone(),
        run: None,
        hold: None,
        actor: decision.by.clone(),
        action: action.to_owned(),
        reason: Some(decision.reason.clone()),
        detail: Some(format!("{table}: {keys} keys")),
    }
}

fn about(
    hold: &Hold,
    at: Timestamp,
    run: Option<&RunId>,
    actor: &str,
    action: &'static str,
) -> AuditEntry {
    AuditEntry {
        at,
        district: hold.district.clone(),
        run: run.cloned(),
        hold: Some(hold.id.clone()),
        actor: actor.to_owned(),
        action: action.to_owned(),
        reason: None,
        detail: Some(detail(hold)),
    }
}

fn action(state: HoldState) -> &'static str {
    match state {
        HoldState::Open => "hold",
        HoldState::Approved => "approve",
        HoldState::Discarded => "discard",
        HoldState::Superseded => "supersede",
        HoldState::Used => "use",
        HoldState::Expired => "expire",
    }
}

/// What is held, without values.
fn detail(hold: &Hold) -> String {
    let Hold { entity, rule, records, of_records, .. } = hold;
    let school = hold.school.as_ref().map_or_else(String::new, |it| format!(" of school {it}"));
    format!("{}{school}: {}, {records} of {of_records} records", entity.table(), rule.code())
}
