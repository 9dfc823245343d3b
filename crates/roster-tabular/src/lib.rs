//! What row sources share: bundles, CSV, header binding, field parsers, landing folders, blocking work.
//!
//! The way of a file: a [`LandingFolder`] picks the newest set that came in, a [`Bundle`] opens it (folder or zip) and
//! gives an [`EntryReader`] for each file, [`read_ahead()`] inflates it on another thread, a [`CsvReader`] cuts it into
//! [`Record`]s, [`bind`] finds the columns by name, and [`field`] turns cells into canonical text.
//!
//! All of it treats its input as hostile: memory is bounded by configuration and not by what the input claims, a bad
//! record costs one record, and every error says who has to act.
//!
//! ```
//! use roster_tabular::{ColumnName, CsvLimits, CsvReader, ReadOutcome, Record, bind, field};
//!
//! const COLUMNS: [ColumnName; 2] =
//!     [ColumnName { name: "sourcedId", aliases: &[] }, ColumnName { name: "endDate", aliases: &[] }];
//!
//! let file = "endDate,SourcedID\n6/30/2027,t1\n";
//! let mut reader = CsvReader::guessing(file.as_bytes(), CsvLimits::default());
//! let mut record = Record::default();
//! assert_eq!(reader.read(&mut record)?, ReadOutcome::Record);
//! let (binding, findings) = bind(&record, &COLUMNS);
//! assert_eq!(findings.len(), 2); // the name in another form, and the order
//! reader.set_width(binding.width());
//!
//! assert_eq!(reader.read(&mut record)?, ReadOutcome::Record);
//! let end_date = binding.column(1).and_then(|it| record.get(it)).unwrap_or_default();
//! assert_eq!(field::date(end_date), field::Parsed::Repaired("2027-06-30".parse()?));
//! assert_eq!(reader.read(&mut record)?, ReadOutcome::End);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod blocking;
mod bundle;
mod cells;
mod credential;
mod csv;
mod error;
pub mod field;
pub mod finding;
mod fold;
mod header;
mod landing;
mod overdue;
mod place;
mod read_ahead;
mod read_full;
mod records;
mod rejected;

pub use crate::{
    bundle::{Bundle, BundleLimits, Entry, EntryReader, Stamp},
    cells::{Cells, Cleaned, ColumnPlace, judge_width},
    credential::holds_credential,
    csv::{CsvLimits, CsvReader, Malformed, ReadOutcome, Record, guess_delimiter},
    error::io_error,
    fold::folded_name,
    header::{Binding, ColumnName, HeaderFinding, bind},
    landing::{Landed, LandingConfig, LandingFolder},
    overdue::overdue,
    place::{PlaceConfig, SetRules, Sets},
    read_ahead::{ReadAhead, read_ahead},
    records::Records,
    rejected::{source_record, source_record_bytes},
};
