//! A folder of sealed credentials.

use crate::{
    audit::{self, Action, Entry},
    key::KeyPlace,
    seal,
};
use jiff::Timestamp;
use roster_core::{Error, ErrorKind, Result, Secret};
use roster_credentials::CredentialVault;
use std::{
    fs,
    io::{ErrorKind as Io, Write as _},
    path::{Path, PathBuf},
};

const ENDING: &str = ".age";
const AUDIT: &str = "audit.jsonl";

/// A folder of sealed credentials.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
    key: KeyPlace,
}

impl Vault {
    /// A vault in a folder; nothing is touched yet.
    #[must_use]
    pub fn new(folder: PathBuf, key: KeyPlace) -> Self {
        Self { folder, key }
    }

    /// Seals a credential under a name, in place of one that was there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] for a name that is none and a key that is not there; [`ErrorKind::Unavailable`]
    /// when the folder cannot be written to.
    pub fn put(&self, name: &str, credential: &Secret<String>, by: &str) -> Result<()> {
        let file = self.file(name)?;
        let identities = self.key.identities()?;
        let sealed = seal::seal(credential.expose(), &identities[0])?;
        self.prepare()?;
        self.note(Action::Put, name, by)?;
        self.write(&file, &sealed)
    }

    /// Opens a credential, which is written to the audit log before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when there is none of this name, or the key does not open it.
    pub fn get(&self, name: &str, by: &str) -> Result<Secret<String>> {
        let sealed = self.read(name)?;
        let credential = seal::open(&sealed, &self.key.identities()?)
            .map_err(|err| err.context("credential", name))?;
        self.note(Action::Use, name, by)?;
        Ok(credential)
    }

    /// Takes a credential out for good; `false` when there was none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to.
    pub fn remove(&self, name: &str, by: &str) -> Result<bool> {
        let file = self.file(name)?;
        if !file.exists() {
            return Ok(false);
        }
        self.note(Action::Remove, name, by)?;
        fs::remove_file(&file).map_err(|err| unavailable(&file, err))?;
        Ok(true)
    }

    /// Names of all credentials, in order.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(err) if err.kind() == Io::NotFound => return Ok(Vec::new()),
            Err(err) => return Err(unavailable(&self.folder, err)),
        };
        let files = entries.filter_map(|it| it.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> =
            files.filter_map(|it| it.strip_suffix(ENDING).map(str::to_owned)).collect();
        names.retain(|it| is_name(it));
        names.sort();
        Ok(names)
    }

    /// Seals every credential anew, with the first identity of the key; gives their number.  May be interrupted and
    /// repeated.
    ///
    /// # Errors
    ///
    /// When one cannot be opened with any identity of the key; those before it are sealed anew.
    pub fn rotate(&self, by: &str) -> Result<usize> {
        let identities = self.key.identities()?;
        let names = self.names()?;
        for name in &names {
            let credential = seal::open(&self.read(name)?, &identities)
                .map_err(|err| err.context("credential", name))?;
            let sealed = seal::seal(credential.expose(), &identities[0])?;
            self.write(&self.file(name)?, &sealed)?;
            self.note(Action::Rotate, name, by)?;
        }
        Ok(names.len())
    }

    /// The last entries of the audit log, newest first.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn audit(&self, most: usize) -> Result<Vec<Entry>> {
        audit::read(&self.folder.join(AUDIT), most)
    }

    fn file(&self, name: &str) -> Result<PathBuf> {
        if is_name(name) {
            return Ok(self.folder.join(format!("{name}{ENDING}")));
        }
        let message = "a credential's name has 1 to 100 letters, digits, dots, dashes or underscores, and no dot first";
        Err(Error::new(ErrorKind::ConfigInvalid, "vault.name", message))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let file = self.file(name)?;
        fs::read(&file).map_err(|err| match err.kind() {
            Io::NotFound => {
                let message = "the vault has no such credential; `homeroom vault put` or an invitation puts it in";
                Error::new(ErrorKind::ConfigInvalid, "vault.get", message).context("credential", name)
            }
            _ => unavailable(&file, err),
        })
    }

    fn note(&self, action: Action, name: &str, by: &str) -> Result<()> {
        let entry =
            Entry { at: Timestamp::now(), action, name: name.to_owned(), by: by.to_owned() };
        audit::write(&self.folder.join(AUDIT), &entry)
    }

    fn prepare(&self) -> Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(|err| unavailable(&self.folder, err))
    }

    /// Writes a file whole or not at all.
    fn write(&self, file: &Path, bytes: &[u8]) -> Result<()> {
        let write = || {
            let mut new = tempfile::NamedTempFile::new_in(&self.folder)?;
            new.write_all(bytes)?;
            new.as_file().sync_all()?;
            new.persist(file).map_err(|it| it.error)
        };
        write().map(drop).map_err(|err| unavailable(file, err))
    }
}

impl CredentialVault for Vault {
    fn credential(&self, name: &str) -> Result<Secret<String>> {
        self.get(name, "homeroom")
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
    (1..=100).contains(&name.len()) && !name.starts_with('.') && name.chars().all(allowed)
}

fn unavailable(place: &Path, error: std::io::Error) -> Error {
    let message = "the vault cannot be read or written; mend its folder and its rights";
    Error::new(ErrorKind::Unavailable, "vault.files", message)
        .context("file", place.display())
        .source(error)
}
