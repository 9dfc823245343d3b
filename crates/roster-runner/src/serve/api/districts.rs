//! Districts, their schedules, and how the program is.

use super::answers::{Problem, answer, refused};
use crate::serve::{DistrictView, Invitation, Overview, RunSummary, Service, UpcomingView, Viewer};
use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How the program is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`, or `stuck` when the schedule is not looked at any more.
    status: &'static str,
    /// The program's version.
    version: &'static str,
}

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Most {
    /// Number at most.
    #[serde(default = "fifty")]
    pub(super) most: usize,
}

fn fifty() -> usize {
    50
}

/// Pauses or resumes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pause {
    /// Whether no night is planned.
    paused: bool,
    /// Why.
    #[serde(default)]
    reason: String,
}

/// Invites.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Invite {
    /// Hours until the link expires.
    #[serde(default = "three_days")]
    hours: u32,
}

fn three_days() -> u32 {
    72
}

/// Whether the program is well.
#[utoipa::path(get, path = "/health", security(()), responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(super) async fn health(State(service): State<Service>) -> Response {
    let version = env!("CARGO_PKG_VERSION");
    if service.engine().is_alive() {
        return Json(Health { status: "ok", version }).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "stuck", version })).into_response()
}

/// Figures for Prometheus, in its text format.
#[utoipa::path(get, path = "/metrics", responses((status = 200, body = String), (status = 403, body = Problem)))]
pub(super) async fn metrics(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
) -> Response {
    match service.metrics(&viewer) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
            .into_response(),
        Err(refusal) => refused(&refusal),
    }
}

/// All districts at a glance, those that need a person first.
#[utoipa::path(get, path = "/api/v1/districts", responses((status = 200, body = Vec<Overview>), (status = 401, body = Problem)))]
pub(super) async fn overview(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
) -> Response {
    answer(service.overview(&viewer))
}

/// A district.
#[utoipa::path(get, path = "/api/v1/districts/{district}", params(("district" = String, Path)), responses((status = 200, body = DistrictView), (status = 403, body = Problem)))]
pub(super) async fn district(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(district): Path<String>,
) -> Response {
    answer(service.district(&viewer, &district))
}

/// The last runs of a district, newest first.
#[utoipa::path(get, path = "/api/v1/districts/{district}/runs", params(("district" = String, Path), Most), responses((status = 200, body = Vec<RunSummary>), (status = 403, body = Problem)))]
pub(super) async fn runs(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(district): Path<String>,
    Query(Most { most }): Query<Most>,
) -> Response {
    answer(service.runs(&viewer, &district, most))
}

/// When a district's nights run, and what became of the last slots.
#[utoipa::path(get, path = "/api/v1/districts/{district}/schedule", params(("district" = String, Path)), responses((status = 200, body = UpcomingView), (status = 403, body = Problem)))]
pub(super) async fn schedule(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(district): Path<String>,
) -> Response {
    answer(service.schedule(&viewer, &district))
}

/// Starts a night as soon as there is a place.
#[utoipa::path(post, path = "/api/v1/districts/{district}/run-now", params(("district" = String, Path)), responses((status = 202), (status = 403, body = Problem)))]
pub(super) async fn run_now(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(district): Path<String>,
) -> Response {
    match service.run_now(&viewer, &district) {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(refusal) => refused(&refusal),
    }
}

/// Pauses a district's nights, or ends the pause.
#[utoipa::path(post, path = "/api/v1/districts/{district}/pause", params(("district" = String, Path)), request_body = Pause, responses((status = 204), (status = 403, body = Problem)))]
pub(super) async fn pause(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(district): Path<String>,
    Json(Pause { paused, reason }): Json<Pause>,
) -> Response {
    match service.pause(&viewer, &district, paused, &reason) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refused(&refusal),
    }
}

/// Makes a one-time link by which a district gives its credentials.
#[utoipa::path(post, path = "/api/v1/districts/{district}/invite", params(("district" = String, Path)), request_body = Invite, responses((status = 200, body = Invitation), (status = 403, body = Problem)))]
pub(super) async fn invite(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(district): Path<String>,
    Json(Invite { hours }): Json<Invite>,
) -> Response {
    answer(service.invite(&viewer, &district, hours))
}
