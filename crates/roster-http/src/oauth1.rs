//! OAuth 1.0a for two parties (RFC 5849): every request is signed with the consumer's secret and no token.
//!
//! `HMAC-SHA1` is the RFC's own method; `HMAC-SHA256` is what the security framework of 1EdTech adds, signed the same
//! way.

use crate::{Authorization, Authorize, Clock, Target};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    hmac,
    rand::{SecureRandom as _, SystemRandom},
};
use roster_core::{Error, ErrorKind, Result, RunContext, Secret};
use std::{fmt::Write as _, sync::Arc};
use url::Url;

/// How a request is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureMethod {
    /// `HMAC-SHA256`.
    #[default]
    HmacSha256,
    /// `HMAC-SHA1`.
    HmacSha1,
}

impl SignatureMethod {
    fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha1 => "HMAC-SHA1",
        }
    }

    fn algorithm(self) -> hmac::Algorithm {
        match self {
            Self::HmacSha256 => hmac::HMAC_SHA256,
            Self::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        }
    }
}

/// Signs requests with a consumer's key and secret.  `Debug` hides the secret.
#[derive(Debug)]
pub struct OAuth1 {
    consumer_key: String,
    consumer_secret: Secret<String>,
    method: SignatureMethod,
    clock: Arc<dyn Clock>,
}

impl OAuth1 {
    /// Signs by the time of `clock`: services refuse timestamps that are minutes off.
    #[must_use]
    pub fn new(
        consumer_key: String,
        consumer_secret: Secret<String>,
        method: SignatureMethod,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { consumer_key, consumer_secret, method, clock }
    }

    /// The header for one request, with the parameters given.
    fn sign(&self, target: Target<'_>, timestamp: u64, nonce: &str) -> Result<Authorization> {
        let timestamp = timestamp.to_string();
        let own = [
            ("oauth_consumer_key", &*self.consumer_key),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", self.method.name()),
            ("oauth_timestamp", &*timestamp),
            ("oauth_version", "1.0"),
        ];
        let base = base_string(target.method.as_str(), target.url, &own);
        // The part behind `&` is the secret of a token, which two parties do not have.
        let key = format!("{}&", encoded(self.consumer_secret.expose()));
        let key = hmac::Key::new(self.method.algorithm(), key.as_bytes());
        let signature = STANDARD.encode(hmac::sign(&key, base.as_bytes()));
        let mut header = "OAuth ".to_owned();
        for (name, value) in own.iter().chain([&("oauth_signature", &*signature)]) {
            let separator = if header.ends_with(' ') { "" } else { ", " };
            // Writing to a string cannot fail.
            _ = write!(header, "{separator}{name}=\"{}\"", encoded(value));
        }
        Authorization::new(&header)
    }
}

#[async_trait]
impl Authorize for OAuth1 {
    async fn authorize(&self, _: &RunContext, target: Target<'_>) -> Result<Authorization> {
        let mut random = [0; 16];
        SystemRandom::new().fill(&mut random).map_err(|_| {
            let message = "the system gives no random bytes to sign requests with";
            Error::new(ErrorKind::Unavailable, "http.authorize", message)
        })?;
        let nonce = random.iter().fold(String::new(), |nonce, it| nonce + &format!("{it:02x}"));
        self.sign(target, self.clock.now().as_secs(), &nonce)
    }

    async fn refused(&self, _: &RunContext, _: &Authorization) -> Result<bool> {
        Ok(false)
    }
}

/// What is signed (RFC 5849, section 3.4.1): method, address without query, and all parameters, sorted.
fn base_string(method: &str, url: &Url, own: &[(&str, &str)]) -> String {
    // A query is read as a form, so that `+` is a space and both ways to escape one give the same signature.
    let pairs = url.query_pairs().map(|(name, value)| (encoded(&name), encoded(&value)));
    let own = own.iter().map(|(name, value)| (encoded(name), encoded(value)));
    let mut parameters: Vec<_> = pairs.chain(own).collect();
    parameters.sort();
    let parameters: Vec<_> =
        parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut address = url.clone();
    address.set_query(None);
    address.set_fragment(None);
    let parts = [method, address.as_str(), &parameters.join("&")].map(encoded);
    parts.join("&")
}

/// Percent-encoding of RFC 5849, section 3.6: everything but letters, digits and `-._~`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;
    use serde::Deserialize;

    /// Made with Python's oauthlib; the key and secret are those of the RFC's example.
    #[derive(Deserialize)]
    #[allow(clippy::struct_field_names, reason = "the names are the file's")]
    struct Vectors {
        consumer_key: String,
        consumer_secret: String,
        timestamp: String,
        nonce: String,
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        url: String,
        hmac_sha1: String,
        hmac_sha256: String,
        base_string_sha256: String,
    }

    fn signer(vectors: &Vectors, method: SignatureMethod) -> OAuth1 {
        let secret = Secret::new(vectors.consumer_secret.clone());
        let clock = Arc::new(crate::SystemClock);
        OAuth1::new(vectors.consumer_key.clone(), secret, method, clock)
    }

    #[test]
    fn signatures_are_those_of_another_library() {
        let text = include_str!("../tests/data/oauth1.json");
        let vectors: Vectors = serde_json::from_str(text).unwrap();
        let timestamp = vectors.timestamp.parse().unwrap();
        for vector in &vectors.vectors {
            let url = Url::parse(&vector.url).unwrap();
            let target = Target { method: &Method::GET, url: &url };
            for (method, expected) in [
                (SignatureMethod::HmacSha1, &vector.hmac_sha1),
                (SignatureMethod::HmacSha256, &vector.hmac_sha256),
            ] {
                let header = signer(&vectors, method).sign(target, timestamp, &vectors.nonce);
                let header = header.unwrap().header().to_str().unwrap().to_owned();
                let signature = format!("oauth_signature=\"{}\"", encoded(expected));
                assert!(header.contains(&signature), "{}: {header}", vector.url);
            }
            let own = [
                ("oauth_consumer_key", &*vectors.consumer_key),
                ("oauth_nonce", &*vectors.nonce),
                ("oauth_signature_method", "HMAC-SHA256"),
                ("oauth_timestamp", &*vectors.timestamp),
                ("oauth_version", "1.0"),
            ];
            assert_eq!(base_string("GET", &url, &own), vector.base_string_sha256);
        }
        assert!(vectors.vectors.len() >= 10);
    }

    #[tokio::test]
    async fn every_request_has_its_own_nonce_and_the_secret_is_never_shown() {
        let clock = Arc::new(crate::TestClock::at(1_000));
        let secret = Secret::new("CANARY".to_owned());
        let signer = OAuth1::new("key".to_owned(), secret, SignatureMethod::default(), clock);
        let url = Url::parse("https://example.org/users").unwrap();
        let target = Target { method: &Method::GET, url: &url };
        let ctx = RunContext::detached();
        let one = signer.authorize(&ctx, target).await.unwrap();
        assert_ne!(one, signer.authorize(&ctx, target).await.unwrap());
        assert!(one.header().to_str().unwrap().contains("oauth_timestamp=\"1000\""));
        let shown = format!("{signer:?} {one:?}");
        assert!(!shown.contains("CANARY") && !shown.contains("oauth_"), "{shown}");
    }
}
