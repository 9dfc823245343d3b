//! The revision of what a service shows, where it tells one.

use roster_core::{Error, ErrorKind, Result};
use roster_http::Response;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// The header of ClassLink's Roster Server.
const HEADER: &str = "x-perm-rev";

/// The one revision that all pages of a pull have to be of.
#[derive(Debug, Default)]
pub(crate) struct Revision {
    first: Mutex<Option<String>>,
    moved: AtomicBool,
}

impl Revision {
    /// Takes notice of a page's revision.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] where it is another one than that of the pages before.
    pub(crate) fn observe(&self, response: &Response) -> Result<()> {
        let Some(found) = response.header(HEADER).map(str::trim).filter(|it| !it.is_empty()) else {
            return Ok(());
        };
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        match &*first {
            None => *first = Some(found.to_owned()),
            Some(first) if first == found => {}
            Some(_) => {
                self.moved.store(true, Ordering::SeqCst);
                return Err(changing());
            }
        }
        Ok(())
    }

    /// Whether pages of two revisions came.
    pub(crate) fn has_moved(&self) -> bool {
        self.moved.load(Ordering::SeqCst)
    }

    /// The revision, if the service told one.
    pub(crate) fn told(&self) -> Option<String> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is shown changes while it is read.
pub(crate) fn changing() -> Error {
    let message = "what the service shows changes while it is read; nothing was taken, try again when it rests";
    Error::new(ErrorKind::Unavailable, "oneroster.pull", message)
}
