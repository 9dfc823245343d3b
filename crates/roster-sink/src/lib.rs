//! Where rosters are published: the [`Sink`] trait, what a plan and a run record are, and the first sinks.
//!
//! A sink keeps, beside the data, an index of what is published ([`PublishedIndex`]): a hash of every key and of every
//! row's content.  A night compares against that index instead of reading the data back, writes what differs into a
//! [`Plan`], and the sink publishes the plan in one transaction, which moves the index and the data together.

mod index;
mod plan;
#[cfg(feature = "postgres")]
mod postgres;
mod private;
mod record;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod relational;
mod sink;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "postgres")]
pub use crate::postgres::PostgresSink;
#[cfg(feature = "sqlite")]
pub use crate::sqlite::SqliteSink;
pub use crate::{
    index::{Mark, PublishedIndex, Slot, content_of, key_of},
    plan::{Operation, Plan, PlanEntry, PlanHeader, PlanReader, PlanWriter},
    private::{private_file, private_folder},
    record::{
        Cause, DiagnosticSummary, EntityCounts, Example, Outcome, RunError, RunId, RunRecord,
        RunReport, tables,
    },
    sink::{Erased, Erasure, Published, RowStream, Sink},
};
