//! Sealing and opening of one file.

use age::{Decryptor, Encryptor, Identity, Recipient, x25519};
use roster_core::{Error, ErrorKind, Result, Secret};
use std::{
    io::{Read as _, Write as _},
    iter,
};
use zeroize::Zeroizing;

pub(crate) fn seal(text: &str, identity: &x25519::Identity) -> Result<Vec<u8>> {
    let broken =
        || Error::new(ErrorKind::Internal, "vault.seal", "the credential cannot be sealed");
    let recipient = identity.to_public();
    let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn Recipient));
    let mut sealed = Vec::new();
    let mut writer = encryptor
        .map_err(|err| broken().source(err))?
        .wrap_output(&mut sealed)
        .map_err(|err| broken().source(err))?;
    writer.write_all(text.as_bytes()).map_err(|err| broken().source(err))?;
    writer.finish().map_err(|err| broken().source(err))?;
    Ok(sealed)
}

pub(crate) fn open(sealed: &[u8], identities: &[x25519::Identity]) -> Result<Secret<String>> {
    let error = |kind, message| Error::new(kind, "vault.open", message);
    let damaged = || error(ErrorKind::Damaged, "the sealed credential is damaged; put it in again");
    let decryptor = Decryptor::new(sealed).map_err(|_| damaged())?;
    let opened = decryptor.decrypt(identities.iter().map(|it| it as &dyn Identity));
    let mut reader = opened.map_err(|_| {
        let message = "the vault's key does not open the credential; put the key back with which it was sealed";
        error(ErrorKind::ConfigInvalid, message)
    })?;
    let mut text = Zeroizing::new(String::new());
    reader.read_to_string(&mut text).map_err(|_| damaged())?;
    Ok(Secret::new(text.to_string()))
}
