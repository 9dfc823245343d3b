//! A source that reads a made-up Clever, under a clock of the test.

use connector_clever::{ApiVersion, Config, Mode, with_client};
use roster_core::RosterSource;
use roster_credentials::CredentialPlace;
use roster_http::{Client, ClientConfig, TestClock};
use roster_testkit::clever::{CleverData, FakeClever};
use std::{num::NonZeroU32, path::Path, sync::Arc};
use tempfile::TempDir;

/// A made-up Clever and what a source needs to read it.
#[allow(dead_code, reason = "not every test needs every part")]
pub(crate) struct Scene {
    pub(crate) clever: FakeClever,
    pub(crate) clock: TestClock,
    folder: TempDir,
}

#[allow(dead_code, reason = "not every test needs every part")]
impl Scene {
    pub(crate) fn new(data: CleverData) -> Self {
        let clock = TestClock::at(1_700_000_000);
        let time = clock.clone();
        let now = move || {
            use roster_http::Clock as _;
            u64::try_from(time.now().as_millis()).expect("it is not that late")
        };
        let folder = tempfile::tempdir().expect("a folder can be made");
        std::fs::write(folder.path().join("secret"), CleverData::CLIENT_SECRET)
            .expect("a file can be written");
        Self { clever: FakeClever::start_at(data, now), clock, folder }
    }

    /// The configuration with the application's credentials.
    pub(crate) fn config(&self) -> Config {
        let mut district = String::new();
        self.clever.change(|it| district = it.district_id());
        Config {
            district: Some(district),
            client_id: Some("application".to_owned()),
            client_secret: Some(CredentialPlace::file("secret")),
            page_size: NonZeroU32::new(1_000),
            api_url: Some(self.clever.http().url("")),
            tokens_url: Some(self.clever.http().url("")),
            client: ClientConfig { proxy: Some("none".to_owned()), ..ClientConfig::default() },
            version: ApiVersion::V3_1,
            mode: Mode::Full,
            ..Config::default()
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn client(&self) -> Client {
        let config = ClientConfig {
            proxy: Some("none".to_owned()),
            timeout_secs: std::num::NonZeroU64::new(2),
            ..ClientConfig::default()
        };
        Client::with_clock(config, Arc::new(self.clock.clone()))
    }

    pub(crate) fn source(&self, config: Config) -> Arc<dyn RosterSource> {
        with_client(config, self.folder.path(), self.client())
            .expect("the configuration is complete")
    }
}
