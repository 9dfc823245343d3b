//! The source: what a district shares, and the way to read it.

use crate::{Clever, config::Mode, config::Settings, extract, service::Service};
use async_trait::async_trait;
use roster_core::{
    Catalog, CheckReport, Connector as _, DeleteSignal, EntityInfo, EntityKind, ExtractRequest,
    ExtractStream, FeedInfo, Origin, PartInfo, Result, RosterSource, RunContext, SourceDescriptor,
    SyncMode,
};
use roster_http::Client;
use std::sync::Arc;
use tokio::sync::Mutex;

static DESCRIPTOR: SourceDescriptor =
    SourceDescriptor { id: Clever::ID, title: "Clever", field_name: crate::names::field };

/// The lists of the API that are read, and the entity that tells whether they are shared.
pub(crate) const LISTS: &[(&str, EntityKind)] = &[
    ("districts", EntityKind::Org),
    ("schools", EntityKind::Org),
    ("terms", EntityKind::AcademicSession),
    ("courses", EntityKind::Course),
    ("sections", EntityKind::Section),
    ("users", EntityKind::User),
];

/// What Clever can tell of.
const ENTITIES: &[EntityKind] = &[
    EntityKind::Org,
    EntityKind::AcademicSession,
    EntityKind::Course,
    EntityKind::Section,
    EntityKind::User,
    EntityKind::Role,
    EntityKind::Relationship,
    EntityKind::Demographics,
    EntityKind::Program,
    EntityKind::Enrollment,
];

/// A district in Clever.
#[derive(Debug)]
pub(crate) struct CleverSource(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    settings: Arc<Settings>,
    client: Client,
    /// Made at the first use.
    service: Mutex<Option<Service>>,
}

impl Inner {
    /// The service, with the token that was found first.
    pub(crate) async fn service(&self, ctx: &RunContext) -> Result<Service> {
        let mut service = self.service.lock().await;
        if let Some(service) = &*service {
            return Ok(service.clone());
        }
        let connected = Service::connect(ctx, self.settings.clone(), &self.client).await?;
        Ok(service.insert(connected).clone())
    }

    async fn check(&self, ctx: &RunContext, report: &mut CheckReport) {
        let mut found = None;
        let connected = self.service(ctx).await.map(|it| {
            let shared = it.scopes.shared();
            found = Some(it);
            match shared.as_slice() {
                [] => "a token; Clever does not tell what it allows".to_owned(),
                shared => format!("a token for {}", shared.join(", ")),
            }
        });
        if !report.step("find the token", connected) {
            return;
        }
        let Some(service) = found else { return };
        let district = service.district(ctx).await.map(|it| match it.state.as_str() {
            "" => "the district is there".to_owned(),
            state => format!("the district is there, its state is {state}"),
        });
        if !report.step("read the district", district) {
            return;
        }
        for (list, entity) in LISTS.iter().skip(1) {
            let shared = service.scopes.allow_entity(*entity);
            if shared && !report.step(format!("read {list}"), first_page(&service, ctx, list).await)
            {
                return;
            }
        }
    }
}

/// Reads a page of a list.
async fn first_page(service: &Service, ctx: &RunContext, list: &str) -> Result<String> {
    let url = service.api.url(CHECK, &format!("{}?limit=1", service.path(list)))?;
    service.api.get(ctx, CHECK, &url, |it| crate::lists::page(CHECK, it)).await.map(|page| {
        match page.received {
            0 => "it is empty".to_owned(),
            _ => "it has records".to_owned(),
        }
    })
}

const CHECK: &str = "clever.check";

impl CleverSource {
    pub(crate) fn new(settings: Settings, client: Client) -> Self {
        let settings = Arc::new(settings);
        Self(Arc::new(Inner { settings, client, service: Mutex::new(None) }))
    }
}

#[async_trait]
impl RosterSource for CleverSource {
    fn descriptor(&self) -> &SourceDescriptor {
        &DESCRIPTOR
    }

    async fn check(&self, ctx: &RunContext) -> CheckReport {
        let mut report = CheckReport::default();
        self.0.check(ctx, &mut report).await;
        report
    }

    async fn discover(&self, ctx: &RunContext) -> Result<Catalog> {
        let service = self.0.service(ctx).await?;
        let modes = match service.settings.mode {
            Mode::Full => vec![SyncMode::Snapshot],
            Mode::Events => {
                vec![SyncMode::Delta { deletes: DeleteSignal::Tombstone }, SyncMode::Snapshot]
            }
        };
        let shared = |it: &&EntityKind| service.scopes.allow_entity(**it);
        let info = |it: &EntityKind| EntityInfo {
            entity: *it,
            modes: modes.clone(),
            resumable: false,
            estimated_rows: None,
        };
        let part = |list: &str| PartInfo {
            origin: Origin::Page(service.path(list).into()),
            columns: None,
        };
        let parts = LISTS.iter().filter(|it| shared(&&it.1)).map(|it| part(it.0)).collect();
        Ok(Catalog {
            entities: ENTITIES.iter().filter(shared).map(info).collect(),
            feed: FeedInfo { fingerprint: None, parts },
        })
    }

    fn extract(&self, ctx: &RunContext, request: ExtractRequest) -> ExtractStream {
        extract::stream(self.0.clone(), ctx.clone(), request)
    }

    async fn published(&self, _: &RunContext) -> Result<()> {
        Ok(())
    }
}
