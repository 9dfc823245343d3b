//! The server's own keys: made once and kept, for districts pin them.

use crate::{DropConfig, login};
use roster_core::{Error, ErrorKind, Result};
use roster_ssh::fingerprint;
use russh::keys::{
    Algorithm, EcdsaCurve, PrivateKey, decode_secret_key,
    key::safe_rng,
    ssh_key::{
        LineEnding,
        private::{KeypairData, RsaKeypair},
    },
};
use std::{fs, io, path::Path};

/// Bits of the RSA key, which only older clients need.
const RSA_BITS: usize = 3072;

/// The server's keys.
#[derive(Debug)]
pub struct HostKeys {
    pub(crate) modern: Vec<PrivateKey>,
    /// With an RSA key for clients that know no other.
    pub(crate) legacy: Vec<PrivateKey>,
}

impl HostKeys {
    /// Reads the keys, and makes those that are not there yet: Ed25519 and ECDSA, and RSA where older clients are let in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] if a key cannot be read or written.
    pub fn open(config: &DropConfig) -> Result<Self> {
        let folder = config.state_folder();
        let ecdsa = Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 };
        let ed25519 = key(&folder.join("host_ed25519"), &|| {
            PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).ok()
        })?;
        let ecdsa = key(&folder.join("host_ecdsa"), &|| {
            PrivateKey::random(&mut safe_rng(), ecdsa.clone()).ok()
        })?;
        let modern = vec![ed25519, ecdsa];
        let mut legacy = Vec::new();
        if config.legacy_listen.is_some() {
            legacy.clone_from(&modern);
            legacy.push(key(&folder.join("host_rsa"), &rsa)?);
        }
        Ok(Self { modern, legacy })
    }

    /// What to tell districts, so that they can recognize the server: type and fingerprint of each key.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<(String, String)> {
        let keys = if self.legacy.is_empty() { &self.modern } else { &self.legacy };
        keys.iter()
            .map(|it| (it.algorithm().as_str().to_owned(), fingerprint(it.public_key())))
            .collect()
    }
}

fn rsa() -> Option<PrivateKey> {
    let pair = RsaKeypair::random(&mut safe_rng(), RSA_BITS).ok()?;
    PrivateKey::new(KeypairData::Rsa(pair), "").ok()
}

fn key(file: &Path, make: &dyn Fn() -> Option<PrivateKey>) -> Result<PrivateKey> {
    match fs::read_to_string(file) {
        Ok(text) => decode_secret_key(&text, None).map_err(|_| {
            failed("the host key is damaged; restore it, for districts have pinned it", file)
        }),
        Err(it) if it.kind() == io::ErrorKind::NotFound => {
            let unmade = || failed("the host key cannot be made", file);
            let key = make().ok_or_else(unmade)?;
            let text = key.to_openssh(LineEnding::LF).map_err(|_| unmade())?;
            let written = login::private_folder(file.parent().unwrap_or(Path::new(".")))
                .and_then(|()| login::write_private(file, text.as_bytes()));
            written.map_err(|it| failed("the host key cannot be written", file).source(it))?;
            Ok(key)
        }
        Err(it) => Err(failed("the host key cannot be read", file).source(it)),
    }
}

fn failed(message: &str, file: &Path) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "drop.host_key", message).context("file", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let config = DropConfig { folder: folder.path().to_owned(), ..DropConfig::default() };
        let first = HostKeys::open(&config).unwrap().fingerprints();
        assert_eq!(
            first.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(),
            ["ssh-ed25519", "ecdsa-sha2-nistp256"]
        );
        let again = HostKeys::open(&config).unwrap().fingerprints();
        assert_eq!(again, first);
        fs::write(config.state_folder().join("host_ecdsa"), "cut off").unwrap();
        assert!(HostKeys::open(&config).is_err(), "a damaged key is not replaced by another");
    }
}
