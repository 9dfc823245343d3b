//! The source: finds the service, looks at it, pulls it, reads what was pulled.

use crate::{
    probe::{Offer, probe},
    pull::{Pulled, pull},
    service::{Connect, Connected, Service},
};
use async_trait::async_trait;
use futures::{StreamExt as _, future, stream};
use roster_core::{
    Catalog, CheckReport, EntityInfo, EntityKind, Error, ErrorKind, ExtractRequest, ExtractStream,
    FeedInfo, Origin, PartInfo, Result, RosterSource, RunContext, SourceDescriptor, SyncMode,
    fuse_on_error,
};
use roster_oneroster::FilesetReader;
use roster_tabular::blocking;
use std::sync::Arc;

/// A source of one district at a OneRoster service.
#[derive(Debug)]
pub struct RestSource {
    connect: Arc<dyn Connect>,
}

impl RestSource {
    /// A source that reaches its service so.
    #[must_use]
    pub fn new(connect: impl Connect) -> Self {
        Self { connect: Arc::new(connect) }
    }
}

/// The entities of an offer, in load order, with the records the service tells of.
fn entities(service: &Service, offer: &Offer) -> Vec<EntityInfo> {
    let resources = offer.readable().any(|it| it.0.entity == EntityKind::Resource);
    let mut entities = Vec::new();
    for (collection, rows) in offer.readable() {
        for entity in collection.entities(service.version) {
            // Lists of resources lead nowhere without the collection.
            if is_link_to_resources(entity) && !resources {
                continue;
            }
            let estimated_rows = rows.filter(|_| entity == collection.entity);
            entities.push((entity, estimated_rows));
        }
        if collection.entity == EntityKind::User {
            entities.push((EntityKind::Relationship, None));
        }
    }
    entities.sort_by_key(|it| it.0);
    let info = |(entity, estimated_rows)| EntityInfo {
        entity,
        modes: vec![SyncMode::Snapshot],
        resumable: false,
        estimated_rows,
    };
    entities.into_iter().map(info).collect()
}

fn is_link_to_resources(entity: EntityKind) -> bool {
    use EntityKind::{CourseResource, SectionResource, UserResource};
    matches!(entity, CourseResource | SectionResource | UserResource)
}

fn catalog(service: &Service, offer: &Offer) -> Catalog {
    let part = |collection: &str| PartInfo {
        origin: Origin::Page(format!("/{collection}").into()),
        columns: None,
    };
    let parts = offer.readable().map(|it| part(it.0.path)).collect();
    let fingerprint = offer.revision.as_ref().map(|it| format!("x-perm-rev {it}"));
    Catalog { entities: entities(service, offer), feed: FeedInfo { fingerprint, parts } }
}

fn check_collections(offer: Offer, report: &mut CheckReport) {
    for offered in offer.collections {
        let outcome = match offered.outcome {
            Ok(Some(records)) => format!("{records} records"),
            Ok(None) => "readable".to_owned(),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                "not shared: the service denies it; nothing of it is read or deleted".to_owned()
            }
            Err(_) => "not offered; nothing of it is read or deleted".to_owned(),
        };
        report.step(format!("read {}", offered.collection.path), Ok(outcome));
    }
}

/// A cursor is one of a source that resumes or gives changes, which this is not.
fn refuse_cursors(request: &ExtractRequest) -> Result<()> {
    match request.entities.iter().find(|it| it.resume.is_some()) {
        None => Ok(()),
        Some(it) => {
            let message = "a saved cursor cannot be used here; only a snapshot can continue";
            let error = Error::new(ErrorKind::CursorInvalid, "oneroster.extract", message);
            Err(error.context("entity", it.entity.table()))
        }
    }
}

#[async_trait]
impl RosterSource for RestSource {
    fn descriptor(&self) -> &SourceDescriptor {
        self.connect.descriptor()
    }

    async fn check(&self, ctx: &RunContext) -> CheckReport {
        let mut report = CheckReport::default();
        let mut connected = None;
        let found = self.connect.connect(ctx).await.map(|it| {
            connected = Some(it.service);
            it.found
        });
        let (true, Some(service)) = (report.step("find the service", found), connected) else {
            return report;
        };
        match probe(ctx, &service).await {
            Ok(offer) => check_collections(offer, &mut report),
            Err(error) => _ = report.step("read the collections", Err(error)),
        }
        report
    }

    async fn discover(&self, ctx: &RunContext) -> Result<Catalog> {
        let Connected { service, .. } = self.connect.connect(ctx).await?;
        let offer = probe(ctx, &service).await?;
        Ok(catalog(&service, &offer))
    }

    fn extract(&self, ctx: &RunContext, request: ExtractRequest) -> ExtractStream {
        let (connect, ctx) = (self.connect.clone(), ctx.clone());
        let events = stream::once(async move {
            let pulled = async {
                refuse_cursors(&request)?;
                let Connected { service, .. } = connect.connect(&ctx).await?;
                pull(&ctx, &service, &request).await
            };
            match pulled.await {
                Ok(Pulled { staged }) => blocking::stream("oneroster.extract", &ctx, move |ctx| {
                    Ok(FilesetReader::staged(staged, ctx, request))
                }),
                Err(error) => stream::once(future::ready(Err(error))).boxed(),
            }
        });
        fuse_on_error(events.flatten().boxed())
    }

    async fn published(&self, _: &RunContext) -> Result<()> {
        Ok(())
    }
}
