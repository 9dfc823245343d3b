//! The connector boundary and the canonical roster model.
//!
//! A *connector* is a crate that implements [`RosterSource`] for one place rosters come from.  It pushes borrowed
//! rows into [`Rows`], wraps them in [`Batch`]es and ends every entity with a [`Completion`].  A *sink* iterates the
//! same rows, borrowed.  Neither knows the other, and this crate knows none of them: it does no I/O and needs no
//! runtime.
//!
//! Start with [`guide`], then [`RosterSource`], then [`model`].

pub mod guide;

mod batch;
mod catalog;
mod check;
mod connector;
mod context;
mod cursor;
mod diagnostic;
mod directory;
mod error;
mod extract;
mod identity;
pub mod model;
mod secret;
mod source;
pub mod value;

pub use crate::{
    batch::{Batch, Origin, Row, RowBuilder, Rows, SourceRecord, Tombstone},
    catalog::{Catalog, ColumnInfo, DeleteSignal, EntityInfo, FeedInfo, PartInfo, SyncMode},
    check::{CheckReport, CheckStep},
    connector::{ConfigProblem, Connector},
    context::{NoSignals, RunContext, Signal, SignalSink},
    cursor::Cursor,
    diagnostic::{Diagnostic, DiagnosticCode, Locus, Severity},
    directory::{ConnectedDistrict, DistrictDirectory},
    error::{Actor, Error, ErrorKind, Result, Retry},
    extract::{
        BatchLimits, Completion, Coverage, EntityRequest, ExtractEvent, ExtractRequest,
        ExtractStream, fuse_on_error,
    },
    identity::{DistrictId, derived_id, public_id, push_derived_id},
    model::EntityKind,
    secret::{Secret, Wipe},
    source::{RosterSource, SourceDescriptor, validate_request},
};
