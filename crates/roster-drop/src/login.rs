//! Who may upload: one login per district, in a file of its own.

use crate::{DropConfig, name, password};
use jiff::Timestamp;
use roster_core::{Error, ErrorKind, Result, Secret};
use roster_ssh::{fingerprint, parse_public_key};
use russh::keys::PublicKey;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
    time::SystemTime,
};

/// The file in the state folder.
const FILE: &str = "logins.json";

/// A district's login.  Its name is the district's id, and so is that of its folder.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Argon2id hash of the password, if it has one.
    password_hash: Option<String>,
    /// Public keys, as they stand in `authorized_keys`.
    #[serde(default)]
    public_keys: Vec<String>,
    /// Whether it may log in where older algorithms are spoken.
    #[serde(default)]
    pub legacy: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("legacy", &self.legacy).finish_non_exhaustive()
    }
}

impl Login {
    /// Whether it has a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password_hash.is_some()
    }

    /// The fingerprints of its public keys.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<String> {
        self.public_keys
            .iter()
            .filter_map(|it| parse_public_key(it))
            .map(|it| fingerprint(&it))
            .collect()
    }

    pub(crate) fn password_hash(&self) -> Option<&str> {
        self.password_hash.as_deref()
    }

    pub(crate) fn has_key(&self, key: &PublicKey) -> bool {
        let own =
            |it: &String| parse_public_key(it).is_some_and(|it| it.key_data() == key.key_data());
        self.public_keys.iter().any(own)
    }
}

/// The logins by name, as they stand in the file.
type ByName = BTreeMap<String, Login>;

/// The logins of a drop; changes are seen by a server that is running.
#[derive(Debug)]
pub struct Logins {
    file: PathBuf,
    folder: PathBuf,
    /// What was read last, and from which version of the file.
    read: Mutex<Option<(Version, ByName)>>,
}

/// By this a file is known to be the same.
type Version = (SystemTime, u64);

impl Logins {
    /// The logins of this drop.  Does no I/O.
    #[must_use]
    pub fn of(config: &DropConfig) -> Self {
        let file = config.state_folder().join(FILE);
        Self { file, folder: config.folder.clone(), read: Mutex::new(None) }
    }

    /// All logins, by name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] if the file cannot be read or is damaged.
    pub fn all(&self) -> Result<BTreeMap<String, Login>> {
        let Some(version) = self.version()? else { return Ok(ByName::new()) };
        let mut read = self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, logins)) = read.as_ref().filter(|it| it.0 == version) {
            return Ok(logins.clone());
        }
        let text = fs::read(&self.file)
            .map_err(|it| self.failed("the file of logins cannot be read", it))?;
        let logins: ByName = serde_json::from_slice(&text).map_err(|it| {
            self.failed("the file of logins is damaged; restore it from a copy", it.into())
        })?;
        *read = Some((version, logins.clone()));
        Ok(logins)
    }

    /// A login.
    ///
    /// # Errors
    ///
    /// As [`Self::all`].
    pub fn find(&self, name: &str) -> Result<Option<Login>> {
        Ok(self.all()?.remove(name))
    }

    /// Adds a login and its folder; gives the password, which is kept nowhere, if it is to have one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] if the name or a key is none, if there is such a login, or if it could not log in.
    pub fn add(
        &self,
        name: &str,
        public_keys: &[String],
        with_password: bool,
        legacy: bool,
    ) -> Result<Option<Secret<String>>> {
        check_name(name)?;
        if public_keys.iter().any(|it| parse_public_key(it).is_none()) {
            let message = "a public key cannot be read; it is one line that starts with its type, as in a file .pub";
            return Err(refused(message, name));
        }
        if public_keys.is_empty() && !with_password {
            return Err(refused("a login needs a password or a public key", name));
        }
        let mut logins = self.all()?;
        if logins.contains_key(name) {
            let message = "there is such a login; give it a new password, or remove it first";
            return Err(refused(message, name));
        }
        let password = with_password.then(password::generate).transpose()?;
        let password_hash = password.as_ref().map(password::hash).transpose()?;
        let public_keys = public_keys.iter().map(|it| it.trim().to_owned()).collect();
        let login = Login { password_hash, public_keys, legacy, created_at: Timestamp::now() };
        logins.insert(name.to_owned(), login);
        let folder = self.folder.join(name);
        private_folder(&folder)
            .map_err(|it| self.failed("the folder of the login cannot be made", it))?;
        self.write(&logins)?;
        Ok(password)
    }

    /// Gives a login a new password; the old one is void.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such login.
    pub fn renew_password(&self, name: &str) -> Result<Secret<String>> {
        let mut logins = self.all()?;
        let login = logins.get_mut(name).ok_or_else(|| unknown(name))?;
        let password = password::generate()?;
        login.password_hash = Some(password::hash(&password)?);
        self.write(&logins)?;
        Ok(password)
    }

    /// Removes a login; its folder stays.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such login.
    pub fn remove(&self, name: &str) -> Result<()> {
        let mut logins = self.all()?;
        logins.remove(name).ok_or_else(|| unknown(name))?;
        self.write(&logins)
    }

    /// Replaces the file in one step, so that a server never reads half of it.
    fn write(&self, logins: &ByName) -> Result<()> {
        let failed = |it| self.failed("the file of logins cannot be written", it);
        private_folder(self.file.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        let text = serde_json::to_vec_pretty(logins).map_err(|it| failed(it.into()))?;
        write_private(&self.file, &text).map_err(failed)
    }

    /// `None` if the file is not there yet.
    fn version(&self) -> Result<Option<Version>> {
        match fs::metadata(&self.file).and_then(|it| Ok((it.modified()?, it.len()))) {
            Ok(version) => Ok(Some(version)),
            Err(it) if it.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(it) => Err(self.failed("the file of logins cannot be read", it)),
        }
    }

    fn failed(&self, message: &str, error: io::Error) -> Error {
        let error = Error::new(ErrorKind::ConfigInvalid, "drop.logins", message).source(error);
        error.context("file", self.file.display())
    }
}

/// Makes a folder that only its owner may look into; one that is there stays as it is.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file that only its owner may read: a new one beside it, which then takes its place.
pub(crate) fn write_private(file: &Path, text: &[u8]) -> io::Result<()> {
    use io::Write;
    let new = file.with_extension("new");
    match fs::remove_file(&new) {
        Err(it) if it.kind() != io::ErrorKind::NotFound => return Err(it),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&new)?;
    written.write_all(text)?;
    written.sync_all()?;
    fs::rename(&new, file)
}

/// A name is that of a folder beside others: 1 to 64 letters, digits, dots, dashes and underscores, no dot first.
fn check_name(name: &str) -> Result<()> {
    let good = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_');
    if (1..=64).contains(&name.len())
        && name.chars().all(good)
        && !name.starts_with('.')
        && !name::is_reserved(name)
    {
        return Ok(());
    }
    let message = "a login's name is the id of its district: 1 to 64 letters, digits, dots, dashes or underscores, and no \
                   dot first";
    Err(Error::new(ErrorKind::ConfigInvalid, "drop.logins", message))
}

fn refused(message: &str, name: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "drop.logins", message).context("login", name)
}

fn unknown(name: &str) -> Error {
    let message = "there is no such login; `homeroom drop list` lists them";
    Error::new(ErrorKind::NotFound, "drop.logins", message).context("login", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ lakeside";

    fn logins() -> (tempfile::TempDir, Logins) {
        let folder = tempfile::tempdir().unwrap();
        let config = DropConfig { folder: folder.path().to_owned(), ..DropConfig::default() };
        let logins = Logins::of(&config);
        (folder, logins)
    }

    #[test]
    fn logins_are_added_renewed_and_removed() {
        let (folder, logins) = logins();
        let other = Logins {
            file: logins.file.clone(),
            folder: logins.folder.clone(),
            read: Mutex::default(),
        };
        let first = logins.add("lakeside", &[KEY.to_owned()], true, false).unwrap().unwrap();
        let login = other.find("lakeside").unwrap().unwrap();
        assert!(password::verify(first.expose(), login.password_hash()));
        assert_eq!(login.fingerprints().len(), 1);
        assert!(folder.path().join("lakeside").is_dir());
        assert!(logins.add("lakeside", &[], true, false).is_err(), "it is there already");
        let second = logins.renew_password("lakeside").unwrap();
        let login = other.find("lakeside").unwrap().unwrap();
        assert!(password::verify(second.expose(), login.password_hash()));
        assert!(!password::verify(first.expose(), login.password_hash()));
        logins.remove("lakeside").unwrap();
        assert!(other.all().unwrap().is_empty());
        assert!(folder.path().join("lakeside").is_dir(), "what was uploaded stays");
    }

    #[test]
    fn names_that_lead_elsewhere_and_keys_that_are_none_are_refused() {
        let (_folder, logins) = logins();
        for name in ["", "..", ".homeroom", "a/b", "a b", "taken", "\u{e9}cole", &"a".repeat(65)] {
            assert!(logins.add(name, &[], true, false).is_err(), "{name}");
        }
        assert!(logins.add("a", &["ssh-rsa x".to_owned()], true, false).is_err());
        assert!(logins.add("a", &[], false, false).is_err());
        assert!(logins.all().unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_hashes_and_uploads() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, logins) = logins();
        logins.add("lakeside", &[], true, false).unwrap();
        for path in [logins.file.clone(), folder.path().join("lakeside")] {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
    }
}
