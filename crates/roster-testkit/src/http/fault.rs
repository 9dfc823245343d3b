//! What goes wrong between a service and its client.

use super::message::{HttpReply, HttpRequest};
use std::time::Duration;

/// Something that goes wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFault {
    /// Another status, without a body: 401, 403, 413, 500, 502, 503, 504, or 204.
    Status(u16),
    /// Another status, with a web page.
    Page(u16),
    /// Status 429, with a web page, as gateways send it, and with `Retry-After` where that is given.
    TooMany {
        /// Seconds of `Retry-After`.
        retry_after_secs: Option<u64>,
    },
    /// The connection breaks in the middle of the body.
    CutBody,
    /// The body is whole as HTTP, and its second half is missing.
    HalfBody,
    /// The body comes in pieces, with this pause before each of its four quarters.
    SlowBody(Duration),
    /// The body is the right one, under the content type of a web page.
    WrongContentType,
    /// A web page with status 200.
    PageForJson,
    /// The connection breaks before anything is answered.
    NoAnswer,
}

impl HttpFault {
    /// A rule that this happens to every request whose path and query, as they were sent, have `part` in them.
    #[must_use]
    pub fn on(self, part: &str) -> FaultRule {
        FaultRule { fault: self, part: part.to_owned(), after: 0, times: usize::MAX }
    }

    /// The answer, as far as the fault changes what is in it.
    pub(super) fn spoil(self, reply: HttpReply) -> HttpReply {
        match self {
            Self::Status(status) => HttpReply::status(status),
            Self::Page(status) => HttpReply::page(status),
            Self::PageForJson => HttpReply::page(200),
            Self::TooMany { retry_after_secs } => {
                let page = HttpReply::page(429);
                match retry_after_secs {
                    Some(seconds) => page.header("retry-after", seconds),
                    None => page,
                }
            }
            Self::WrongContentType => {
                let mut reply = reply;
                reply.headers.retain(|it| !it.0.eq_ignore_ascii_case("content-type"));
                reply.header("content-type", "text/html; charset=utf-8")
            }
            Self::HalfBody => HttpReply { body: reply.body.slice(..reply.body.len() / 2), ..reply },
            Self::CutBody | Self::SlowBody(_) | Self::NoAnswer => reply,
        }
    }
}

/// To which requests a fault happens.
#[derive(Clone, Debug)]
pub struct FaultRule {
    fault: HttpFault,
    part: String,
    after: usize,
    times: usize,
}

impl FaultRule {
    /// Spares so many requests that fit.
    #[must_use]
    pub fn after(self, after: usize) -> Self {
        Self { after, ..self }
    }

    /// Happens so many times.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// The fault, if it happens to this request; counts down.
    pub(super) fn take(&mut self, request: &HttpRequest) -> Option<HttpFault> {
        if self.times == 0 || !request.target().contains(&self.part) {
            return None;
        }
        if self.after > 0 {
            self.after -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.fault)
    }
}
