//! An SFTP session as its client.

use crate::{Connection, error};
use roster_core::{Error, ErrorKind, Result};
use russh_sftp::{
    client::{Config, SftpSession, fs::Metadata},
    protocol::FileType,
};
use std::fmt;

/// The file behind an open handle: it can be read and sought in.
pub use russh_sftp::client::fs::File as RemoteFile;

/// How many seconds a request may take.
const REQUEST_SECS: u64 = 60;

/// A session on a server's file system.
pub struct SftpClient {
    session: SftpSession,
    /// The session lives no longer than its connection.
    _connection: Connection,
}

impl fmt::Debug for SftpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SftpClient").finish_non_exhaustive()
    }
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, a device, or anything else that is not read.
    Other,
}

/// An entry of a folder on the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteEntry {
    /// Its name, without a path.
    pub name: String,
    /// What it is.
    pub kind: RemoteKind,
    /// Its size, in bytes.
    pub bytes: u64,
    /// When it was modified, in seconds since 1970 by the server's clock; `None` where the server does not tell.
    pub modified: Option<u32>,
}

impl RemoteEntry {
    fn new(name: String, metadata: &Metadata) -> Self {
        let kind = match metadata.file_type() {
            FileType::File => RemoteKind::File,
            FileType::Dir => RemoteKind::Folder,
            _ => RemoteKind::Other,
        };
        Self { name, kind, bytes: metadata.size.unwrap_or_default(), modified: metadata.mtime }
    }
}

impl SftpClient {
    pub(crate) async fn open(connection: &Connection) -> Result<Self> {
        const OPERATION: &str = "sftp.open";
        let failed = |it| error::ssh(OPERATION, it);
        let channel = connection.handle.channel_open_session().await.map_err(failed)?;
        channel.request_subsystem(true, "sftp").await.map_err(failed)?;
        let config = Config { request_timeout_secs: REQUEST_SECS, ..Config::default() };
        let opened = SftpSession::new_with_config(channel.into_stream(), config).await;
        let session = opened.map_err(|_| {
            let message = "the server offers no SFTP to this login; ask those who run it to allow the sftp subsystem";
            Error::new(ErrorKind::Unsupported, OPERATION, message)
        })?;
        Ok(Self { session, _connection: connection.clone() })
    }

    /// What is in a folder, sorted by name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] and [`ErrorKind::PermissionDenied`] as the server says, [`ErrorKind::Unavailable`] if
    /// the connection is lost.
    pub async fn list(&self, folder: &str) -> Result<Vec<RemoteEntry>> {
        let listed = self.session.read_dir(folder).await;
        let listed =
            listed.map_err(|it| error::sftp("sftp.list", &it).context("folder", folder))?;
        let mut entries: Vec<_> =
            listed.map(|it| RemoteEntry::new(it.file_name(), &it.metadata())).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// What is at a path; a link is what it points to.
    ///
    /// # Errors
    ///
    /// As [`Self::list`].
    pub async fn stat(&self, path: &str) -> Result<RemoteEntry> {
        let found = self.session.metadata(path).await;
        let found = found.map_err(|it| error::sftp("sftp.stat", &it).context("file", path))?;
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(RemoteEntry::new(name.to_owned(), &found))
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// As [`Self::list`].
    pub async fn read(&self, path: &str) -> Result<RemoteFile> {
        let opened = self.session.open(path).await;
        opened.map_err(|it| error::sftp("sftp.read", &it).context("file", path))
    }

    /// Gives a file another name.
    ///
    /// # Errors
    ///
    /// As [`Self::list`]; a server may refuse a name that is taken.
    pub async fn rename(&self, from: &str, to: &str) -> Result<()> {
        let renamed = self.session.rename(from, to).await;
        renamed.map_err(|it| error::sftp("sftp.rename", &it).context("file", from))
    }

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// As [`Self::list`].
    pub async fn remove(&self, path: &str) -> Result<()> {
        let removed = self.session.remove_file(path).await;
        removed.map_err(|it| error::sftp("sftp.remove", &it).context("file", path))
    }
}
