//! Reads ahead on another thread, so that inflating and parsing each have a core.

use crate::{
    error::{into_io, read_after_failure},
    read_full::{Filled, read_full},
};
use roster_core::{Error, ErrorKind};
use std::{
    fmt,
    io::{self, Read},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

const OPERATION: &str = "bundle.read_ahead";

/// The bytes that change hands at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// The chunks that wait to be read.
const CHUNKS_AHEAD: usize = 3;

/// What [`read_ahead`] gives: the same bytes and errors as the reader it was given.
pub struct ReadAhead {
    chunks: Receiver<Chunk>,
    /// Where empty chunks go back to be filled again.
    empties: SyncSender<Vec<u8>>,
    chunk: Vec<u8>,
    at: usize,
    stage: Stage,
}

/// What the thread hands over.
enum Chunk {
    Bytes(Vec<u8>),
    End,
    Failed(io::Error),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Reading,
    Ended,
    Failed,
}

/// Starts a thread that reads ahead by at most 1 MiB.  Dropping the result stops the thread after the read it is in.
pub fn read_ahead<R: Read + Send + 'static>(reader: R) -> ReadAhead {
    let (sender, chunks) = sync_channel(CHUNKS_AHEAD);
    let (empties, returned) = sync_channel(CHUNKS_AHEAD + 2);
    let failure = sender.clone();
    let body = move || feed(reader, &sender, &returned);
    if let Err(error) = thread::Builder::new().name("read-ahead".to_owned()).spawn(body) {
        // The channel is empty and has room, so this cannot fail.
        let _ = failure.try_send(Chunk::Failed(error));
    }
    ReadAhead { chunks, empties, chunk: Vec::new(), at: 0, stage: Stage::Reading }
}

/// Fills chunks until the reader ends or fails, or nobody takes them any more.
fn feed(mut reader: impl Read, chunks: &SyncSender<Chunk>, returned: &Receiver<Vec<u8>>) {
    loop {
        let mut chunk = returned.try_recv().unwrap_or_default();
        chunk.resize(CHUNK_BYTES, 0);
        let (read, filled) = read_full(&mut reader, &mut chunk);
        chunk.truncate(read);
        if read > 0 && chunks.send(Chunk::Bytes(chunk)).is_err() {
            return;
        }
        let end = match filled {
            Filled::Full => continue,
            Filled::Ended => Chunk::End,
            Filled::Failed(error) => Chunk::Failed(error),
        };
        // If nobody takes it, nobody needs it.
        let _ = chunks.send(end);
        return;
    }
}

impl ReadAhead {
    /// Makes the next chunk the current one.
    fn advance(&mut self) -> io::Result<()> {
        let used = std::mem::take(&mut self.chunk);
        self.at = 0;
        // A full channel means that enough chunks are under way.
        let _ = self.empties.try_send(used);
        match self.chunks.recv() {
            Ok(Chunk::Bytes(chunk)) => self.chunk = chunk,
            Ok(Chunk::End) => self.stage = Stage::Ended,
            Ok(Chunk::Failed(error)) => {
                self.stage = Stage::Failed;
                return Err(error);
            }
            Err(_) => {
                self.stage = Stage::Failed;
                let message = "the thread that reads ahead ended before the file did";
                return Err(into_io(Error::new(ErrorKind::Internal, OPERATION, message)));
            }
        }
        Ok(())
    }
}

impl Read for ReadAhead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.at == self.chunk.len() && self.stage == Stage::Reading {
            self.advance()?;
        }
        match self.stage {
            Stage::Reading => {}
            Stage::Ended => return Ok(0),
            Stage::Failed => return Err(into_io(read_after_failure(OPERATION))),
        }
        let rest = &self.chunk[self.at..];
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}

impl fmt::Debug for ReadAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAhead").field("stage", &self.stage).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
