//! Where rosters are published: the [`Sink`] trait, what a plan and a run record are, and the first sinks.
//!
//! A sink keeps, beside the data, an index of what is published ([`PublishedIndex`]): a hash of every key and of every
//! row's content.  A night compares against that index instead of reading the data back, writes what differs into a
//! [`Plan`], and the sink publishes the plan in one transaction, which moves the index and the data together.

mod hold;
mod index;
mod kept;
#[cfg(feature = "oneroster")]
mod oneroster;
#[cfg(feature = "parquet")]
mod parquet;
mod plan;
#[cfg(feature = "postgres")]
mod postgres;
mod private;
mod profile;
mod record;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "parquet"))]
mod relational;
mod sink;
mod sketch;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "oneroster")]
pub use crate::oneroster::{OneRosterFile, OneRosterSink};
#[cfg(feature = "parquet")]
pub use crate::parquet::{ParquetFile, ParquetSink};
#[cfg(feature = "postgres")]
pub use crate::postgres::PostgresSink;
#[cfg(feature = "sqlite")]
pub use crate::sqlite::SqliteSink;
pub use crate::{
    hold::{AuditEntry, Decision, Hold, HoldFilter, HoldId, HoldRule, HoldState, Rekey, Settled},
    index::{Mark, PublishedIndex, Slot, content_of, key_of},
    kept::KeptFolder,
    plan::{Operation, Plan, PlanEntry, PlanHeader, PlanReader, PlanWriter, held_name},
    private::{private_file, private_folder},
    profile::{ContentProfile, FeedProfile, PartKind, PartProfile, Seen, TermsProfile},
    record::{
        Cause, DiagnosticSummary, EntityCounts, Example, Outcome, RECHECK, RunError, RunId, RunRecord,
        RunReport, tables,
    },
    sink::{
        Erased, Erasure, Forgotten, Published, PublishedState, RecordChange, RecordHistory,
        Retention, RowStream, Sink, Snapshot,
    },
    sketch::Sketch,
};
