//! Runs, holds, the audit log and the story of a record.

use super::{
    answers::{Problem, answer, refused},
    districts::Most,
};
use crate::serve::{HoldList, RunView, ServeAudit, Service, Viewer, service::Answer};
use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use roster_sink::AuditEntry;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which holds.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Which {
    /// Also those that are decided or no longer wait.
    all: bool,
}

/// What is told of a record.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Told {
    /// Also its values, for those who are cleared.
    values: bool,
}

/// A decision; who decides is who asks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decide {
    /// Why.
    reason: String,
    /// Hours until the decision expires; 24 where nothing is said.
    #[serde(default)]
    hours: Option<u32>,
    /// What the source sends now is the new normal; needed after five nights in a row.
    #[serde(default)]
    rebaseline: bool,
}

/// Who has done what.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Audit {
    /// What was decided and done with data, newest first.
    #[schema(value_type = Vec<Object>)]
    data: Vec<AuditEntry>,
    /// What was done here, newest first.
    here: Vec<ServeAudit>,
}

fn audit_of(answer: Answer<(Vec<AuditEntry>, Vec<ServeAudit>)>) -> Answer<Audit> {
    answer.map(|(data, here)| Audit { data, here })
}

/// A run with what was wrong in it and why.
#[utoipa::path(get, path = "/api/v1/runs/{run}", params(("run" = String, Path)), responses((status = 200, body = RunView), (status = 404, body = Problem)))]
pub(super) async fn run(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(run): Path<String>,
) -> Response {
    answer(service.run(&viewer, &run).await)
}

/// Holds of all districts, newest first.
#[utoipa::path(get, path = "/api/v1/holds", params(Which), responses((status = 200, body = HoldList), (status = 401, body = Problem)))]
pub(super) async fn holds(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Query(Which { all }): Query<Which>,
) -> Response {
    answer(service.holds(&viewer, None, !all).await)
}

/// Holds of a district, newest first.
#[utoipa::path(get, path = "/api/v1/districts/{district}/holds", params(("district" = String, Path), Which), responses((status = 200, body = HoldList), (status = 403, body = Problem)))]
pub(super) async fn district_holds(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(district): Path<String>,
    Query(Which { all }): Query<Which>,
) -> Response {
    answer(service.holds(&viewer, Some(&district), !all).await)
}

/// A hold.
#[utoipa::path(get, path = "/api/v1/holds/{hold}", params(("hold" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(super) async fn hold(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(hold): Path<String>,
) -> Response {
    answer(service.hold(&viewer, &hold).await)
}

/// The changes that a hold holds back, with the records' values.
#[utoipa::path(get, path = "/api/v1/holds/{hold}/changes.csv", params(("hold" = String, Path)), responses((status = 200, body = String, content_type = "text/csv"), (status = 403, body = Problem)))]
pub(super) async fn hold_changes(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(hold): Path<String>,
) -> Response {
    match service.hold_changes(&viewer, &hold).await {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"changes.csv\""),
            ];
            (headers, bytes).into_response()
        }
        Err(refusal) => refused(&refusal),
    }
}

/// Lets the next night publish what a hold holds back.
#[utoipa::path(post, path = "/api/v1/holds/{hold}/approve", params(("hold" = String, Path)), request_body = Decide, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn approve(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(hold): Path<String>,
    Json(Decide { reason, hours, rebaseline }): Json<Decide>,
) -> Response {
    answer(service.approve(&viewer, &hold, &reason, hours, rebaseline).await)
}

/// Goes on holding back what a hold holds back, without asking.
#[utoipa::path(post, path = "/api/v1/holds/{hold}/discard", params(("hold" = String, Path)), request_body = Decide, responses((status = 200, body = Object), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn discard(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(hold): Path<String>,
    Json(Decide { reason, hours, .. }): Json<Decide>,
) -> Response {
    answer(service.discard(&viewer, &hold, &reason, hours).await)
}

/// Who has done what, with all districts.
#[utoipa::path(get, path = "/api/v1/audit", params(Most), responses((status = 200, body = Audit), (status = 401, body = Problem)))]
pub(super) async fn audit(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Query(Most { most }): Query<Most>,
) -> Response {
    answer(audit_of(service.audit(&viewer, None, most).await))
}

/// Who has done what, with a district.
#[utoipa::path(get, path = "/api/v1/districts/{district}/audit", params(("district" = String, Path), Most), responses((status = 200, body = Audit), (status = 403, body = Problem)))]
pub(super) async fn district_audit(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path(district): Path<String>,
    Query(Most { most }): Query<Most>,
) -> Response {
    answer(audit_of(service.audit(&viewer, Some(&district), most).await))
}

/// Where a record came from, what was decided on it and why.
#[utoipa::path(get, path = "/api/v1/districts/{district}/explain/{table}/{source_id}", params(("district" = String, Path), ("table" = String, Path), ("source_id" = String, Path), Told), responses((status = 200, body = Object), (status = 403, body = Problem)))]
pub(super) async fn explain(
    State(service): State<Service>,
    Extension(viewer): Extension<Viewer>,
    Path((district, table, source_id)): Path<(String, String, String)>,
    Query(Told { values }): Query<Told>,
) -> Response {
    answer(service.explain(&viewer, &district, &table, &source_id, values).await)
}
