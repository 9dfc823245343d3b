//! The SFTP drop beside the engine: what a district has finished sending starts its night, where that is asked for.

use super::Engine;
use roster_core::Result;
use roster_drop::{DropConfig, Server, Start, Uploads};
use std::sync::Arc;

/// Hands finished uploads on to the engine.
#[derive(Debug)]
struct Finished {
    engine: Arc<Engine>,
    start: Start,
}

impl Uploads for Finished {
    fn finished(&self, district: &str) {
        if self.start == Start::Schedule {
            return;
        }
        if !self.engine.run_now(district) {
            tracing::warn!(district, "an upload has finished, and no such district is configured");
        }
    }
}

/// Starts the drop, if there is to be one.
pub(super) async fn start(
    config: Option<DropConfig>,
    engine: &Arc<Engine>,
) -> Result<Option<Server>> {
    let Some(config) = config else { return Ok(None) };
    let finished = Finished { engine: engine.clone(), start: config.start };
    let server = Server::start(config, Arc::new(finished)).await?;
    tracing::info!(listen = %server.address(), "the drop takes files");
    if let Some(legacy) = server.legacy_address() {
        tracing::info!(listen = %legacy, "the drop takes files of programs that speak older algorithms");
    }
    Ok(Some(server))
}
