//! What the sinks on relational databases share: tables, a plan's entries against the published index, history.  Each
//! has its own SQL.

pub(crate) mod decode;
pub(crate) mod erase;
pub(crate) mod history;
pub(crate) mod index_chunks;
pub(crate) mod ledger;
pub(crate) mod table;
pub(crate) mod task;
