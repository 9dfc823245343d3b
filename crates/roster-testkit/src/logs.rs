//! Keeps what the process logs, so that a case can search it.

use std::{
    io,
    sync::{Mutex, Once, PoisonError},
};

static INSTALL: Once = Once::new();
static TEXT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Appends to the kept text.
#[derive(Clone, Copy, Debug)]
struct Keep;

impl io::Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TEXT.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// From now on, everything that is traced is kept.
pub(crate) fn keep() {
    INSTALL.call_once(|| {
        let logs = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(|| Keep);
        // Fails when the test executable has installed its own; then that one sees the logs.
        _ = tracing_subscriber::util::SubscriberInitExt::try_init(logs);
    });
}

/// All that was traced since.
pub(crate) fn text() -> String {
    let bytes = TEXT.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&bytes).into_owned()
}
