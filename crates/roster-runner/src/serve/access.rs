//! Who may do what, for which districts, until when.

use super::config::AccessConfig;
use jiff::Timestamp;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use roster_core::{Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
};

/// What somebody may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See states, counts, findings and holds, without values.
    Viewer,
    /// Also decide on holds, run and pause nights, and invite.
    Operator,
    /// Also see the values of records.
    PrivacyCleared,
    /// Everything.
    Administrator,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See states, counts, findings and holds, without values.
    See,
    /// Decide on holds, run and pause nights, invite.
    Act,
    /// See the values of records.
    Values,
    /// Manage who gets in.
    Manage,
}

impl Role {
    /// Whether it has a right.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        match right {
            Right::See => true,
            Right::Act => self != Self::Viewer,
            Right::Values => matches!(self, Self::PrivacyCleared | Self::Administrator),
            Right::Manage => self == Self::Administrator,
        }
    }
}

/// Somebody who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Who, for the audit log.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// For which districts; `None`: for all.
    pub districts: Option<BTreeSet<String>>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
}

impl Viewer {
    /// Whether a district is theirs to see.
    #[must_use]
    pub fn sees(&self, district: &str) -> bool {
        self.districts.as_ref().is_none_or(|it| it.contains(district))
    }

    /// Whether they have a right, for any district.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.role.may(right)
    }
}

/// Those who get in with a token.
pub struct Access(Vec<([u8; SHA256_OUTPUT_LEN], Viewer)>);

/// Shorter tokens can be guessed.
const LEAST_CHARACTERS: usize = 32;

impl Access {
    /// Reads every token; only its digest is kept.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] for a token that is not there, or so short that it can be guessed.
    pub fn load(configs: &[AccessConfig]) -> Result<Self> {
        let one = |it: &AccessConfig| {
            let token = it.token.read().map_err(|err| err.context("access", &it.name))?;
            if token.expose().len() < LEAST_CHARACTERS {
                let message = "the token has less than 32 characters; make one that nobody guesses";
                let error = Error::new(ErrorKind::ConfigInvalid, "serve.access", message);
                return Err(error.context("access", &it.name));
            }
            Ok((fingerprint(token.expose()), viewer(it)))
        };
        configs.iter().map(one).collect::<Result<_>>().map(Self)
    }

    /// Whose token it is, unless it has expired.
    #[must_use]
    pub fn viewer(&self, token: &str, now: Timestamp) -> Option<Viewer> {
        let given = fingerprint(token);
        let known = self.0.iter().find(|it| it.0 == given).map(|it| &it.1)?;
        let valid = known.expires_at.is_none_or(|it| now < it);
        valid.then(|| known.clone())
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|it| &it.1.name)).finish()
    }
}

fn viewer(config: &AccessConfig) -> Viewer {
    Viewer {
        name: config.name.clone(),
        role: config.role,
        districts: config.districts.clone().map(|it| it.into_iter().collect()),
        expires_at: config.expires.as_deref().and_then(|it| it.parse().ok()),
    }
}

/// What is kept of a token.  Digests are compared, so how long that takes tells nothing of the token.
pub(crate) fn fingerprint(token: &str) -> [u8; SHA256_OUTPUT_LEN] {
    let digest = digest(&SHA256, token.as_bytes());
    let mut fingerprint = [0; SHA256_OUTPUT_LEN];
    fingerprint.copy_from_slice(digest.as_ref());
    fingerprint
}

/// The same as text.
pub(crate) fn fingerprint_text(token: &str) -> String {
    hexadecimal(&fingerprint(token))
}

/// A new token that nobody guesses: 256 bits as 64 hexadecimal digits.
///
/// # Errors
///
/// When the system gives no random numbers.
pub(crate) fn new_token() -> Result<String> {
    let mut bytes = [0_u8; 32];
    let random = ring::rand::SystemRandom::new();
    ring::rand::SecureRandom::fill(&random, &mut bytes).map_err(|_| {
        Error::new(ErrorKind::Unavailable, "serve.token", "the system gives no random numbers")
    })?;
    Ok(hexadecimal(&bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_rights_in_steps() {
        let check = |role: Role, expected: &[bool; 4]| {
            let rights = [Right::See, Right::Act, Right::Values, Right::Manage];
            assert_eq!(&rights.map(|it| role.may(it)), expected, "{role:?}");
        };
        check(Role::Viewer, &[true, false, false, false]);
        check(Role::Operator, &[true, true, false, false]);
        check(Role::PrivacyCleared, &[true, true, true, false]);
        check(Role::Administrator, &[true, true, true, true]);
    }

    #[test]
    fn tokens_are_new_each_time() {
        let tokens = [new_token().unwrap(), new_token().unwrap()];
        assert!(tokens[0] != tokens[1] && tokens.iter().all(|it| it.len() == 64));
    }
}
