//! What an answer's status means: the one table for every service.
//!
//! Kinds follow RFC 9110; 429 is RFC 6585, `RateLimit` headers are those that services send in practice.

use crate::Response;
use http::{HeaderMap, StatusCode};
use roster_core::{Error, ErrorKind, Retry};
use std::time::Duration;

/// Why one attempt brought nothing, with what the retry and the paging driver need to know.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// The answer's status, if there was one.
    pub status: Option<StatusCode>,
    /// A smaller page may help: the service said that it is too large, failed on it, or took too long.
    pub smaller_may_help: bool,
}

impl Failure {
    /// A failure that no smaller page mends.
    #[must_use]
    pub fn new(error: Error) -> Self {
        Self { error, status: None, smaller_may_help: false }
    }

    /// The same, where a smaller page may help.
    #[must_use]
    pub fn too_large(error: Error) -> Self {
        Self { error, status: None, smaller_may_help: true }
    }
}

/// The failure that an answer's status tells of; `None` for a success.  `now` is the time since 1970.
#[must_use]
pub fn status_error(
    operation: &'static str,
    response: &Response,
    now: Duration,
) -> Option<Failure> {
    let status = response.status;
    if status.is_success() {
        return None;
    }
    let (kind, message) = meaning(status, response.is_html());
    let retry = match kind {
        ErrorKind::RateLimited | ErrorKind::Unavailable => {
            wait(&response.headers, now).map_or(Retry::Backoff, Retry::After)
        }
        _ => Retry::Never,
    };
    let mut error = Error::new(kind, operation, message)
        .retry(retry)
        .context("status", status.as_u16())
        .context("path", &response.path);
    if let Some(id) = request_id(&response.headers) {
        error = error.context("request_id", id);
    }
    let smaller_may_help = status == StatusCode::PAYLOAD_TOO_LARGE || status.is_server_error();
    Some(Failure { error, status: Some(status), smaller_may_help })
}

fn meaning(status: StatusCode, html: bool) -> (ErrorKind, &'static str) {
    match status.as_u16() {
        401 => (ErrorKind::AuthFailed, "the service refuses the credential; renew it"),
        403 => (
            ErrorKind::PermissionDenied,
            "the service accepts the credential and denies the right; have it granted",
        ),
        404 | 410 if html => (
            ErrorKind::NotFound,
            "the service has no such address, or not for this kind of credential; check the address and the credential",
        ),
        404 | 410 => (
            ErrorKind::NotFound,
            "the service does not have it, or does not share it; check what is shared",
        ),
        408 | 425 => (ErrorKind::Unavailable, "the service asks to try again"),
        413 => (
            ErrorKind::Unsupported,
            "the service does not give so much at once; ask for smaller pages",
        ),
        429 => (ErrorKind::RateLimited, "the service asks for fewer requests"),
        501 | 505 => (ErrorKind::Unsupported, "the service does not support the request"),
        500..=599 => (ErrorKind::Unavailable, "the service failed; it may pass"),
        300..=399 => (
            ErrorKind::SchemaMismatch,
            "the service answers with another address, which is not followed; configure the right one",
        ),
        _ => (
            ErrorKind::SchemaMismatch,
            "the service does not accept the request; check address and version",
        ),
    }
}

/// An id of the request at the service, for its support; only what looks like an id.
fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = ["x-request-id", "clever-request-id"].iter().find_map(|it| headers.get(*it))?;
    let id = id.to_str().ok()?;
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '-';
    (id.len() <= 64 && id.chars().all(plain)).then_some(id)
}

/// How long the service asks to wait: `Retry-After` (RFC 9110, section 10.2.3), else when its rate limit starts anew.
fn wait(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    retry_after(headers, now).or_else(|| {
        let exhausted = remaining(headers).is_none_or(|it| it == 0);
        exhausted.then(|| reset(headers, now)).flatten()
    })
}

fn text<'a>(headers: &'a HeaderMap, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|it| headers.get(*it)?.to_str().ok()).map(str::trim)
}

fn retry_after(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    let text = text(headers, &["retry-after"])?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Duration::try_from(date.timestamp().as_duration()).ok()?.saturating_sub(now))
}

/// Requests that are left in the service's current window.
pub(crate) fn remaining(headers: &HeaderMap) -> Option<u64> {
    text(headers, &["x-ratelimit-remaining", "ratelimit-remaining"])?.parse().ok()
}

/// Time until the window starts anew: seconds, or a moment in seconds since 1970 as Clever and many others send it.
pub(crate) fn reset(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    /// Anything later than 2001 is a moment, anything else a time span.
    const MOMENT: u64 = 1_000_000_000;
    let seconds = text(headers, &["x-ratelimit-reset", "ratelimit-reset"])?.parse().ok()?;
    Some(match seconds {
        MOMENT.. => Duration::from_secs(seconds).saturating_sub(now),
        _ => Duration::from_secs(seconds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorKind::{
        AuthFailed, NotFound, PermissionDenied, RateLimited, SchemaMismatch, Unavailable,
        Unsupported,
    };

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> Response {
        let mut response = Response::test(status, b"CANARY");
        for (name, value) in headers {
            response.headers.insert(*name, value.parse().unwrap());
        }
        response
    }

    #[test]
    fn every_status_has_a_kind_and_a_verdict() {
        let check = |status, kind, again| {
            let failure = status_error("test", &answer(status, &[]), NOW).unwrap();
            let verdict = failure.error.retry_verdict();
            assert_eq!(
                (failure.error.kind(), verdict == Retry::Backoff),
                (kind, again),
                "{status}"
            );
            assert!(!format!("{failure:?}").contains("CANARY"));
        };
        check(301, SchemaMismatch, false);
        check(400, SchemaMismatch, false);
        check(401, AuthFailed, false);
        check(403, PermissionDenied, false);
        check(404, NotFound, false);
        check(408, Unavailable, true);
        check(413, Unsupported, false);
        check(422, SchemaMismatch, false);
        check(429, RateLimited, true);
        check(500, Unavailable, true);
        check(501, Unsupported, false);
        check(502, Unavailable, true);
        check(503, Unavailable, true);
        check(504, Unavailable, true);
        check(529, Unavailable, true);
        assert!(status_error("test", &answer(200, &[]), NOW).is_none());
    }

    #[test]
    fn waits_as_long_as_the_service_asks() {
        let check = |headers: &[(&'static str, &str)], expected: Option<u64>| {
            let failure = status_error("test", &answer(429, headers), NOW).unwrap();
            let expected =
                expected.map_or(Retry::Backoff, |it| Retry::After(Duration::from_secs(it)));
            assert_eq!(failure.error.retry_verdict(), expected, "{headers:?}");
        };
        check(&[], None);
        check(&[("retry-after", "7")], Some(7));
        check(&[("retry-after", "Tue, 14 Nov 2023 22:13:30 GMT")], Some(10));
        check(&[("retry-after", "soon")], None);
        check(&[("x-ratelimit-reset", "1700000052")], Some(52));
        check(&[("x-ratelimit-reset", "30")], Some(30));
        check(&[("x-ratelimit-reset", "1700000052"), ("x-ratelimit-remaining", "0")], Some(52));
        check(&[("x-ratelimit-reset", "1700000052"), ("x-ratelimit-remaining", "5")], None);
        check(&[("retry-after", "3"), ("x-ratelimit-reset", "1700000052")], Some(3));
    }
}
