//! Tests of reading ahead.

use super::*;
use crate::error::io_error;
use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

/// Gives its bytes in pieces and then fails, if it has an error.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    piece: usize,
    error: Option<io::Error>,
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return self.error.take().map_or(Ok(0), Err);
        }
        let length = rest.len().min(out.len()).min(self.piece);
        out[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}

fn pieces(length: usize, piece: usize) -> Pieces {
    let bytes = (0..length).map(|it| u8::try_from(it % 251).unwrap()).collect();
    Pieces { bytes, at: 0, piece, error: None }
}

#[test]
fn bytes_are_the_same_as_without_reading_ahead() {
    fn check(length: usize, piece: usize) {
        let expected = pieces(length, piece).bytes;
        let mut found = Vec::new();
        let read = read_ahead(pieces(length, piece)).read_to_end(&mut found).unwrap();
        assert_eq!(read, length);
        assert!(found == expected, "{length} bytes in pieces of {piece}");
    }
    for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 9 * CHUNK_BYTES + 7] {
        check(length, 1_000);
        check(length, usize::MAX);
    }
}

#[test]
fn error_comes_after_the_bytes_before_it_and_is_never_an_end() {
    let own = into_io(Error::new(ErrorKind::Damaged, "bundle.read", "wrong checksum"));
    let mut reader = read_ahead(Pieces { error: Some(own), ..pieces(1_000_000, 5_000) });
    let mut found = Vec::new();
    let error = io_error(reader.read_to_end(&mut found).unwrap_err(), "test.read", "");
    assert_eq!((error.kind(), found.len()), (ErrorKind::Damaged, 1_000_000));
    let again = io_error(reader.read(&mut [0]).unwrap_err(), "test.read", "");
    assert_eq!(again.kind(), ErrorKind::Internal);
}

#[test]
fn panic_in_the_reader_is_an_error_and_not_an_end() {
    struct Panics;
    impl Read for Panics {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("this panic is part of a test")
        }
    }
    let error = io_error(read_ahead(Panics).read(&mut [0]).unwrap_err(), "test.read", "");
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[test]
fn drop_stops_the_thread_and_reading_ahead_is_bounded() {
    struct Endless {
        calls: mpsc::SyncSender<()>,
        _alive: Arc<()>,
    }
    impl Read for Endless {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.calls.send(()).map_err(io::Error::other)?;
            Ok(out.len())
        }
    }
    let alive = Arc::new(());
    // The chunks that wait, and one in the thread's hands.
    let (calls, called) = mpsc::sync_channel(1_000);
    let reader = read_ahead(Endless { calls, _alive: alive.clone() });
    for _ in 0..=CHUNKS_AHEAD {
        called.recv_timeout(Duration::from_secs(30)).unwrap();
    }
    assert!(called.recv_timeout(Duration::from_millis(100)).is_err(), "it reads without bound");
    drop(reader);
    let ended = (0..1_000).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        Arc::strong_count(&alive) == 1
    });
    assert!(ended, "the thread still holds the reader");
}
