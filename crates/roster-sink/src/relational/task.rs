//! Work on tasks of its own, and rows that come from one.

use crate::{RowStream, Snapshot};
use futures::{StreamExt as _, stream};
use roster_core::{EntityKind, Error, ErrorKind, Result, Rows};
use std::sync::Arc;
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle},
};

/// Batches of rows that wait to be taken.
pub(crate) const WAITING: usize = 2;

/// What a task came to.
pub(crate) fn joined<T, E: From<Error>>(ended: Result<Result<T, E>, JoinError>) -> Result<T, E> {
    // The cause is left out: what a panic says may quote a record.
    ended.unwrap_or_else(|_| {
        let message = "the work on the database stopped before its end";
        Err(Error::new(ErrorKind::Internal, "sink.task", message).into())
    })
}

/// Batches that a task sends, and the task.
pub(crate) type Reading = (mpsc::Receiver<Rows>, Option<JoinHandle<Result<()>>>);

/// The next batch; after the last one the error that ended the reading, if one did.
pub(crate) async fn next_batch(
    (mut batches, mut task): Reading,
) -> Option<(Result<Rows>, Reading)> {
    if let Some(batch) = batches.recv().await {
        return Some((Ok(batch), (batches, task)));
    }
    let ended = joined(task.take()?.await);
    ended.err().map(|err| (Err(err), (batches, None)))
}

/// The rows of an entity from a snapshot that is taken at the first poll.
pub(crate) fn rows_of(
    taken: impl Future<Output = Result<Arc<dyn Snapshot>>> + Send + 'static,
    entity: EntityKind,
) -> RowStream {
    let rows = async move {
        match taken.await {
            Ok(snapshot) => snapshot.rows(entity),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    };
    stream::once(rows).flatten().boxed()
}
