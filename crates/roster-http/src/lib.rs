//! What connectors of web APIs share: client, authorization, the one status table, retries, rate limits and paging.
//!
//! A connector makes an [`Api`]: one service at one origin, with an [`Authorize`] and a [`RateLimiter`].  [`Api::get`]
//! fetches and decodes one document, [`Api::pages`] a list of them.  Both try again what may pass, wait as the service
//! asks, and end soon when the run is cancelled.  Nothing is ever sent to another origin, redirects are not followed,
//! and no body, credential or query reaches an error or a log.

mod api;
mod auth;
mod client;
mod clock;
mod config;
mod oauth2;
mod paged;
mod rate;
mod retry;
mod status;

pub use crate::{
    api::{Api, Reply},
    auth::{Authorization, Authorize, Basic, Bearer, Target},
    client::{Client, Outgoing, Response},
    clock::{Clock, SystemClock, TestClock},
    config::{ClientConfig, service_url},
    oauth2::{ClientAuthentication, ClientCredentials, TokenEndpoint},
    paged::{Decode, Next, Page, PageSize, Pages, Paging},
    rate::{Permit, Rate, RateLimiter},
    retry::RetryPolicy,
    status::{Failure, status_error},
};
