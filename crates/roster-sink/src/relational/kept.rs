//! Files kept for review, as they lie in a database: parts of a few megabytes, each compressed by itself, so that a file
//! of any size is written with little memory.

use roster_core::{Error, ErrorKind, Result};
use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};
use zstd::bulk::{self, Compressor};

/// The quickest of zstd's levels: a night waits for it.
const LEVEL: i32 = 1;

/// Bytes of a file in one part.
const PART: usize = 4 << 20;

/// A part of a file.
#[derive(Debug)]
pub(crate) struct Part {
    /// Counted from 0.
    pub(crate) number: i64,
    /// Compressed bytes.
    pub(crate) data: Vec<u8>,
}

/// The parts of a file, in order; an empty file has one.
#[derive(Debug)]
pub(crate) struct Parts {
    path: PathBuf,
    file: Option<File>,
    buffer: Vec<u8>,
    number: i64,
}

impl Parts {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|err| unreadable(path, err))?;
        Ok(Self { path: path.to_owned(), file: Some(file), buffer: Vec::new(), number: 0 })
    }

    fn read(&mut self) -> io::Result<Option<Part>> {
        let Some(file) = &mut self.file else { return Ok(None) };
        self.buffer.clear();
        let read = file.take(PART as u64).read_to_end(&mut self.buffer)?;
        let number = self.number;
        if read < PART {
            self.file = None;
        }
        if read == 0 && number > 0 {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Part { number, data: compress(&self.buffer)? }))
    }
}

impl Iterator for Parts {
    type Item = Result<Part>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().map_err(|err| unreadable(&self.path, err)).transpose()
    }
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(bytes)
}

/// Appends what a part holds to the parts before it; `expected` is the number that the part must have.
pub(crate) fn append(
    operation: &'static str,
    out: &mut Vec<u8>,
    expected: i64,
    number: i64,
    data: &[u8],
) -> Result<()> {
    if number == expected
        && let Ok(part) = bulk::decompress(data, PART)
    {
        out.extend_from_slice(&part);
        return Ok(());
    }
    let message = "a file that was kept of the run is damaged; restore the database from a backup";
    Err(Error::new(ErrorKind::Damaged, operation, message))
}

fn unreadable(path: &Path, err: io::Error) -> Error {
    let message = "what the run keeps for review cannot be read; see that nobody clears the plan's folder away";
    Error::new(ErrorKind::Unavailable, "kept.read", message)
        .context("path", path.display())
        .source(err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(length: usize, parts: usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("places.users");
        let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
        std::fs::write(&path, &bytes).unwrap();
        let stored: Vec<_> = Parts::open(&path).unwrap().map(|it| it.unwrap()).collect();
        assert_eq!(stored.len(), parts);
        let mut out = Vec::new();
        for (expected, part) in (0..).zip(&stored) {
            append("t", &mut out, expected, part.number, &part.data).unwrap();
        }
        assert!(out == bytes);
        let missing = append("t", &mut out, 1, 0, &stored[0].data).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Damaged);
        let cut = &stored[0].data[..stored[0].data.len() - 1];
        assert_eq!(append("t", &mut out, 0, 0, cut).unwrap_err().kind(), ErrorKind::Damaged);
        let larger = compress(&vec![0; PART + 1]).unwrap();
        assert_eq!(append("t", &mut out, 0, 0, &larger).unwrap_err().kind(), ErrorKind::Damaged);
    }

    #[test]
    fn parts_give_back_the_file() {
        check(0, 1);
        check(1, 1);
        check(PART, 1);
        check(PART + 1, 2);
        check(3 * PART, 3);
    }
}
