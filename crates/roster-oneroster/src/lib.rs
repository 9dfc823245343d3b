//! The OneRoster standard: files, vocabularies, mapping to and from the canonical model.
//!
//! [`files::FILES`] is the one table of what the standard defines.  [`Fileset`] finds the files of a set and
//! [`FilesetReader`] reads their records.

pub mod deviations;
pub mod export;
pub mod files;
mod fileset;
mod manifest;
mod reader;
mod version;

pub use crate::{
    files::{column_name, file_name},
    fileset::{Fileset, Refusal, SetFile, refuse_half_a_set},
    manifest::Mode,
    reader::FilesetReader,
    version::{Version, Versions},
};
