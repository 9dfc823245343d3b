//! What the sinks on relational databases share: tables, a plan's entries against the published index, holds, maps of
//! keys, history.  Each has its own SQL.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, reason = "Parquet files alone need only a part of it")
)]

pub(crate) mod decode;
pub(crate) mod erase;
pub(crate) mod forget;
pub(crate) mod history;
pub(crate) mod index_chunks;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod kept;
pub(crate) mod ledger;
pub(crate) mod outlet;
pub(crate) mod rekeys;
pub(crate) mod review;
pub(crate) mod table;
pub(crate) mod task;
