//! The harness of every source that reads a OneRoster service.

use super::{RosterData, RosterServer};
use crate::{
    Failed, FileSet, Harness, Losses, Place, Seed, district::district_folder, http::HttpFault,
};
use async_trait::async_trait;
use roster_core::{EntityKind, Locus, RosterSource};
use std::{fmt, sync::Arc};

type Open = dyn Fn(&RosterServer) -> Arc<dyn RosterSource> + Send + Sync;

/// A source together with what it needs beside the service, such as files of credentials.
pub type Opened = Arc<dyn RosterSource>;

/// Seeds the fixture district as a OneRoster service.
pub struct RestHarness {
    name: &'static str,
    format: &'static str,
    losses: Losses,
    open: Arc<Open>,
}

/// The files that seeds change.
const FILES: &[(EntityKind, &str)] = &[
    (EntityKind::Org, "orgs.csv"),
    (EntityKind::User, "users.csv"),
    (EntityKind::Demographics, "demographics.csv"),
    (EntityKind::Enrollment, "enrollments.csv"),
    (EntityKind::ResultLearningObjective, "resultLearningObjectiveIds.csv"),
];

impl RestHarness {
    /// A harness for the service of `tests/district/<format>`, with the losses of that format and of
    /// `tests/district/losses/<losses>.toml`.  `open` makes a source for the service, without any I/O.
    ///
    /// # Panics
    ///
    /// When the losses cannot be read.
    #[must_use]
    pub fn new(
        name: &'static str,
        format: &'static str,
        losses: &[&str],
        open: impl Fn(&RosterServer) -> Opened + Send + Sync + 'static,
    ) -> Self {
        let read = |name: &str| {
            let losses = Losses::read(&district_folder().join(format!("losses/{name}.toml")));
            losses.unwrap_or_else(|err| panic!("{}", err.message().unwrap_or_default()))
        };
        let losses = losses.iter().fold(read(format), |all, it| all.and(read(it)));
        Self { name, format, losses, open: Arc::new(open) }
    }

    fn files(&self, seed: Seed) -> Result<Option<FileSet>, Failed> {
        let files = FileSet::read(&district_folder().join(self.format))?;
        let file = |entity| FILES.iter().find(|it| it.0 == entity).map(|it| it.1);
        Ok(match seed {
            Seed::Whole | Seed::Absent | Seed::CutOff | Seed::Corrupt => Some(files),
            Seed::Empty(entity) => file(entity).and_then(|it| files.with_header_only(it)),
            Seed::Twice(entity) => file(entity).and_then(|it| files.with_first_record_twice(it)),
            Seed::Unreadable => files.with_unreadable_records(),
            // A service always gives all it has, in the one form that JSON has.
            Seed::Changes(_) | Seed::Written(_) => None,
        })
    }
}

impl fmt::Debug for RestHarness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestHarness").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl Harness for RestHarness {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    async fn seed(&self, seed: Seed) -> Result<Option<Box<dyn Place>>, Failed> {
        let Some(files) = self.files(seed)? else { return Ok(None) };
        let server = RosterServer::start(RosterData::of(&files)?);
        match seed {
            Seed::Absent => server.http().close(),
            Seed::CutOff => server.http().fault(HttpFault::CutBody.on("/users")),
            Seed::Corrupt => server.http().fault(HttpFault::HalfBody.on("/enrollments")),
            _ => {}
        }
        Ok(Some(Box::new(RestPlace { server, open: self.open.clone() })))
    }
}

/// A service that holds one feed.
struct RestPlace {
    server: RosterServer,
    open: Arc<Open>,
}

impl Place for RestPlace {
    fn source(&self) -> Opened {
        (self.open)(&self.server)
    }

    fn close(&self) {
        self.server.http().close();
    }

    fn open(&self) {
        self.server.http().open();
    }

    fn record(&self, _: &Locus) -> Option<Vec<(String, String)>> {
        None
    }

    fn in_use(&self) -> Option<bool> {
        Some(self.server.http().in_flight() > 0)
    }
}
