//! What the sessions of one login share: how much they may still write, what is being sent, and when it is finished.

use crate::{DropLimits, folder};
use roster_tabular::INCOMPLETE;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A login while the server runs.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) limits: DropLimits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    connections: usize,
    /// Uploads that are open.
    open: usize,
    /// Bytes in the folder, as far as we know.
    bytes: u64,
    /// Sessions that have sent files of a set in several files and have not ended.
    sending: usize,
    /// Whether such a session broke off, and none has ended well since.
    broken: bool,
    /// Whether something came that nobody was told of.
    news: bool,
    last_change: Instant,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With everything sent that was begun.
    Well,
    /// In the middle of a file, or because the connection was lost.
    BrokenOff,
}

impl Account {
    pub(crate) fn open(name: &str, root: PathBuf, limits: &DropLimits) -> io::Result<Self> {
        crate::login::private_folder(&root)?;
        let news = folder::clear(&root)?;
        let broken = root.join(INCOMPLETE).exists();
        let state = State {
            connections: 0,
            open: 0,
            bytes: 0,
            sending: 0,
            broken,
            news: news && !broken,
            last_change: Instant::now(),
        };
        Ok(Self { name: name.to_owned(), root, limits: limits.clone(), state: Mutex::new(state) })
    }

    /// Counts a connection; `false` if there are enough.
    pub(crate) fn connect(&self) -> bool {
        let mut state = self.state();
        let free = state.connections < self.limits.max_connections_per_login;
        state.connections += usize::from(free);
        free
    }

    pub(crate) fn disconnect(&self) {
        let mut state = self.state();
        state.connections = state.connections.saturating_sub(1);
    }

    /// Counts an upload that is opened; tells how many files there are.
    pub(crate) fn begin(&self) -> io::Result<folder::Usage> {
        let usage = folder::usage(&self.root)?;
        let mut state = self.state();
        if state.open == 0 {
            state.bytes = usage.bytes;
        }
        state.open += 1;
        Ok(usage)
    }

    /// Takes back what [`Self::begin`] counted.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.open = state.open.saturating_sub(1);
    }

    /// Reserves room for more bytes; `false` if there is none.
    pub(crate) fn grow(&self, bytes: u64) -> bool {
        let mut state = self.state();
        let Some(all) = state.bytes.checked_add(bytes).filter(|it| *it <= self.limits.max_bytes)
        else {
            return false;
        };
        state.bytes = all;
        true
    }

    /// Gives room back.
    pub(crate) fn shrink(&self, bytes: u64) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_sub(bytes);
    }

    /// Something came under its final name, or went.
    pub(crate) fn changed(&self) {
        let mut state = self.state();
        (state.news, state.last_change) = (true, Instant::now());
    }

    /// A session starts to send files of a set in several files: until it has ended well nobody takes them.
    pub(crate) fn start_sending(&self) -> io::Result<()> {
        self.state().sending += 1;
        fs::write(self.marker(), "")
    }

    /// Such a session has ended.
    pub(crate) fn stop_sending(&self, ended: Ended) -> io::Result<()> {
        let mut state = self.state();
        state.sending = state.sending.saturating_sub(1);
        state.broken = ended == Ended::BrokenOff || (state.broken && state.sending > 0);
        state.last_change = Instant::now();
        if state.sending > 0 || state.broken {
            return Ok(());
        }
        match fs::remove_file(self.marker()) {
            Err(it) if it.kind() != io::ErrorKind::NotFound => Err(it),
            _ => Ok(()),
        }
    }

    /// Whether an upload has finished that nobody was told of; asked once, it is told.
    pub(crate) fn take_news(&self, quiet: Duration) -> bool {
        let mut state = self.state();
        let busy = state.open > 0 || state.sending > 0 || state.broken;
        let finished = state.news && !busy && state.last_change.elapsed() >= quiet;
        state.news &= !finished;
        finished
    }

    fn marker(&self) -> PathBuf {
        self.root.join(INCOMPLETE)
    }

    /// The place of a path that stays inside.
    pub(crate) fn path(&self, inside: &crate::name::Inside) -> PathBuf {
        inside.0.iter().fold(self.root.clone(), |path, name| path.join(Path::new(name)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> (tempfile::TempDir, Account) {
        let folder = tempfile::tempdir().unwrap();
        let limits =
            DropLimits { max_bytes: 10, max_connections_per_login: 1, ..DropLimits::default() };
        let account = Account::open("lakeside", folder.path().to_owned(), &limits).unwrap();
        (folder, account)
    }

    #[test]
    fn a_set_in_several_files_is_marked_until_a_session_has_ended_well() {
        let (folder, account) = account();
        let marked = || folder.path().join(INCOMPLETE).exists();
        let finished = || {
            account.changed();
            account.take_news(Duration::ZERO)
        };
        assert!(finished(), "an archive needs no mark");
        account.start_sending().unwrap();
        assert!(marked() && !finished());
        account.stop_sending(Ended::BrokenOff).unwrap();
        assert!(marked() && !finished(), "half a set waits for the rest");
        account.start_sending().unwrap();
        account.start_sending().unwrap();
        account.stop_sending(Ended::Well).unwrap();
        assert!(marked() && !finished(), "another session is still sending");
        account.stop_sending(Ended::Well).unwrap();
        assert!(!marked() && finished());
        assert!(!account.take_news(Duration::ZERO), "it is told once");
    }

    #[test]
    fn a_mark_is_remembered_over_a_restart() {
        let (folder, account) = account();
        account.start_sending().unwrap();
        fs::write(folder.path().join("users.csv"), "").unwrap();
        let again = Account::open("lakeside", folder.path().to_owned(), &account.limits).unwrap();
        assert!(!again.take_news(Duration::ZERO));
        again.start_sending().unwrap();
        again.changed();
        again.stop_sending(Ended::Well).unwrap();
        assert!(again.take_news(Duration::ZERO));
    }

    #[test]
    fn room_and_connections_are_shared() {
        let (_folder, account) = account();
        account.begin().unwrap();
        assert!(account.grow(6) && !account.grow(5) && account.grow(4) && !account.grow(1));
        assert!(!account.grow(u64::MAX));
        account.shrink(3);
        assert!(account.grow(3));
        assert!(account.connect() && !account.connect());
        account.disconnect();
        assert!(account.connect());
    }
}
