//! From blocking work on a thread of its own to a future or a stream; needs no runtime.

use futures::{StreamExt, stream};
use roster_core::{Error, ErrorKind, ExtractEvent, ExtractStream, Result, RunContext};
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

/// A stream of the events of a blocking iterator.
///
/// Nothing happens before the first poll; then `start` makes the iterator on a thread of its own, which runs at most a
/// handful of batches ahead.  `start` gets a context of its own, whose token is also cancelled when the stream is
/// dropped: the iterator has to look at it.  An error is the last item, also where the thread itself came to grief.
/// `operation` is the one of those errors, such as `oneroster.extract`, and names the thread.
pub fn stream<I, F>(operation: &'static str, ctx: &RunContext, start: F) -> ExtractStream
where
    F: FnOnce(RunContext) -> Result<I> + Send + 'static,
    I: Iterator<Item = Result<ExtractEvent>>,
{
    let ctx = RunContext { cancel: ctx.cancel.child_token(), ..ctx.clone() };
    let stop = ctx.cancel.clone().drop_guard();
    let start = move || start(ctx);
    stream::unfold(State::Fresh(start, stop), move |state| async move {
        let (mut receiver, stop) = match state {
            State::Ended => return None,
            State::Running(receiver, stop) => (receiver, stop),
            State::Fresh(start, stop) => match spawn(operation, start) {
                Ok(receiver) => (receiver, stop),
                Err(error) => return Some((Err(error), State::Ended)),
            },
        };
        match receiver.recv().await {
            Some(Some(Ok(event))) => Some((Ok(event), State::Running(receiver, stop))),
            Some(Some(Err(error))) => Some((Err(error), State::Ended)),
            Some(None) => None,
            None => Some((Err(broken(operation)), State::Ended)),
        }
    })
    .boxed()
}

/// Does blocking work on a thread of its own.  `operation` is the one of the errors that the thread itself gives.
///
/// The work goes on when the future is dropped; its outcome is then lost.
///
/// # Errors
///
/// Those of the work; [`ErrorKind::Unavailable`] where no thread can be had, [`ErrorKind::Internal`] where the work
/// panics.
pub async fn run<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = oneshot::channel();
    on_thread(operation, move || _ = sender.send(work()))?;
    receiver.await.unwrap_or_else(|_| Err(broken(operation)))
}

fn spawn<I, F>(operation: &'static str, start: F) -> Result<mpsc::Receiver<Message>>
where
    F: FnOnce() -> Result<I> + Send + 'static,
    I: Iterator<Item = Result<ExtractEvent>>,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    on_thread(operation, move || {
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

fn on_thread(operation: &'static str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = thread::Builder::new().name(operation.to_owned()).spawn(work);
    spawned.map(drop).map_err(|it| {
        let message =
            "no thread could be started to read the source; the machine is out of resources";
        Error::new(ErrorKind::Unavailable, operation, message).source(it)
    })
}

fn broken(operation: &'static str) -> Error {
    let message =
        "the thread that reads the source stopped halfway; this is a defect, please report it";
    Error::new(ErrorKind::Internal, operation, message)
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

    /// The number of events of a stream, and its errors.
    async fn drained(events: ExtractStream) -> (usize, Vec<(ErrorKind, &'static str)>) {
        let events: Vec<_> = events.collect().await;
        let errors = events.iter().filter_map(|it| it.as_ref().err());
        (events.len(), errors.map(|it| (it.kind(), it.operation())).collect())
    }

    #[tokio::test]
    async fn stream_ends_with_its_iterator_and_an_error_is_its_last_item() {
        let error = || Error::new(ErrorKind::Damaged, "read", "damaged");
        let check = async |events: Result<Vec<Result<ExtractEvent>>>, expected| {
            let start = move |_| events.map(Vec::into_iter);
            let events = stream("test", &RunContext::detached(), start);
            assert_eq!(drained(events).await, expected);
        };
        check(Ok(vec![]), (0, vec![])).await;
        check(Ok(vec![Ok(batch()), Ok(batch())]), (2, vec![])).await;
        let damaged = || vec![(ErrorKind::Damaged, "read")];
        check(Ok(vec![Ok(batch()), Err(error()), Ok(batch())]), (2, damaged())).await;
        check(Err(error()), (1, damaged())).await;
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_not_an_end() {
        let panics = || -> Result<ExtractEvent> { panic!("as a test") };
        let start = move |_| Ok(std::iter::repeat_with(panics));
        let events = stream("test.extract", &RunContext::detached(), start);
        let expected = (ErrorKind::Internal, "test.extract");
        assert_eq!(drained(events).await, (1, vec![expected]));
        let error = run("test.check", move || panics().map(drop)).await.expect_err("it panics");
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Internal, "test.check"));
    }

    #[tokio::test]
    async fn nothing_happens_before_the_first_poll_and_dropping_stops_the_work() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let token = Arc::new(std::sync::Mutex::new(CancellationToken::new()));
        let given = token.clone();
        let ctx = RunContext::detached();
        let mut events = stream("test", &ctx, move |own: RunContext| {
            *given.lock().expect("nobody panics") = own.cancel;
            Ok(std::iter::repeat_with(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(batch())
            }))
        });
        thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(count.load(Ordering::SeqCst), 0);
        assert!(events.next().await.is_some_and(|it| it.is_ok()));
        drop(events);
        assert!(token.lock().expect("nobody panics").is_cancelled());
        assert!(!ctx.cancel.is_cancelled(), "the rest of the run goes on");
        assert!(count.load(Ordering::SeqCst) <= WAITING + 3);
    }

    #[test]
    fn no_runtime_is_needed() {
        let start = |_| Ok(vec![Ok(batch())].into_iter());
        let mut events = stream("test", &RunContext::detached(), start);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
        let event = loop {
            match events.poll_next_unpin(&mut context) {
                std::task::Poll::Ready(event) => break event,
                std::task::Poll::Pending if std::time::Instant::now() > deadline => {
                    panic!("no event came")
                }
                std::task::Poll::Pending => thread::yield_now(),
            }
        };
        assert!(matches!(event, Some(Ok(ExtractEvent::Batch(_)))));
    }
}
