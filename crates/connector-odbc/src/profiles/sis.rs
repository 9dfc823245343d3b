//! What the profiles of student information systems share: how a query is put together, and what their words mean.

mod calendar;
mod contacts;
mod demographics;
mod people;
mod sql;
mod words;

pub(crate) use calendar::{Sessions, day_after, one_day, school_years, today};
pub(crate) use contacts::{ContactLink, ContactLinks};
pub(crate) use demographics::{Race, Races};
pub(crate) use people::{Names, Programs, Roles, StaffRole, push_staff_roles};
pub(crate) use sql::{Part, columns, compose};
pub use words::Words;
pub(crate) use words::{default_titles, grade, lowercased, whole};

use std::fmt::Write as _;

/// A key in the making, in memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Key(String);

impl Key {
    /// The key of a record of `sort`, by its number.
    pub(crate) fn of(&mut self, sort: &str, number: &str) -> &str {
        self.0.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{sort}:{}", whole(number));
        &self.0
    }
}
