//! What every connector promises, through ClassLink's proxy and at a Roster Server itself.

use connector_classlink::{Access, Config, source_with};
use roster_core::RosterSource;
use roster_credentials::CredentialPlace;
use roster_http::{Client, ClientConfig, TestClock};
use roster_testkit::roster_server::{
    CONSUMER_KEY, CONSUMER_SECRET, PARTNER_TOKEN, RestHarness, RosterServer, TENANT,
};
use std::{fs, path::Path, process::ExitCode, sync::Arc};

/// A source that goes by a clock whose waits take no time.
fn open(config: Config) -> Arc<dyn RosterSource> {
    let config =
        Config { gradebook: true, resources: true, page_size: 7.try_into().ok(), ..config };
    let client =
        Client::with_clock(ClientConfig::default(), Arc::new(TestClock::at(1_800_000_000)));
    source_with(config, Path::new(""), client).expect("the configuration is complete")
}

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let kept = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file can be written");
        CredentialPlace::file(path)
    };
    let (partner, secret) = (kept("partner", PARTNER_TOKEN), kept("secret", CONSUMER_SECRET));
    let of_partner = move |server: &RosterServer, access| Config {
        partner_key: Some(partner.clone()),
        tenant_id: Some(TENANT),
        access,
        proxy: Some(server.http().url("")),
        ..Config::default()
    };
    let of_district = move |server: &RosterServer| Config {
        url: Some(server.http().url("/ims/oneroster/v1p1")),
        key: Some(CONSUMER_KEY.to_owned()),
        secret: Some(secret.clone()),
        ..Config::default()
    };
    let direct = of_partner.clone();
    let losses = ["oneroster-rest-1.1"];
    roster_testkit::main([
        RestHarness::new("proxy", "oneroster-1.1", &losses, move |server| {
            open(of_partner(server, Access::Proxy))
        }),
        RestHarness::new("direct", "oneroster-1.1", &losses, move |server| {
            open(direct(server, Access::Direct))
        }),
        RestHarness::new("own-key", "oneroster-1.1", &losses, move |server| {
            open(of_district(server))
        }),
    ])
}
