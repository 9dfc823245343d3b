//! Binary COPY: rows are encoded on a blocking thread while the server takes the ones before.

use super::failure::Outcome;
use crate::relational::task::joined;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::SinkExt as _;
use roster_core::{Error, ErrorKind};
use std::pin::pin;
use tokio::{sync::mpsc, task::spawn_blocking};
use tokio_postgres::Transaction;

/// What a binary COPY begins with: a signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with: a row of no columns.
const TRAILER: i16 = -1;
/// Bytes sent at a time.
const MESSAGE: usize = 1 << 17;
/// Messages that wait to be sent.
const WAITING: usize = 4;

/// Takes encoded rows.
pub(super) struct Feed {
    messages: mpsc::Sender<Bytes>,
    buffer: BytesMut,
}

impl Feed {
    /// Where the next row is appended.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Sends what has come together, if it is enough.
    pub(super) fn row_done(&mut self) -> Outcome<()> {
        if self.buffer.len() < MESSAGE { Ok(()) } else { self.send() }
    }

    fn finish(mut self) -> Outcome<()> {
        self.buffer.put_i16(TRAILER);
        self.send()
    }

    fn send(&mut self) -> Outcome<()> {
        let message = self.buffer.split().freeze();
        self.buffer.reserve(MESSAGE + MESSAGE / 8);
        // Whoever takes no more knows why and tells it.
        self.messages.blocking_send(message).map_err(|_| {
            Error::new(ErrorKind::Internal, "postgres.copy", "the server takes no more rows").into()
        })
    }
}

/// Sends the rows that `encode` makes, on a thread of its own; gives what it gives.
pub(super) async fn copy_in<T: Send + 'static>(
    transaction: &Transaction<'_>,
    statement: &str,
    encode: impl FnOnce(&mut Feed) -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    let mut sink = pin!(transaction.copy_in::<_, Bytes>(statement).await?);
    let (messages, mut waiting) = mpsc::channel(WAITING);
    let encoding = spawn_blocking(move || {
        let mut feed = Feed { messages, buffer: BytesMut::from(HEADER) };
        let made = encode(&mut feed)?;
        feed.finish()?;
        Ok(made)
    });
    let mut sent = Ok(());
    while let Some(message) = waiting.recv().await {
        sent = sink.send(message).await;
        if sent.is_err() {
            break;
        }
    }
    drop(waiting);
    // Dropped without an end, the COPY fails at the server, too.
    let made: Outcome<T> = joined(encoding.await);
    sent?;
    let made = made?;
    sink.finish().await?;
    Ok(made)
}
