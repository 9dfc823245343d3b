//! The source: looks at the database, tells what it offers, reads it.

use crate::{
    Odbc,
    config::Settings,
    database::Database,
    map::Query,
    reader::{self, Reader},
    session::Session,
};
use async_trait::async_trait;
use roster_core::{
    Catalog, CheckReport, ColumnInfo, Connector, EntityInfo, EntityKind, ExtractRequest,
    ExtractStream, FeedInfo, Origin, PartInfo, Result, RosterSource, RunContext, SourceDescriptor,
    SyncMode,
};
use roster_tabular::blocking;
use std::{collections::BTreeSet, sync::Arc};

static DESCRIPTOR: SourceDescriptor =
    SourceDescriptor { id: Odbc::ID, title: "Database over ODBC", field_name: |_, _| None };

/// A database as a source.
#[derive(Debug)]
pub(crate) struct OdbcSource(Arc<Settings>);

impl OdbcSource {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }
}

fn catalog(settings: &Settings, ctx: &RunContext) -> Result<Catalog> {
    let queries = settings.profile.queries();
    let mut session = reader::open(settings, ctx)?;
    let mut parts = Vec::new();
    for (index, query) in queries.iter().enumerate() {
        parts.push(part(settings, &mut session, index, query)?);
    }
    let entities: BTreeSet<EntityKind> = queries.iter().flat_map(|it| it.feeds.clone()).collect();
    let info = |entity| {
        let modes = vec![SyncMode::Snapshot];
        EntityInfo { entity, modes, resumable: false, estimated_rows: None }
    };
    let feed = FeedInfo { fingerprint: None, parts };
    Ok(Catalog { entities: entities.into_iter().map(info).collect(), feed })
}

/// A query as a part of the feed.
fn part(
    settings: &Settings,
    session: &mut Session,
    index: usize,
    query: &Query,
) -> Result<PartInfo> {
    let origin = Origin::Query(query.name.as_ref().into());
    // Some drivers for SQL Server run a query, or ask what not every server answers, to tell its columns.
    if settings.config.database == Database::SqlServer {
        return Ok(PartInfo { origin, columns: None });
    }
    let columns = session.describe(query)?;
    let column = |name: &Arc<str>| {
        let is_extension = settings.profile.is_extension(index, name);
        ColumnInfo { name: name.clone(), is_extension }
    };
    Ok(PartInfo { origin, columns: Some(columns.names.iter().map(column).collect()) })
}

fn check(settings: &Settings, ctx: &RunContext) -> CheckReport {
    let mut report = CheckReport::default();
    let config = &settings.config;
    let driver = settings.places.find(config.database, config.driver.as_deref());
    let found = driver.map(|it| {
        let all = settings.places.told();
        format!("{} at {}; on this machine: {all}", it.name, it.path.display())
    });
    if !report.step("find the driver", found) {
        return report;
    }
    let mut session = None;
    let opened = reader::open(settings, ctx).map(|it| {
        let sentence = access_sentence(settings, &it);
        session = Some(it);
        sentence
    });
    if report.step("log in, read-only", opened)
        && let Some(mut session) = session
    {
        for query in settings.profile.queries() {
            let outcome = session.sample(query).map(|(columns, rows)| {
                let rows = if rows.is_some() { "with rows" } else { "without a row" };
                format!("{} columns, {rows}", columns.names.len())
            });
            if !report.step(format!("query {}", query.name), outcome) {
                break;
            }
        }
    }
    report
}

fn access_sentence(settings: &Settings, session: &Session) -> String {
    let access = session.access();
    let account = match &settings.config.accept_writable_account {
        Some(accepted) if !access.rights.is_empty() => {
            format!(
                "the account may write ({}), accepted: {}",
                access.rights.join(", "),
                accepted.reason
            )
        }
        _ if settings.config.database == Database::Sqlite => {
            "the file is opened read-only".to_owned()
        }
        _ => "the account has no right to write".to_owned(),
    };
    let session = if access.read_only {
        "the session is read-only"
    } else {
        "the session cannot be set read-only"
    };
    let snapshot = if access.snapshot { "one snapshot" } else { "no snapshot" };
    format!("{account}; {session}; {snapshot} for all queries")
}

#[async_trait]
impl RosterSource for OdbcSource {
    fn descriptor(&self) -> &SourceDescriptor {
        &DESCRIPTOR
    }

    async fn check(&self, ctx: &RunContext) -> CheckReport {
        let (settings, ctx) = (self.0.clone(), ctx.clone());
        let work = move || Ok(check(&settings, &ctx));
        blocking::run("odbc.check", work).await.unwrap_or_else(|error| {
            let mut report = CheckReport::default();
            report.step("find the driver", Err(error));
            report
        })
    }

    async fn discover(&self, ctx: &RunContext) -> Result<Catalog> {
        let (settings, ctx) = (self.0.clone(), ctx.clone());
        blocking::run("odbc.discover", move || catalog(&settings, &ctx)).await
    }

    fn extract(&self, ctx: &RunContext, request: ExtractRequest) -> ExtractStream {
        let settings = self.0.clone();
        blocking::stream("odbc.extract", ctx, move |ctx| Ok(Reader::new(settings, ctx, request)))
    }

    async fn published(&self, _: &RunContext) -> Result<()> {
        Ok(())
    }
}
