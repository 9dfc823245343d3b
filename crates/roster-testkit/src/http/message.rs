//! What comes in and what goes out.

use bytes::Bytes;
use serde_json::Value;
use std::{borrow::Cow, fmt};

/// A request as it came in.  `Debug` shows neither headers nor body.
#[derive(Clone)]
pub struct HttpRequest {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl HttpRequest {
    /// The method, such as `GET`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Path and query, escaped as they came.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path, escaped as it came.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&*self.target, |it| it.0)
    }

    /// The query, escaped as it came; empty where there is none.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        self.target.split_once('?').map_or("", |it| it.1)
    }

    /// The value of a query parameter, unescaped; the first one where it comes more than once.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let mut parameters = self.raw_query().split('&').filter_map(|it| it.split_once('='));
        parameters.find(|it| unescaped(it.0) == name).map(|it| unescaped(it.1).into_owned())
    }

    /// A query parameter that is a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        self.query(name)?.parse().ok()
    }

    /// The value of a header, whatever the case of its name; the first one where it comes more than once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| &*it.1)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body of a form, as text.
    #[must_use]
    pub fn form(&self, name: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body);
        let mut fields = body.split('&').filter_map(|it| it.split_once('='));
        fields.find(|it| unescaped(it.0) == name).map(|it| unescaped(it.1).into_owned())
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// Resolves `%XX` and `+` of a query.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return text.into();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let hex =
            |it: &mut std::str::Bytes<'_>| it.next().and_then(|it| char::from(it).to_digit(16));
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let value = hex(&mut bytes).zip(hex(&mut bytes)).map(|(high, low)| high * 16 + low);
                out.extend(value.and_then(|it| u8::try_from(it).ok()));
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned().into()
}

/// An answer.
#[derive(Clone, Debug)]
pub struct HttpReply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl HttpReply {
    /// An answer of bytes.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// Status 200 with JSON.
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::new(200, "application/json; charset=utf-8", body.to_string())
    }

    /// A web page.
    #[must_use]
    pub fn page(status: u16) -> Self {
        let body = format!("<!DOCTYPE html><html><body><h1>{status}</h1></body></html>");
        Self::new(status, "text/html", body)
    }

    /// A status without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with one header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_request_are_found() {
        let request = HttpRequest {
            method: "GET".to_owned(),
            target: "/a%2Fb/users?limit=10&filter=a%3D%27b+c%27&bad=%4".to_owned(),
            headers: vec![("X-Total-Count".to_owned(), "7".to_owned())],
            body: Bytes::from_static(b"grant_type=client_credentials&scope=a%20b"),
        };
        assert_eq!(request.path(), "/a%2Fb/users");
        assert_eq!(request.number("limit"), Some(10));
        assert_eq!(request.query("filter").as_deref(), Some("a='b c'"));
        assert_eq!(request.query("offset"), None);
        assert_eq!(request.header("x-total-count"), Some("7"));
        assert_eq!(request.form("scope").as_deref(), Some("a b"));
    }
}
