//! The API as an OpenAPI document.

use super::{districts, review};
use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Homeroom", description = "What `homeroom serve` tells and does."),
    modifiers(&Token),
    security(("token" = [])),
    paths(
        districts::health,
        districts::metrics,
        districts::overview,
        districts::district,
        districts::runs,
        districts::schedule,
        districts::run_now,
        districts::pause,
        districts::invite,
        review::explain,
        review::district_holds,
        review::district_audit,
        review::run,
        review::holds,
        review::hold,
        review::hold_changes,
        review::approve,
        review::discard,
        review::audit,
    )
)]
struct Document;

/// Everything but what is public needs a token.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The API as an OpenAPI document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

pub(super) async fn openapi_json() -> Response {
    Json(openapi()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::routes;

    #[test]
    fn every_route_of_the_api_stands_in_the_document() {
        let document = openapi();
        for route in routes().iter().filter(|it| it.path != "/api/v1/openapi.json") {
            let path = document.paths.paths.get(route.path);
            let item = path.unwrap_or_else(|| panic!("{} is missing", route.path));
            let there = match route.method.as_str() {
                "GET" => item.get.is_some(),
                _ => item.post.is_some(),
            };
            assert!(there, "{} {}", route.method, route.path);
        }
        assert_eq!(document.paths.paths.len() + 1, routes().len());
    }
}
