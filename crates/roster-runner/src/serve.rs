//! `homeroom serve`: runs every district's night at its hour, tells people, and answers on HTTP.
//!
//! - [`Engine`] starts nights as a [`roster_schedule::Scheduler`] says, watches them, and accounts for every slot.
//! - [`Service`] is what people and programs may ask and do, each under a [`Viewer`]: the JSON API and the pages call it
//!   and nothing beneath it, so that roles and districts are looked at in one place.
//! - [`routes`] lists every address that is answered, with the right that it needs; [`router`] makes the server of them.
//! - `ControlStore` remembers what no sink does: which slots are accounted for, invitations, notices that were sent.

mod access;
mod api;
mod board;
mod config;
mod engine;
mod http;
mod live;
mod metrics;
mod notices;
mod server;
mod service;
mod sinks;
mod store;
mod summary;
#[cfg(feature = "drop")]
mod uploads;

pub use access::{Access, Right, Role, Viewer};
pub use api::openapi;
pub use board::Standing;
pub use config::{AccessConfig, ServeConfig, ServeSettings};
pub use engine::Engine;
pub use http::{Route, Subject, router, routes};
pub use live::LiveProgress;
pub use server::run;
pub use service::{
    DistrictView, HoldList, Invitation, NightView, Overview, Refusal, RunView, Service,
    UpcomingView,
};
pub use store::{ControlStore, ServeAudit};
pub use summary::RunSummary;
