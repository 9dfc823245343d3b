//! Numbers of variable length: seven bits a byte, the lowest first.

use super::{HASH_BYTES, damaged};
use roster_core::Result;
use std::io;

/// Small numbers of either sign as small numbers.
pub(super) fn unsigned(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// What [`unsigned`] was made of.
pub(super) fn signed(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Writes a number.
pub(super) fn write_number(out: &mut impl io::Write, mut number: u64) -> io::Result<()> {
    let mut bytes = [0; 10];
    let mut length = 0;
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        bytes[length] = low & 0x7f | if number > 0 { 0x80 } else { 0 };
        length += 1;
        if number == 0 {
            return out.write_all(&bytes[..length]);
        }
    }
}

/// What is left to read.
#[derive(Debug)]
pub(super) struct Numbers<'b>(pub(super) &'b [u8]);

impl<'b> Numbers<'b> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or_else(ends_early)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damaged("a number does not end"))
    }

    pub(super) fn text(&mut self) -> Result<&'b str> {
        let length = usize::try_from(self.number()?).map_err(|_| ends_early())?;
        let (text, rest) = self.0.split_at_checked(length).ok_or_else(ends_early)?;
        self.0 = rest;
        str::from_utf8(text).map_err(|err| damaged("a name is not text").source(err))
    }

    pub(super) fn hashes(&mut self, count: u64) -> Result<&'b [[u8; HASH_BYTES]]> {
        let length = usize::try_from(count).ok().and_then(|it| it.checked_mul(HASH_BYTES));
        let split = length.and_then(|it| self.0.split_at_checked(it));
        let (hashes, rest) = split.ok_or_else(ends_early)?;
        self.0 = rest;
        Ok(hashes.as_chunks().0)
    }
}

fn ends_early() -> roster_core::Error {
    damaged("it ends early")
}
