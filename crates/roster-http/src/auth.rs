//! How requests are authorized.  [`Authorize`] is the seam; `oauth2` and others implement it beside the two here.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Method};
use roster_core::{Error, ErrorKind, Result, RunContext, Secret};
use std::fmt;
use url::Url;

/// The value of an `Authorization` header.  `Debug` hides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization(HeaderValue);

impl Authorization {
    /// Such as `Bearer x`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when it has characters that no header may have.
    pub fn new(text: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(text).map_err(|_| {
            let message = "the credential has characters that cannot be sent; copy it anew";
            Error::new(ErrorKind::ConfigInvalid, "http.authorize", message)
        })?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// The header's value, marked as sensitive.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// What a request asks for, for schemes that sign it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Method.
    pub method: &'a Method,
    /// Address with its query.
    pub url: &'a Url,
}

/// Authorizes requests to one service.
#[async_trait]
pub trait Authorize: fmt::Debug + Send + Sync + 'static {
    /// The header for one request; may fetch or renew a token first.
    async fn authorize(&self, ctx: &RunContext, target: Target<'_>) -> Result<Authorization>;

    /// Told that the service refused a request (401) that carried this header.
    ///
    /// True when the next call of [`Authorize::authorize`] gives another credential, so that the request is worth one
    /// more attempt.
    async fn refused(&self, ctx: &RunContext, used: &Authorization) -> Result<bool>;
}

/// A token that never changes (RFC 6750).
#[derive(Debug)]
pub struct Bearer(Authorization);

impl Bearer {
    /// From the token alone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when no header may hold it.
    pub fn new(token: &Secret<String>) -> Result<Self> {
        Authorization::new(&format!("Bearer {}", token.expose())).map(Self)
    }
}

/// Name and password (RFC 7617).
#[derive(Debug)]
pub struct Basic(Authorization);

impl Basic {
    /// From both.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when the name has a colon.
    pub fn new(user: &str, password: &Secret<String>) -> Result<Self> {
        if user.contains(':') {
            let message = "a name for Basic authorization has no colon; check it";
            return Err(Error::new(ErrorKind::ConfigInvalid, "http.authorize", message));
        }
        let both = STANDARD.encode(format!("{user}:{}", password.expose()));
        Authorization::new(&format!("Basic {both}")).map(Self)
    }
}

#[async_trait]
impl Authorize for Bearer {
    async fn authorize(&self, _: &RunContext, _: Target<'_>) -> Result<Authorization> {
        Ok(self.0.clone())
    }

    async fn refused(&self, _: &RunContext, _: &Authorization) -> Result<bool> {
        Ok(false)
    }
}

#[async_trait]
impl Authorize for Basic {
    async fn authorize(&self, _: &RunContext, _: Target<'_>) -> Result<Authorization> {
        Ok(self.0.clone())
    }

    async fn refused(&self, _: &RunContext, _: &Authorization) -> Result<bool> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn headers_are_as_the_standards_write_them_and_never_shown() {
        let url = Url::parse("https://example.org/").unwrap();
        let ctx = RunContext::detached();
        let check = async |auth: &dyn Authorize, expected: &str| {
            let target = Target { method: &Method::GET, url: &url };
            let header = auth.authorize(&ctx, target).await.unwrap();
            assert_eq!(header.header().to_str().unwrap(), expected);
            let shown = format!("{auth:?} {header:?}");
            assert!(!shown.contains("CANARY") && !shown.contains("QWxh"), "{shown}");
            assert!(!auth.refused(&ctx, &header).await.unwrap());
        };
        check(&Bearer::new(&Secret::new("CANARY".into())).unwrap(), "Bearer CANARY").await;
        // RFC 7617, section 2.
        let password = Secret::new("open sesame".into());
        let basic = Basic::new("Aladdin", &password).unwrap();
        check(&basic, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").await;
        assert!(Basic::new("a:b", &password).is_err());
        assert!(Bearer::new(&Secret::new("a\nb".into())).is_err());
    }
}
