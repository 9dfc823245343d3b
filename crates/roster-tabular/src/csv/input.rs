//! The buffer between a reader and the record scanner: bounded, UTF-8 or at least ASCII-compatible, without a BOM.

use crate::{
    error::{io_error, read_after_failure},
    read_full::{Filled, read_full},
};
use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use roster_core::Result;
use std::io::{self, Read};

/// What one system call or one hand-over between threads should bring.
const CHUNK_BYTES: usize = 256 * 1024;

/// What the UTF-16 decoder needs to make progress.
const LEAST_ROOM: usize = 8;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes read and not yet consumed.
pub(super) struct Input<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The buffer is never grown beyond this.
    max_bytes: usize,
    begun: bool,
    ended: bool,
    failed: bool,
    utf_16: Option<Utf16>,
}

/// UTF-16 on its way to UTF-8.
struct Utf16 {
    decoder: Decoder,
    raw: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
}

impl<R: Read> Input<R> {
    /// `max_record_bytes` is the longest record that has to fit.
    pub(super) fn new(reader: R, max_record_bytes: usize) -> Self {
        Self {
            reader,
            buffer: vec![0; CHUNK_BYTES],
            start: 0,
            end: 0,
            max_bytes: max_record_bytes.saturating_add(CHUNK_BYTES),
            begun: false,
            ended: false,
            failed: false,
            utf_16: None,
        }
    }

    /// The bytes at hand.
    pub(super) fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Whether nothing comes after [`Self::data`].
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn is_begun(&self) -> bool {
        self.begun
    }

    /// Fails if an earlier read failed.
    pub(super) fn check_usable(&self) -> Result<()> {
        if self.failed {
            return Err(read_after_failure("csv.read"));
        }
        Ok(())
    }

    /// Adds bytes to those at hand until the buffer is full or the file has ended.
    ///
    /// The whole buffer is filled because a record that turns out to be incomplete is scanned again from its start.
    pub(super) fn fill(&mut self) -> Result<()> {
        self.make_room();
        let result = if self.begun { self.read_on() } else { self.begin() };
        result.map_err(|error| {
            self.failed = true;
            io_error(error, "csv.read", "")
        })
    }

    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() - self.end < LEAST_ROOM {
            let length = (self.buffer.len() * 2).min(self.max_bytes);
            self.buffer.resize(length, 0);
        }
    }

    /// The first read, which finds out the encoding.
    fn begin(&mut self) -> io::Result<()> {
        self.begun = true;
        self.read_bytes()?;
        if let Some(decoder) = utf_16_decoder(self.data()) {
            let raw = self.buffer[..self.end].to_vec();
            let (start, end, ended) = (0, raw.len(), self.ended);
            self.utf_16 = Some(Utf16 { decoder, raw, start, end, ended });
            (self.end, self.ended) = (0, false);
            self.read_on()?;
        }
        while self.data().starts_with(BYTE_ORDER_MARK) {
            self.consume(BYTE_ORDER_MARK.len());
        }
        Ok(())
    }

    fn read_on(&mut self) -> io::Result<()> {
        match &mut self.utf_16 {
            None => self.read_bytes(),
            Some(utf_16) => {
                let (written, ended) =
                    utf_16.read(&mut self.reader, &mut self.buffer[self.end..])?;
                self.end += written;
                self.ended = ended;
                Ok(())
            }
        }
    }

    fn read_bytes(&mut self) -> io::Result<()> {
        let (read, ended) = read_more(&mut self.reader, &mut self.buffer[self.end..])?;
        self.end += read;
        self.ended = ended;
        Ok(())
    }

    /// Starts with a small buffer, so that little input reaches its end.
    #[cfg(test)]
    pub(super) fn set_chunk(&mut self, bytes: usize, max_record_bytes: usize) {
        self.buffer.truncate(bytes);
        self.max_bytes = max_record_bytes + bytes;
    }

    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.buffer.capacity() + self.utf_16.as_ref().map_or(0, |it| it.raw.capacity())
    }
}

impl Utf16 {
    /// Decodes into `out` until it is full or the file has ended; how much, and whether it has ended.
    fn read(&mut self, reader: &mut impl Read, out: &mut [u8]) -> io::Result<(usize, bool)> {
        let mut written = 0;
        loop {
            let source = &self.raw[self.start..self.end];
            let (result, read, wrote, _) =
                self.decoder.decode_to_utf8(source, &mut out[written..], self.ended);
            self.start += read;
            written += wrote;
            match result {
                CoderResult::OutputFull => return Ok((written, false)),
                CoderResult::InputEmpty if self.ended => return Ok((written, true)),
                CoderResult::InputEmpty => {
                    self.start = 0;
                    (self.end, self.ended) = read_more(reader, &mut self.raw)?;
                }
            }
        }
    }
}

/// Reads until `out` is full or the reader has ended; how much, and whether it has ended.
fn read_more(reader: &mut impl Read, out: &mut [u8]) -> io::Result<(usize, bool)> {
    match read_full(reader, out) {
        (read, Filled::Full) => Ok((read, false)),
        (read, Filled::Ended) => Ok((read, true)),
        (_, Filled::Failed(error)) => Err(error),
    }
}

/// A decoder for text that starts with a UTF-16 byte order mark, or with letters two bytes apart.
fn utf_16_decoder(start: &[u8]) -> Option<Decoder> {
    let letters = |one: &u8, two: &u8| one.is_ascii_alphabetic() && two.is_ascii_alphabetic();
    let encoding = match start {
        [0xff, 0xfe, ..] => UTF_16LE,
        [0xfe, 0xff, ..] => UTF_16BE,
        [one, 0, two, 0, ..] if letters(one, two) => UTF_16LE,
        [0, one, 0, two, ..] if letters(one, two) => UTF_16BE,
        _ => return None,
    };
    Some(encoding.new_decoder_without_bom_handling())
}
