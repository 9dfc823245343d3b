//! Districts that connected with an application at a service, before anybody configured them here.

use crate::{Result, RunContext};
use async_trait::async_trait;
use std::fmt;

/// A district that has connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedDistrict {
    /// Its id at the service, as the connector's configuration wants it.
    pub id: String,
    /// Its name, where the service tells it.
    pub name: Option<String>,
    /// How the service stands with it, in the service's own words, such as `running` or `paused`.
    pub state: Option<String>,
    /// What it shares, in words for people; empty where the service does not tell.
    pub shared: Vec<String>,
}

/// A service's list of districts that have connected with an application.
#[async_trait]
pub trait DistrictDirectory: fmt::Debug + Send + Sync + 'static {
    /// All of them, in any order.  A district that cannot be looked at has no name and no state.
    async fn districts(&self, ctx: &RunContext) -> Result<Vec<ConnectedDistrict>>;
}
