//! Runs as the databases keep them.

use crate::RunRecord;
use roster_core::{Error, ErrorKind, Result, value::Timestamp};
use serde::Serialize;

/// A time as people and text columns have it: RFC 3339, UTC, always with three decimals, so that text sorts as time
/// does.
pub(crate) fn time(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// A report, or a part of one, as JSON.
pub(crate) fn json(operation: &'static str, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|err| {
        let message = "the report cannot be written as JSON";
        Error::new(ErrorKind::Internal, operation, message).source(err)
    })
}

/// The record of a run from its JSON.
pub(crate) fn parse(operation: &'static str, report: &str) -> Result<RunRecord> {
    serde_json::from_str(report).map_err(|err| {
        let message = "the stored report of a run cannot be read; it may be of a newer Homeroom";
        Error::new(ErrorKind::Damaged, operation, message).source(err)
    })
}

/// A run is recorded once, unless it failed.
pub(crate) fn recorded_already(operation: &'static str) -> Error {
    let message = "a run of this id is recorded already; start a new run";
    Error::new(ErrorKind::Conflict, operation, message)
}
