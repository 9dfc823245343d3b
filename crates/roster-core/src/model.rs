//! The canonical model: every entity, its fields, and the typed rows that borrow from a batch.
//!
//! Everything is keyed by (district, entity, `source_id`).  Field 0 of every entity is `source_id`, field 1 is
//! `extensions`; new fields are only ever appended, because stored row hashes go by field number.
//! End dates are exclusive, as in OneRoster: the first day on which it no longer holds.

mod entities;
mod macros;
mod schema;
mod vocabulary;

pub use entities::*;
pub use schema::{EntitySchema, FieldSchema, Reference, TypedRow};
pub use vocabulary::*;
