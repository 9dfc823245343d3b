//! What the SQLite sink writes, night after night, and what it refuses.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod bench;
mod nights;
mod opening;
mod readers;
mod refusals;
mod values;
