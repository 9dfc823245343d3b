//! OneRoster REST: from the JSON of its collections to the cells that the reader of files reads.
//!
//! Every object becomes a record with the columns of the file of its kind ([`crate::files::FILES`]), so that the same
//! checks, findings and mapping hold for both bindings, and the same district gives the same rows.  Records are staged:
//! held in memory, compressed, until every collection is there.  What a service gives at different moments of a long
//! pull never becomes half a roster.
//!
//! No HTTP happens here: a client hands over the bodies of pages.

mod cells;
mod collection;
mod links;
mod page;
mod staged;
mod staging;

pub(crate) use collection::property;
pub use collection::{COLLECTIONS, Collection};
pub(crate) use staged::StagedRecords;
pub use staged::{Staged, StagedTable};
pub use staging::{PageTaken, Staging};
