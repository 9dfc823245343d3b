//! SSH connections that connectors share: pinned host keys, SFTP sessions, TCP tunnels.
//!
//! A [`Connection`] is opened from an [`SshConfig`].  It talks only to a server whose host key is pinned, and only with
//! algorithms that are held to be safe today; older ones have to be named one by one.  From a connection come an
//! [`SftpClient`], and a [`Tunnel`] for programs that speak TCP, such as database drivers.
//!
//! ```no_run
//! # async fn example() -> roster_core::Result<()> {
//! use roster_ssh::{Connection, SshConfig};
//!
//! let config = SshConfig {
//!     host: "sis.lakeside.example".into(),
//!     username: "homeroom".into(),
//!     key_file: Some("/etc/homeroom/id_ed25519".into()),
//!     host_keys: vec!["SHA256:uNiVztksCsDhcc0u9e8BrrVoOrXvDzVQMNArdkPbwyU".into()],
//!     ..SshConfig::default()
//! };
//! let connection = Connection::open(&config).await?;
//! let tunnel = connection.tunnel("127.0.0.1", 1521).await?;
//! println!("the database is at {}", tunnel.address());
//! # Ok(()) }
//! ```

mod algorithms;
mod config;
mod connection;
mod error;
mod host_key;
mod login;
mod secret;
mod sftp;
mod tunnel;

pub use crate::{
    algorithms::{LegacyAlgorithm, preferred},
    config::SshConfig,
    connection::Connection,
    host_key::{fingerprint, parse_public_key},
    secret::SecretSource,
    sftp::{RemoteEntry, RemoteFile, RemoteKind, SftpClient},
    tunnel::Tunnel,
};
