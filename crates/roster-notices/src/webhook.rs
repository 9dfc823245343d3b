//! Posting to a webhook, signed.

use crate::{Message, config::WebhookConfig};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use jiff::Timestamp;
use ring::hmac;
use roster_core::{Error, ErrorKind, Result, Retry, RunContext, Secret};
use roster_http::{Client, Outgoing};
use std::fmt::Write as _;

/// Header with the signature: `v1=` and 64 hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "x-homeroom-signature";
/// Header with the time of signing, in seconds since 1970; refuse what is older than five minutes.
pub const TIMESTAMP_HEADER: &str = "x-homeroom-timestamp";

/// The signature of a message: HMAC-SHA256, under the shared secret, of `v1:`, the timestamp, `:` and the body.
#[must_use]
pub fn signature(secret: &Secret<String>, timestamp: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(b"v1:");
    context.update(timestamp.as_bytes());
    context.update(b":");
    context.update(body);
    let mut signature = String::from("v1=");
    for byte in context.sign().as_ref() {
        _ = write!(signature, "{byte:02x}");
    }
    signature
}

pub(crate) async fn post(
    client: &Client,
    webhook: &WebhookConfig,
    message: &Message,
    ctx: &RunContext,
) -> Result<()> {
    let error = |kind, text: &str| Error::new(kind, "notices.webhook", text);
    let address = webhook.url.read()?;
    let url = roster_http::service_url(address.expose())
        .map_err(|_| error(ErrorKind::ConfigInvalid, "the webhook's address is no https URL"))?;
    let body = serde_json::to_vec(message)
        .map_err(|_| error(ErrorKind::Internal, "the message cannot be written as JSON"))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(secret) = &webhook.secret {
        let timestamp = Timestamp::now().as_second().to_string();
        let signature = signature(&secret.read()?, &timestamp, &body);
        let value = |it: &str| HeaderValue::from_str(it);
        let both = value(&timestamp).and_then(|it| Ok((it, value(&signature)?)));
        let (timestamp, signature) =
            both.map_err(|_| error(ErrorKind::Internal, "the signature is no header"))?;
        headers.insert(TIMESTAMP_HEADER, timestamp);
        headers.insert(SIGNATURE_HEADER, signature);
    }
    let operation = "notices.webhook";
    let request =
        Outgoing { operation, method: Method::POST, url: &url, headers, body: Bytes::from(body) };
    let response = client.send(ctx, request).await.map_err(|it| hidden(&it.error))?;
    if response.status.is_success() {
        return Ok(());
    }
    let refused = error(ErrorKind::Unavailable, "the webhook did not take the message");
    Err(refused.context("status", response.status.as_u16()).retry(Retry::Backoff))
}

/// The address is a credential: nothing that may name it is passed on.
fn hidden(error: &Error) -> Error {
    let text = "the webhook cannot be reached";
    Error::new(error.kind(), "notices.webhook", text).retry(error.retry_verdict())
}
