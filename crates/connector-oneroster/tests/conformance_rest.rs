//! What every connector promises, for services of 1.1 and 1.2.

use connector_oneroster::{Config, Mode, RestVersion, rest_source};
use roster_core::RosterSource;
use roster_credentials::CredentialPlace;
use roster_http::{Client, ClientConfig, TestClock};
use roster_oneroster_rest::{AuthConfig, SecretPlace, Signature};
use roster_testkit::roster_server::{
    CONSUMER_KEY, CONSUMER_SECRET, DISTRICT_TOKEN, RestHarness, RosterServer,
};
use std::{fs, path::Path, process::ExitCode, sync::Arc};

/// A source that goes by a clock whose waits take no time.
fn open(server: &RosterServer, version: RestVersion, auth: AuthConfig) -> Arc<dyn RosterSource> {
    let config = Config {
        mode: Mode::Rest,
        url: Some(server.http().url("")),
        version,
        auth: Some(auth),
        gradebook: true,
        resources: true,
        page_size: 7.try_into().ok(),
        ..Config::default()
    };
    let client =
        Client::with_clock(ClientConfig::default(), Arc::new(TestClock::at(1_800_000_000)));
    rest_source(config, Path::new(""), client).expect("the configuration is complete")
}

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let kept = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file can be written");
        CredentialPlace::file(path)
    };
    let (token, secret) = (kept("token", DISTRICT_TOKEN), kept("secret", CONSUMER_SECRET));
    let bearer = AuthConfig::Bearer { token };
    let signed = AuthConfig::OAuth1 {
        key: CONSUMER_KEY.to_owned(),
        secret: secret.clone(),
        signature: Signature::HmacSha1,
    };
    let exchanged = move |server: &RosterServer| AuthConfig::OAuth2 {
        token_url: server.http().url("/token"),
        client_id: CONSUMER_KEY.to_owned(),
        client_secret: secret.clone(),
        scopes: Some(vec!["all".to_owned()]),
        send_secret_in: SecretPlace::Header,
    };
    let (old, new) = (["oneroster-rest-1.1"], ["oneroster-rest-1.2"]);
    roster_testkit::main([
        RestHarness::new("rest-1.1-bearer", "oneroster-1.1", &old, move |server| {
            open(server, RestVersion::V1_1, bearer.clone())
        }),
        RestHarness::new("rest-1.1-oauth1", "oneroster-1.1", &old, move |server| {
            open(server, RestVersion::V1_1, signed.clone())
        }),
        RestHarness::new("rest-1.2-oauth2", "oneroster-1.2", &new, move |server| {
            open(server, RestVersion::V1_2, exchanged(server))
        }),
    ])
}
