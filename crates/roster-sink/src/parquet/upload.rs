//! A file on its way to the store, written piece by piece.

use bytes::Bytes;
use object_store::{
    Error as StoreError, ObjectStore, ObjectStoreExt as _, WriteMultipart, path::Path,
};
use std::{
    io::{self, Write},
    sync::Arc,
};
use tokio::runtime::Handle;

/// Bytes of a piece.  Object stores take none below 5 MiB, but for the last.
const PIECE: usize = 8 << 20;
/// Pieces on their way at once.
const PIECES: usize = 2;

/// Writes a file that is there once [`Self::finish`] has ended, and not before.
///
/// Blocks: not for a thread of the runtime.
pub(super) struct Upload {
    runtime: Handle,
    objects: Arc<dyn ObjectStore>,
    path: Path,
    piece: Vec<u8>,
    /// Once there is more than one piece.
    pieces: Option<WriteMultipart>,
    written: u64,
}

impl Upload {
    /// Starts a file.
    pub(super) fn new(objects: Arc<dyn ObjectStore>, path: Path) -> Self {
        let runtime = Handle::current();
        Self { runtime, objects, path, piece: Vec::new(), pieces: None, written: 0 }
    }

    /// Ends the file; gives its bytes.
    pub(super) fn finish(mut self) -> Result<u64, StoreError> {
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        let _runtime = self.runtime.enter();
        match self.pieces.take() {
            None => self.runtime.block_on(self.objects.put(&self.path, piece.into()))?,
            Some(mut upload) => {
                upload.put(piece);
                self.runtime.block_on(upload.finish())?
            }
        };
        Ok(self.written)
    }

    fn send(&mut self) -> Result<(), StoreError> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let _runtime = self.runtime.enter();
        if self.pieces.is_none() {
            let started = self.runtime.block_on(self.objects.put_multipart(&self.path))?;
            self.pieces = Some(WriteMultipart::new_with_chunk_size(started, PIECE));
        }
        let upload = self.pieces.as_mut().expect("the upload was just started");
        upload.put(piece.into());
        self.runtime.block_on(upload.wait_for_capacity(PIECES))
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        self.written += taken as u64;
        if self.piece.len() == PIECE {
            self.send().map_err(io::Error::other)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    /// A file that is not finished is taken back.
    fn drop(&mut self) {
        if let Some(upload) = self.pieces.take() {
            self.runtime.spawn(upload.abort());
        }
    }
}
