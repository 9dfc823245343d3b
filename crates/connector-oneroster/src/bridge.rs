//! From a blocking iterator on a thread of its own to an asynchronous stream.

use futures::{StreamExt, stream};
use roster_core::{Error, ErrorKind, ExtractEvent, ExtractStream, Result};
use std::thread;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::DropGuard;

/// Batches that may wait for the consumer.
const WAITING: usize = 4;

/// What the thread sends; `None` says that it came to its end.
type Message = Option<Result<ExtractEvent>>;

enum State<F> {
    Fresh(F, DropGuard),
    Running(mpsc::Receiver<Message>, DropGuard),
    Ended,
}

/// A stream of what `start` makes.
///
/// Nothing happens before the first poll.  Dropping the stream drops `stop`, which cancels the work, and closes the
/// channel, which ends it.  An error is the last item, also where the thread itself came to grief.
pub(crate) fn stream<I, F>(start: F, stop: DropGuard) -> ExtractStream
where
    F: FnOnce() -> Result<I> + Send + 'static,
    I: Iterator<Item = Result<ExtractEvent>>,
{
    stream::unfold(State::Fresh(start, stop), |state| async {
        let (mut receiver, stop) = match state {
            State::Ended => return None,
            State::Running(receiver, stop) => (receiver, stop),
            State::Fresh(start, stop) => match spawn(start) {
                Ok(receiver) => (receiver, stop),
                Err(error) => return Some((Err(error), State::Ended)),
            },
        };
        match receiver.recv().await {
            Some(Some(Ok(event))) => Some((Ok(event), State::Running(receiver, stop))),
            Some(Some(Err(error))) => Some((Err(error), State::Ended)),
            Some(None) => None,
            None => Some((Err(broken()), State::Ended)),
        }
    })
    .boxed()
}

fn spawn<I, F>(start: F) -> Result<mpsc::Receiver<Message>>
where
    F: FnOnce() -> Result<I> + Send + 'static,
    I: Iterator<Item = Result<ExtractEvent>>,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    on_thread(move || {
        let events = match start() {
            Ok(events) => events,
            Err(error) => {
                _ = sender.blocking_send(Some(Err(error)));
                return;
            }
        };
        for event in events {
            if sender.blocking_send(Some(event)).is_err() {
                return;
            }
        }
        _ = sender.blocking_send(None);
    })?;
    Ok(receiver)
}

/// Does blocking work on a thread of its own.
pub(crate) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = oneshot::channel();
    on_thread(move || _ = sender.send(work()))?;
    receiver.await.unwrap_or_else(|_| Err(broken()))
}

fn on_thread(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = thread::Builder::new().name("oneroster".to_owned()).spawn(work);
    spawned.map(drop).map_err(|it| {
        let message = "no thread could be started to read the set; the machine is out of resources";
        Error::new(ErrorKind::Unavailable, "oneroster.extract", message).source(it)
    })
}

fn broken() -> Error {
    let message =
        "the thread that reads the set stopped halfway; this is a defect, please report it";
    Error::new(ErrorKind::Internal, "oneroster.extract", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{Batch, EntityKind, Origin};
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    use tokio_util::sync::CancellationToken;

    fn batch() -> ExtractEvent {
        ExtractEvent::Batch(Batch::new(EntityKind::Org, Origin::File("orgs.csv".into())))
    }

    /// The kinds of the errors and the number of events of a stream.
    async fn drained(events: ExtractStream) -> (usize, Vec<ErrorKind>) {
        let events: Vec<_> = events.collect().await;
        let errors = events.iter().filter_map(|it| it.as_ref().err()).map(Error::kind).collect();
        (events.len(), errors)
    }

    #[tokio::test]
    async fn stream_ends_with_its_iterator_and_an_error_is_its_last_item() {
        let guard = || CancellationToken::new().drop_guard();
        let error = || Err(Error::new(ErrorKind::Damaged, "test", "damaged"));
        let check = async |events: Vec<Result<ExtractEvent>>, expected| {
            assert_eq!(drained(stream(move || Ok(events.into_iter()), guard())).await, expected);
        };
        check(vec![], (0, vec![])).await;
        check(vec![Ok(batch()), Ok(batch())], (2, vec![])).await;
        check(vec![Ok(batch()), error(), Ok(batch())], (2, vec![ErrorKind::Damaged])).await;
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_not_an_end() {
        let events = std::iter::repeat_with(|| -> Result<ExtractEvent> { panic!("as a test") });
        let guard = CancellationToken::new().drop_guard();
        assert_eq!(
            drained(stream(move || Ok(events), guard)).await,
            (1, vec![ErrorKind::Internal])
        );
    }

    #[tokio::test]
    async fn nothing_happens_before_the_first_poll_and_dropping_stops_the_work() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let token = CancellationToken::new();
        let work = move || {
            Ok(std::iter::repeat_with(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(batch())
            }))
        };
        let mut events = stream(work, token.clone().drop_guard());
        thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(count.load(Ordering::SeqCst), 0);
        assert!(events.next().await.is_some_and(|it| it.is_ok()));
        drop(events);
        assert!(token.is_cancelled());
        assert!(count.load(Ordering::SeqCst) <= WAITING + 3);
    }
}
