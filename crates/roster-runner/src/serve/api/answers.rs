//! How answers and refusals are written.

use crate::serve::service::{Answer, Refusal};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// The status again.
    pub(super) status: u16,
    /// The kind of problem in words.
    pub(super) title: &'static str,
    /// What was found, what was expected and what to do.
    pub(super) detail: String,
}

/// An answer as JSON, or the refusal.
pub(super) fn answer<T: Serialize>(result: Answer<T>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

/// A refusal.
pub(crate) fn refused(refusal: &Refusal) -> Response {
    let (status, title) = match refusal {
        Refusal::Unauthenticated => (StatusCode::UNAUTHORIZED, "not signed in"),
        Refusal::Forbidden => (StatusCode::FORBIDDEN, "not allowed"),
        Refusal::NotFound(_) => (StatusCode::NOT_FOUND, "not found"),
        Refusal::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not possible"),
        Refusal::Conflict(_) => (StatusCode::CONFLICT, "no longer possible"),
        Refusal::Failed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
    };
    if let Refusal::Failed(error) = refusal {
        tracing::error!(%error, "a request could not be answered");
    }
    let problem = Problem { status: status.as_u16(), title, detail: refusal.to_string() };
    let mut response = (status, Json(problem)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
