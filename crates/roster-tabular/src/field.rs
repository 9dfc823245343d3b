//! Turns the text of a cell into a value: what the format prescribes, what a person would read from it, or nothing.
//!
//! The exact forms are read from bytes without an allocation, since that happens for every field of every record.
//! What is repaired is only what has one meaning (two, where a person in the United States would not hesitate).
//! An empty cell is the caller's business: every parser here calls it [`Parsed::Invalid`].

mod calendar;
mod list;
mod number;
mod word;

pub use calendar::{date, date_time, year};
pub use list::{ListOutcome, list_items, push_list};
pub use number::{decimal, integer};
pub use word::{boolean, term};

/// What was read from a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Parsed<T> {
    /// The cell has the prescribed form.
    Exact(T),
    /// The cell has another form and one meaning.
    Repaired(T),
    /// The cell cannot be read.
    Invalid,
}

impl<T> Parsed<T> {
    /// The value, exact or repaired.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Exact(value) | Self::Repaired(value) => Some(value),
            Self::Invalid => None,
        }
    }

    /// What a repair attempt found.
    fn repaired(value: Option<T>) -> Self {
        value.map_or(Self::Invalid, Self::Repaired)
    }
}

#[cfg(test)]
mod tests;
