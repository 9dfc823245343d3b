//! A drop in a temporary folder, a client that sends whatever it is told to, and what was logged.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use roster_core::Secret;
use roster_drop::{DropConfig, DropLimits, Logins, Server, Uploads};
use russh::{
    client::{self, Handle},
    keys::PublicKeyOrCertificate,
};
use russh_sftp::{
    client::RawSftpSession,
    protocol::{FileAttributes, OpenFlags},
};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A drop that is running.
pub struct Drop {
    pub folder: TempDir,
    pub server: Server,
    pub logins: Logins,
    pub told: Arc<Told>,
}

/// The districts whose uploads have finished, in order.
#[derive(Debug, Default)]
pub struct Told(Mutex<Vec<String>>);

impl Uploads for Told {
    fn finished(&self, district: &str) {
        self.0.lock().expect("nobody panics").push(district.to_owned());
    }
}

impl Drop {
    pub async fn start(limits: DropLimits) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let config = DropConfig {
            listen: "127.0.0.1:0".into(),
            legacy_listen: Some("127.0.0.1:0".into()),
            folder: folder.path().join("drop"),
            quiet_secs: 0,
            limits,
            ..DropConfig::default()
        };
        let logins = Logins::of(&config);
        let told = Arc::new(Told::default());
        let server = Server::start(config, told.clone()).await.expect("the drop starts");
        Self { folder, server, logins, told }
    }

    /// Adds a login; gives its password.
    pub fn login(&self, name: &str) -> Secret<String> {
        let added = self.logins.add(name, &[], true, false).expect("the login is new");
        added.expect("it has a password")
    }

    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("drop").join(path)
    }

    /// Names and sizes of what lies in a login's folder, also of what clients do not see.
    pub fn listing(&self, login: &str) -> Vec<(String, u64)> {
        let entries = fs::read_dir(self.path(login)).expect("the folder is there");
        let entry = |it: std::io::Result<fs::DirEntry>| {
            let it = it.expect("it can be read");
            let metadata = fs::symlink_metadata(it.path()).expect("it is there");
            (it.file_name().to_string_lossy().into_owned(), metadata.len())
        };
        let mut listing: Vec<_> = entries.map(entry).collect();
        listing.sort();
        listing
    }

    /// Waits until so many uploads have finished; gives whose.
    pub async fn finished(&self, uploads: usize) -> Vec<String> {
        let told = || self.told.0.lock().expect("nobody panics").clone();
        let since = Instant::now();
        while told().len() < uploads && since.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        told()
    }
}

/// Lets in every server.
pub struct Anyone;

impl client::Handler for Anyone {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// A client before it has logged in.
pub async fn connect(port: u16) -> Result<Handle<Anyone>, russh::Error> {
    client::connect(Arc::new(client::Config::default()), ("127.0.0.1", port), Anyone).await
}

/// A client that may do what the protocol allows.
pub struct Client {
    pub handle: Handle<Anyone>,
    pub sftp: RawSftpSession,
}

impl Client {
    pub async fn log_in(port: u16, login: &str, password: &Secret<String>) -> Option<Self> {
        let mut handle = connect(port).await.ok()?;
        let outcome = handle.authenticate_password(login, password.expose()).await.ok()?;
        if !outcome.success() {
            return None;
        }
        let channel = handle.channel_open_session().await.ok()?;
        channel.request_subsystem(true, "sftp").await.ok()?;
        let sftp = RawSftpSession::new(channel.into_stream());
        sftp.init().await.ok()?;
        Some(Self { handle, sftp })
    }

    /// Opens a file to be sent.
    pub async fn create(&self, path: &str) -> Result<String, String> {
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let opened = self.sftp.open(path, flags, FileAttributes::empty()).await;
        opened.map(|it| it.handle).map_err(|it| it.to_string())
    }

    /// Sends a file.
    pub async fn put(&self, path: &str, text: &[u8]) -> Result<(), String> {
        let handle = self.create(path).await?;
        for (number, piece) in text.chunks(32 << 10).enumerate() {
            let offset = (number as u64) << 15;
            if let Err(error) = self.sftp.write(&handle, offset, piece.to_vec()).await {
                assert!(
                    self.sftp.close(&handle).await.is_err(),
                    "a file with a hole gets its name"
                );
                return Err(error.to_string());
            }
        }
        self.sftp.close(&handle).await.map(drop).map_err(|it| it.to_string())
    }

    /// Hangs up as a client does that has had enough.
    pub async fn quit(self) {
        _ = self.sftp.close_session();
        tokio::time::sleep(Duration::from_millis(50)).await;
        _ = self.handle.disconnect(russh::Disconnect::ByApplication, "", "").await;
    }
}
