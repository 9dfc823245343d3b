//! Credentials at rest, sealed with [age](https://age-encryption.org/v1).
//!
//! A [`Vault`] is a folder with one sealed file for each credential, apart from all data: a backup of the database has
//! none of them.  The key is not in the folder: it comes from an environment variable, a file, or the output of a command
//! such as a call to a key management service.  Every use is written to the vault's own audit log before the credential
//! is given out.
//!
//! A key may have several identities, one a line.  Sealed is to the first, opened with any.  So a key is changed in three
//! steps that may each be interrupted: put the new identity before the old one, [`Vault::rotate`], take the old one away.

mod audit;
mod key;
mod seal;
mod vault;

pub use audit::{Action, Entry};
pub use key::{KeyPlace, VaultConfig, new_key};
pub use vault::Vault;
