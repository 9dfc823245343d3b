//! From Clever's records to rows of the model.
//!
//! Keys are Clever's ids: Clever advises to key on nothing else.  Keys of records that Clever has none for are made of
//! theirs ([`roster_core::derived_id`]).

mod output;
mod people;
mod places;
mod rejected;
mod roles;
mod sections;
mod students;
pub(crate) mod values;

pub(crate) use output::Output;
pub(crate) use people::{Counts, People, hash, students_of};
pub(crate) use places::{course, district, school, term};
pub(crate) use sections::{enrollment_id, enrollments, members_of, section};
