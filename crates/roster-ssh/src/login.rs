//! Logging in: with a private key, with a password, or by answering the question for a password.

use crate::{SshConfig, connection::Client, error};
use roster_core::{Error, ErrorKind, Result, Secret};
use roster_credentials::CredentialPlace;
use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle, KeyboardInteractiveAuthResponse},
    keys::{self, Algorithm, HashAlg, PrivateKey, PrivateKeyWithHashAlg, load_secret_key},
};
use std::{fmt, path::Path, sync::Arc};

const OPERATION: &str = "ssh.login";

/// How often a server may ask before it is taken for one that asks for ever.
const MOST_QUESTIONS: usize = 5;

/// What is needed to log in, read before the server is called.
pub(crate) struct Credentials {
    username: String,
    /// Overwrites itself when it is dropped.
    key: Option<Arc<PrivateKey>>,
    password: Option<Secret<String>>,
    sha1: bool,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads the key and the secrets.
    pub(crate) fn read(config: &SshConfig) -> Result<Self> {
        let passphrase = config.key_passphrase.as_ref().map(CredentialPlace::read).transpose()?;
        let key =
            config.key_file.as_deref().map(|it| read_key(it, passphrase.as_ref())).transpose()?;
        Ok(Self {
            username: config.username.clone(),
            key: key.map(Arc::new),
            password: config.password.as_ref().map(CredentialPlace::read).transpose()?,
            sha1: config.legacy_algorithms.contains(&crate::LegacyAlgorithm::SshRsa),
        })
    }

    /// Tries what there is, the key first.
    pub(crate) async fn log_in(&self, handle: &mut Handle<Client>) -> Result<()> {
        let mut offered = None;
        if let Some(key) = &self.key {
            match self.with_key(handle, key).await? {
                AuthResult::Success => return Ok(()),
                AuthResult::Failure { remaining_methods, .. } => offered = Some(remaining_methods),
            }
        }
        if let Some(password) = &self.password {
            match self.with_password(handle, password).await? {
                AuthResult::Success => return Ok(()),
                AuthResult::Failure { remaining_methods, .. } => offered = Some(remaining_methods),
            }
        }
        Err(self.refused(offered.as_ref()))
    }

    async fn with_key(
        &self,
        handle: &mut Handle<Client>,
        key: &Arc<PrivateKey>,
    ) -> Result<AuthResult> {
        let hash = self.hash(handle, key).await?;
        let key = PrivateKeyWithHashAlg::new(key.clone(), hash);
        let outcome = handle.authenticate_publickey(&self.username, key).await;
        outcome.map_err(|it| error::ssh(OPERATION, it))
    }

    /// The hash that an RSA key signs with: the best that the server takes, SHA-1 only where that is allowed.
    async fn hash(&self, handle: &Handle<Client>, key: &PrivateKey) -> Result<Option<HashAlg>> {
        if !matches!(key.algorithm(), Algorithm::Rsa { .. }) {
            return Ok(None);
        }
        let best = handle.best_supported_rsa_hash().await;
        match best.map_err(|it| error::ssh(OPERATION, it))? {
            Some(Some(hash)) => Ok(Some(hash)),
            _ if self.sha1 => Ok(None),
            _ => Ok(Some(HashAlg::Sha256)),
        }
    }

    async fn with_password(
        &self,
        handle: &mut Handle<Client>,
        password: &Secret<String>,
    ) -> Result<AuthResult> {
        let outcome = handle.authenticate_password(&self.username, password.expose()).await;
        match outcome.map_err(|it| error::ssh(OPERATION, it))? {
            AuthResult::Failure { remaining_methods, .. }
                if remaining_methods.contains(&MethodKind::KeyboardInteractive) =>
            {
                self.by_answering(handle, password).await
            }
            other => Ok(other),
        }
    }

    /// Some servers take no password but ask for one (RFC 4256).
    async fn by_answering(
        &self,
        handle: &mut Handle<Client>,
        password: &Secret<String>,
    ) -> Result<AuthResult> {
        let failed = |it| error::ssh(OPERATION, it);
        let start = handle.authenticate_keyboard_interactive_start(&self.username, None);
        let mut asked = start.await.map_err(failed)?;
        for _ in 0..MOST_QUESTIONS {
            let prompts = match asked {
                KeyboardInteractiveAuthResponse::Success => return Ok(AuthResult::Success),
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success } => {
                    return Ok(AuthResult::Failure { remaining_methods, partial_success });
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
            };
            // What is typed unseen is a password; to anything else there is no answer.
            let answer = |echo: bool| if echo { String::new() } else { password.expose().clone() };
            let answers = prompts.into_iter().map(|it| answer(it.echo)).collect();
            asked =
                handle.authenticate_keyboard_interactive_respond(answers).await.map_err(failed)?;
        }
        Ok(AuthResult::Failure { remaining_methods: MethodSet::empty(), partial_success: false })
    }

    fn refused(&self, offered: Option<&MethodSet>) -> Error {
        let message = "the server refused the login; check the username, and the password or whether the server has the \
                       public key";
        let names = |it: &MethodSet| it.iter().map(<&str>::from).collect::<Vec<_>>().join(",");
        Error::new(ErrorKind::AuthFailed, OPERATION, message)
            .context("username", &self.username)
            .context("server_accepts", offered.map(names).unwrap_or_default())
    }
}

fn read_key(path: &Path, passphrase: Option<&Secret<String>>) -> Result<PrivateKey> {
    load_secret_key(path, passphrase.map(|it| it.expose().as_str())).map_err(|it| {
        let message = match &it {
            keys::Error::KeyIsEncrypted => "the private key has a passphrase; give it in key_passphrase",
            keys::Error::IO(_) => "the file of the private key cannot be read",
            _ if passphrase.is_some() => "the private key cannot be read; the passphrase may be wrong",
            _ => "the file holds no private key that can be read; OpenSSH's format is understood, PuTTY's is not",
        };
        Error::new(ErrorKind::ConfigInvalid, "ssh.key", message).context("file", path.display())
    })
}
