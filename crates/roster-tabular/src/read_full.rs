//! Reads until a buffer is full.

use std::io::{self, Read};

/// What ended the filling of a buffer.
#[derive(Debug)]
pub(crate) enum Filled {
    /// The buffer is full.
    Full,
    /// The reader has ended.
    Ended,
    /// The reader failed.
    Failed(io::Error),
}

/// Reads until `out` is full, or the reader ends or fails; how many bytes came, and which of these it was.
pub(crate) fn read_full(reader: &mut impl Read, out: &mut [u8]) -> (usize, Filled) {
    let mut read = 0;
    while read < out.len() {
        match reader.read(&mut out[read..]) {
            Ok(0) => return (read, Filled::Ended),
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (read, Filled::Failed(error)),
        }
    }
    (read, Filled::Full)
}
