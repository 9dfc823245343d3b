//! Finds out which collections a service gives.

use crate::{
    revision::Revision,
    service::{Select, Service},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use roster_core::{EntityKind, Error, ErrorKind, Result, RunContext};
use roster_oneroster::rest::{Collection, Staging};
use std::sync::Arc;

/// The most requests at once.
pub(crate) const AT_ONCE: usize = 4;

/// What a service gives.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) collections: Vec<Offered>,
    /// The revision of what it shows.
    pub(crate) revision: Option<String>,
}

/// A collection, and whether it can be read.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) collection: &'static Collection,
    /// Records, where it can be read and the service tells how many.
    pub(crate) outcome: Result<Option<u64>, Error>,
}

impl Offer {
    /// The collections that can be read.
    pub(crate) fn readable(&self) -> impl Iterator<Item = (&'static Collection, Option<u64>)> {
        self.collections.iter().filter_map(|it| Some((it.collection, *it.outcome.as_ref().ok()?)))
    }
}

/// Asks for one record of every collection.
///
/// # Errors
///
/// That of the first collection without which there is no roster; what else is not there or denied is not offered.
pub(crate) async fn probe(ctx: &RunContext, service: &Service) -> Result<Offer> {
    let revision = Arc::new(Revision::default());
    let probes = service.collections().map(|collection| {
        let revision = revision.clone();
        async move {
            let outcome = probe_one(ctx, service, collection, &revision).await;
            match outcome {
                Err(error) if !can_do_without(collection, &error) => Err(error),
                outcome => Ok(Offered { collection, outcome }),
            }
        }
    });
    let collections =
        stream::iter(probes.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
    let revision = if revision.has_moved() { None } else { revision.told() };
    Ok(Offer { collections, revision })
}

async fn probe_one(
    ctx: &RunContext,
    service: &Service,
    collection: &'static Collection,
    revision: &Arc<Revision>,
) -> Result<Option<u64>> {
    let mut select = service.select();
    loop {
        let mut url = service.url(collection, select)?;
        url.query_pairs_mut().append_pair("limit", "1").append_pair("offset", "0");
        let asked = service.api.get(ctx, "oneroster.probe", &url, |response| {
            // Another revision than that of the page before is no matter for one record.
            _ = revision.observe(response);
            if response.status != 204 {
                let mut staging = Staging::new(collection, service.version, "");
                staging.take_page(&response.body, None)?;
            }
            Ok(response.header("x-total-count").and_then(|it| it.trim().parse().ok()))
        });
        match asked.await {
            Err(error) if select == Select::Fields && is_bad_request(&error) => {
                select = Select::Everything;
            }
            other => return other.map_err(|it| it.context("collection", collection.path)),
        }
    }
}

fn is_bad_request(error: &Error) -> bool {
    error.contexts().any(|it| it.0 == "status" && matches!(it.1, "400" | "422"))
}

/// Whether the rest is a roster, and the collection is not there or not shared.
fn can_do_without(collection: &Collection, error: &Error) -> bool {
    use EntityKind::{AcademicSession, Course, Enrollment, Org, Section, User};
    let needed =
        matches!(collection.entity, Org | AcademicSession | Course | Section | User | Enrollment);
    let missing = matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::NotFound
            | ErrorKind::Unsupported
            | ErrorKind::SchemaMismatch
    );
    !needed && missing
}
