//! Object stores: addresses, prefixes, and several districts on one.

use crate::{
    Case,
    bench::{Backend, categories, id, wait},
    cases,
    parquet::Folder,
};
use object_store::{ObjectStore as _, memory::InMemory, path::Path};
use roster_core::{EntityKind, ErrorKind};
use roster_sink::ParquetSink;
use std::sync::Arc;

pub(crate) const CASES: &[Case] = cases![
    addresses_are_read_and_shown_without_credentials,
    districts_lie_below_the_prefix,
    store_that_remembers_another_outlet_is_refused,
];

fn addresses_are_read_and_shown_without_credentials(backend: &Backend) {
    let bench = backend.empty();
    let at = Folder(bench.folder.path().to_owned());
    let check = |address: &str, expected: &str| {
        let sink = ParquetSink::s3(address, at.store()).map(|it| roster_sink::Sink::describe(&it));
        match sink {
            Ok(shown) => assert_eq!(shown, expected),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
                assert!(expected.is_empty() && !error.to_string().contains("CANARY"), "{error}");
            }
        }
    };
    check("s3://rosters", "parquet:s3://rosters");
    check("s3://rosters/", "parquet:s3://rosters");
    check("s3://rosters/a/b/", "parquet:s3://rosters/a/b");
    for refused in
        ["s3://", "s3:///a", "s3://CANARY:CANARY@b/a", "s3://b?CANARY", "s3://b/a//CANARY"]
    {
        check(refused, "");
    }
}

fn districts_lie_below_the_prefix(backend: &Backend) {
    let mut bench = backend.bench();
    let objects = Arc::new(InMemory::new());
    let store = bench.database.outlet("memory");
    let sink = ParquetSink::on(objects.clone(), Path::from("a/b"), "memory", store);
    bench.sink = Arc::new(sink);
    wait(bench.sink.prepare()).unwrap();
    bench.night("one", "r1", &[categories(&[("k", "K")])]);
    bench.night("two", "r2", &[categories(&[("k", "L")])]);
    let places = wait(objects.list_with_delimiter(Some(&Path::from("a/b")))).unwrap();
    let places: Vec<_> = places.common_prefixes.iter().map(ToString::to_string).collect();
    assert_eq!(places, ["a/b/one", "a/b/two"]);
    let rows = bench.rows("two", EntityKind::Category);
    assert_eq!(rows[0].get(0).unwrap().get(2), Some("L"));
    assert!(wait(bench.sink.published(&id("three"))).unwrap().indexes.is_empty());
}

fn store_that_remembers_another_outlet_is_refused(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("k", "K")])]);
    let at = Folder(bench.folder.path().to_owned());
    let other = roster_sink::SqliteSink::new(bench.folder.path().join("store.db"));
    let sink = ParquetSink::folder(at.files(), Arc::new(other.index_only("parquet:elsewhere")));
    let error = wait(roster_sink::Sink::published(&sink, &id("d"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
}
