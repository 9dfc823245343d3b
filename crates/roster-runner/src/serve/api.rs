//! The JSON API: each answer is what [`Service`] gives, each refusal a problem document (RFC 9457).

mod answers;
mod districts;
mod document;
mod review;

pub(crate) use answers::refused;
pub use document::openapi;

use super::{
    Right, Service,
    http::{Route, Subject},
};
use axum::{
    http::Method,
    routing::{MethodRouter, get, post},
};

/// Every address of the API.
pub(super) fn routes() -> Vec<Route> {
    let read = |path, subject, handler| route(Method::GET, path, subject, Right::See, handler);
    let act = |path, subject, handler| route(Method::POST, path, subject, Right::Act, handler);
    vec![
        read("/health", Subject::Public, get(districts::health)),
        read("/api/v1/openapi.json", Subject::Public, get(document::openapi_json)),
        read("/metrics", Subject::Everything, get(districts::metrics)),
        read("/api/v1/districts", Subject::Everything, get(districts::overview)),
        read("/api/v1/districts/{district}", Subject::District, get(districts::district)),
        read("/api/v1/districts/{district}/runs", Subject::District, get(districts::runs)),
        read("/api/v1/districts/{district}/schedule", Subject::District, get(districts::schedule)),
        act("/api/v1/districts/{district}/run-now", Subject::District, post(districts::run_now)),
        act("/api/v1/districts/{district}/pause", Subject::District, post(districts::pause)),
        act("/api/v1/districts/{district}/invite", Subject::District, post(districts::invite)),
        read(
            "/api/v1/districts/{district}/explain/{table}/{source_id}",
            Subject::District,
            get(review::explain),
        ),
        read("/api/v1/districts/{district}/holds", Subject::District, get(review::district_holds)),
        read("/api/v1/districts/{district}/audit", Subject::District, get(review::district_audit)),
        read("/api/v1/runs/{run}", Subject::Run, get(review::run)),
        read("/api/v1/holds", Subject::Everything, get(review::holds)),
        read("/api/v1/holds/{hold}", Subject::Hold, get(review::hold)),
        route(
            Method::GET,
            "/api/v1/holds/{hold}/changes.csv",
            Subject::Hold,
            Right::Values,
            get(review::hold_changes),
        ),
        act("/api/v1/holds/{hold}/approve", Subject::Hold, post(review::approve)),
        act("/api/v1/holds/{hold}/discard", Subject::Hold, post(review::discard)),
        read("/api/v1/audit", Subject::Everything, get(review::audit)),
    ]
}

fn route(
    method: Method,
    path: &'static str,
    subject: Subject,
    right: Right,
    handler: MethodRouter<Service>,
) -> Route {
    Route { method, path, subject, right, handler }
}
