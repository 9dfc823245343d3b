//! The SFTP drop: a server that districts upload their files to, and nothing else.
//!
//! Every district has one login and one folder.  In it a client may upload, list, rename, overwrite and delete; it
//! cannot read a file back, leave the folder, follow or make links, run a program or forward a port.  What is uploaded
//! gets its final name only when it is complete, so that a connection that breaks leaves no half file; and what a
//! session has sent of a set in several files is not taken before the session has ended well.
//!
//! Files keep the time of their arrival, by this machine's clock: the clocks of districts are wrong now and then, and a
//! set that seems to be older than the last one would never be taken.
//!
//! ```no_run
//! # async fn example() -> roster_core::Result<()> {
//! use roster_drop::{DropConfig, Logins, Server, Uploads};
//! use std::sync::Arc;
//!
//! #[derive(Debug)]
//! struct Tell;
//! impl Uploads for Tell {
//!     fn finished(&self, district: &str) {
//!         println!("{district} has sent its files");
//!     }
//! }
//!
//! let config = DropConfig { folder: "/srv/homeroom/drop".into(), ..DropConfig::default() };
//! let password = Logins::of(&config).add("lakeside", &[], true, false)?;
//! let server = Server::start(config, Arc::new(Tell)).await?;
//! println!("listening on {}", server.address());
//! # Ok(()) }
//! ```

mod account;
mod config;
mod files;
mod folder;
mod guard;
mod host_keys;
mod login;
mod name;
mod password;
mod server;
mod session;
mod ssh;
mod stoppable;
mod stream;

pub use crate::{
    config::{DropConfig, DropLimits, Start},
    host_keys::HostKeys,
    login::{Login, Logins},
    server::Server,
};

/// Who is told of finished uploads.
pub trait Uploads: std::fmt::Debug + Send + Sync + 'static {
    /// The district has sent what it wanted to send: no upload is open, no session that sent files of a set is open,
    /// and nothing came for [`DropConfig::quiet_secs`].  Must not block.
    fn finished(&self, district: &str);
}
