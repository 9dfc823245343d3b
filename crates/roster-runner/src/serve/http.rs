//! Every address that is answered, and what stands before it: who asks, with which right, and headers that protect.

use super::{Right, Service, Viewer, api, service::Refusal};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, RawPathParams, Request, State},
    http::{HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::MethodRouter,
};

/// What an address is about, which a test asks every address for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Everybody may see it.
    Public,
    /// All that the viewer sees.
    Everything,
    /// The district named in its path as `{district}`.
    District,
    /// The run named as `{run}`.
    Run,
    /// The hold named as `{hold}`.
    Hold,
}

/// An address that is answered.
#[derive(Debug)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path, with names in braces.
    pub path: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// The least right that it needs.
    pub right: Right,
    pub(crate) handler: MethodRouter<Service>,
}

/// Every address that is answered.
#[must_use]
pub fn routes() -> Vec<Route> {
    api::routes()
}

/// The most bytes of a request's body.
const MOST_BYTES: usize = 64 * 1024;

/// The server of all routes.
pub fn router(service: &Service) -> Router {
    let mut router = Router::new();
    for route in routes() {
        let mut handler = route.handler;
        if route.subject != Subject::Public {
            let state = (service.clone(), route.right);
            handler = handler.layer(middleware::from_fn_with_state(state, authenticate));
        }
        router = router.route(route.path, handler);
    }
    router
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn(protect))
        .with_state(service.clone())
}

/// Lets in who has a token and the right; the rest sees [`Viewer`] as an extension.
///
/// A district that is named in the path is looked at here already, before anything of the request is read; [`Service`]
/// looks again.
async fn authenticate(
    State((service, right)): State<(Service, Right)>,
    path: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let district = path.iter().find(|it| it.0 == "district").map(|it| it.1);
    match identify(&service, &request) {
        Ok(viewer) if viewer.may(right) && district.is_none_or(|it| viewer.sees(it)) => {
            request.extensions_mut().insert(viewer);
            next.run(request).await
        }
        Ok(_) => api::refused(&Refusal::Forbidden),
        Err(refusal) => api::refused(&refusal),
    }
}

/// Who asks, by the token in the `Authorization` header (RFC 6750).
fn identify(service: &Service, request: &Request<Body>) -> Result<Viewer, Refusal> {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let token = header.and_then(|it| it.split_once(' '));
    let token = token.filter(|it| it.0.eq_ignore_ascii_case("bearer")).map(|it| it.1.trim());
    service.viewer(token.ok_or(Refusal::Unauthenticated)?)
}

/// Headers of every answer: nothing is kept by anybody on the way, framed, guessed at or told to other sites.
const HEADERS: &[(header::HeaderName, &str)] = &[
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action \
         'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await.into_response();
    for (name, value) in HEADERS {
        let headers = response.headers_mut();
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
