//! Pulls a roster: all collections that are asked for, of one state of the service.

use crate::{
    collect::{Collected, collect},
    probe::AT_ONCE,
    revision::{Revision, changing},
    service::Service,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use roster_core::{EntityKind, ExtractRequest, Result, RunContext};
use roster_oneroster::rest::{Collection, Staged};
use std::sync::Arc;

/// How often a roster is pulled that changes while it is pulled.
const ATTEMPTS: usize = 3;

/// A roster that was pulled.
#[derive(Debug)]
pub(crate) struct Pulled {
    pub(crate) staged: Staged,
}

/// Pulls what is asked for.
pub(crate) async fn pull(
    ctx: &RunContext,
    service: &Service,
    request: &ExtractRequest,
) -> Result<Pulled> {
    let wanted: Vec<_> =
        service.collections().filter(|it| is_wanted(it, service, request)).collect();
    for _ in 0..ATTEMPTS {
        let revision = Arc::new(Revision::default());
        match pull_all(ctx, service, &wanted, &revision, request).await {
            Ok(staged) => return Ok(Pulled { staged }),
            Err(_) if revision.has_moved() && !ctx.cancel.is_cancelled() => {}
            Err(error) => return Err(error),
        }
    }
    Err(changing())
}

async fn pull_all(
    ctx: &RunContext,
    service: &Service,
    wanted: &[&'static Collection],
    revision: &Arc<Revision>,
    request: &ExtractRequest,
) -> Result<Staged> {
    let collected = wanted.iter().map(|it| collect(ctx, service, it, revision));
    let collected: Vec<Collected> =
        stream::iter(collected.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
    let links = |entity| request.wants(entity);
    let tables = collected.into_iter().flat_map(|it| it.staging.finish(it.complete, links));
    Ok(Staged::new(service.version, tables))
}

/// Whether reading a collection gives something that is asked for.
fn is_wanted(collection: &Collection, service: &Service, request: &ExtractRequest) -> bool {
    let relationships =
        collection.entity == EntityKind::User && request.wants(EntityKind::Relationship);
    relationships || collection.entities(service.version).iter().any(|it| request.wants(*it))
}
