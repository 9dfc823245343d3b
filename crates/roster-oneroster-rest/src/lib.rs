//! OneRoster REST: the client and the source that connectors of the standard's services share.
//!
//! A connector says how a service is reached ([`Connect`]); [`RestSource`] does the rest.  A pull reads every collection
//! page by page until an empty page, checks that nobody was missed, and stages the records in memory.  Only when all
//! collections are there, and of one state of the service, does the first record leave: a service that fails or changes
//! in between costs a night, and never a part of a roster.
//!
//! What is known of real services, and why paging is as it is, stands at [`Service`].

mod collect;
mod probe;
mod pull;
mod revision;
mod service;
mod source;

pub use crate::{
    service::{Connect, Connected, PAGE_SIZE, Service, Services, version_of},
    source::RestSource,
};
