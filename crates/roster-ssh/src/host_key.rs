//! Recognizing a server by its host key: pinned fingerprints and keys, and OpenSSH's file of known hosts.

use crate::SshConfig;
use roster_core::{Error, ErrorKind, Result};
use russh::keys::{
    Algorithm, HashAlg, PublicKey, known_hosts::known_host_keys_path, parse_public_key_base64,
};
use std::fmt;

/// The fingerprint of a key as `ssh-keygen -l` prints it, such as `SHA256:uNiV…`.
#[must_use]
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// Reads a public key as it stands in a file `.pub` or in `authorized_keys` without options.
#[must_use]
pub fn parse_public_key(line: &str) -> Option<PublicKey> {
    let mut words = line.split_whitespace();
    let (name, base64) = (words.next()?, words.next()?);
    let key = parse_public_key_base64(base64).ok()?;
    (key.algorithm().as_str() == name).then_some(key)
}

/// A host key that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pin {
    Fingerprint(String),
    Key(PublicKey),
}

impl Pin {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(hash) = text.strip_prefix("SHA256:") {
            let hash = hash.trim_end_matches('=');
            let base64 = |it: char| it.is_ascii_alphanumeric() || matches!(it, '+' | '/');
            let right = hash.len() == 43 && hash.chars().all(base64);
            return right.then(|| Self::Fingerprint(format!("SHA256:{hash}")));
        }
        parse_public_key(text).map(Self::Key)
    }

    fn fits(&self, key: &PublicKey) -> bool {
        match self {
            Self::Fingerprint(it) => *it == fingerprint(key),
            Self::Key(it) => it.key_data() == key.key_data(),
        }
    }
}

/// The host keys that are trusted for one server.
pub(crate) struct Pins {
    pins: Vec<Pin>,
    address: String,
}

impl fmt::Debug for Pins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pins").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Pins {
    /// Reads what is pinned in the configuration and in the file of known hosts.
    pub(crate) fn read(config: &SshConfig) -> Result<Self> {
        let mut pins: Vec<_> = config.host_keys.iter().filter_map(|it| Pin::parse(it)).collect();
        if let Some(path) = &config.known_hosts {
            let refused = |message: &str| {
                Error::new(ErrorKind::ConfigInvalid, "ssh.known_hosts", message)
                    .context("file", path.display())
            };
            std::fs::metadata(path)
                .map_err(|it| refused("the file of known hosts cannot be read").source(it))?;
            let keys = known_host_keys_path(&config.host, config.port, path).map_err(|it| {
                refused("the file of known hosts has a line that is no key").source(it)
            })?;
            pins.extend(keys.into_iter().map(|(_, key)| Pin::Key(key)));
        }
        Ok(Self { pins, address: format!("{}:{}", config.host, config.port) })
    }

    /// Puts the algorithms of the keys that are known first, so that the server shows a key that can be compared.
    pub(crate) fn order(&self, algorithms: &mut [Algorithm]) {
        let known = |algorithm: &Algorithm| {
            let same = |it: &Pin| match it {
                Pin::Key(key) => kind(&key.algorithm()) == kind(algorithm),
                Pin::Fingerprint(_) => false,
            };
            self.pins.iter().any(same)
        };
        algorithms.sort_by_key(|it| !known(it));
    }

    /// Lets a server pass whose key is trusted.
    pub(crate) fn check(&self, key: &PublicKey) -> Result<()> {
        if self.pins.iter().any(|it| it.fits(key)) {
            return Ok(());
        }
        let message = if self.pins.is_empty() {
            "the server is not known: its host key is not pinned; ask those who run it whether this is its \
             fingerprint, then put it into host_keys"
        } else {
            "the server shows another host key than the one that is pinned: it was set up anew, or somebody stands in \
             between; ask those who run it whether this is its new fingerprint, and only then replace the old one"
        };
        Err(Error::new(ErrorKind::AuthFailed, "ssh.host_key", message)
            .context("server", &self.address)
            .context("algorithm", key.algorithm())
            .context("fingerprint", fingerprint(key)))
    }
}

/// An algorithm without the hash that its signatures are made with.
fn kind(algorithm: &Algorithm) -> Algorithm {
    match algorithm {
        Algorithm::Rsa { .. } => Algorithm::Rsa { hash: None },
        it => it.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    #[test]
    fn pins_are_fingerprints_or_keys() {
        let check =
            |text: &str, expected: bool| assert_eq!(Pin::parse(text).is_some(), expected, "{text}");
        check(KEY, true);
        check(&format!("{KEY} comment"), true);
        check(&fingerprint(&parse_public_key(KEY).unwrap()), true);
        check("SHA256:short", false);
        check("MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", false);
        check(&KEY.replace("ed25519", "rsa"), false);
        check("", false);
    }

    #[test]
    fn other_keys_are_refused_with_what_to_do() {
        let key = parse_public_key(KEY).unwrap();
        let check = |pins: Vec<Pin>, expected: Option<&str>| {
            let pins = Pins { pins, address: "h:22".into() };
            let told = pins.check(&key).err().map(|it| it.to_string());
            match (told, expected) {
                (None, None) => {}
                (Some(told), Some(expected)) => {
                    assert!(told.contains(expected) && told.contains(&fingerprint(&key)), "{told}");
                }
                other => panic!("{other:?}"),
            }
        };
        check(vec![Pin::Key(key.clone())], None);
        check(vec![Pin::Fingerprint(fingerprint(&key))], None);
        check(vec![], Some("not known"));
        check(
            vec![Pin::Fingerprint("SHA256:".to_owned() + &"A".repeat(43))],
            Some("another host key"),
        );
    }
}
