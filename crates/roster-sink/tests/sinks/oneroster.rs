//! A OneRoster zip that always holds what its store has.

use crate::{
    Case,
    bench::{Backend, Bench, categories, id, record, wait},
    cases,
};
use roster_core::{EntityKind, Error, ErrorKind, Rows};
use roster_oneroster::Version;
use roster_sink::{Erased, Erasure, OneRosterSink, Outcome, Sink};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

pub(crate) const CASES: &[Case] = cases![
    the_file_holds_what_was_published_last,
    an_unchanged_night_leaves_the_file_alone,
    a_file_that_is_missing_or_of_an_older_run_is_written_by_the_next_night,
    what_is_emptied_in_the_store_goes_from_the_file_also_after_a_crash,
    a_file_of_somebody_else_is_never_replaced,
    a_night_whose_file_could_not_be_written_is_published_and_says_so,
    another_edition_is_written_even_when_nothing_changed,
    the_file_keeps_the_permissions_it_was_given,
];

/// A database, a zip beside it, and nights into both.
struct Outlet {
    bench: Bench,
    file: PathBuf,
}

impl Outlet {
    fn new(backend: &Backend) -> Self {
        let bench = backend.bench();
        let file = bench.folder.path().join("out.zip");
        Self { bench, file }
    }

    fn sink(&self) -> OneRosterSink {
        self.edition(Version::V1_2_1)
    }

    fn edition(&self, version: Version) -> OneRosterSink {
        OneRosterSink::new(version, &self.file, self.bench.sink.clone())
    }

    fn try_night(&self, district: &str, run: &str, feed: &[Rows]) -> Result<(), Error> {
        let sink = self.sink();
        wait(sink.published(&id(district)))?;
        let (plan, published) = self.bench.plan(district, run, feed);
        if plan.changes() {
            return wait(sink.publish(&plan, published, &record(&plan, Outcome::Published)));
        }
        wait(sink.record(&record(&plan, Outcome::Unchanged), None))
    }

    /// Publishes categories, and checks that the file holds just them.
    #[track_caller]
    fn night(&self, run: &str, records: &[(&str, &str)]) {
        self.try_night("lakeside", run, &[categories(records)]).unwrap();
        assert_eq!(self.titles(), records.iter().map(|it| it.1).collect::<Vec<_>>(), "{run}");
    }

    /// Titles of the categories in the file.
    fn titles(&self) -> Vec<String> {
        titles(&self.file)
    }

    fn modified(&self) -> SystemTime {
        fs::metadata(&self.file).unwrap().modified().unwrap()
    }
}

/// Titles in `categories.csv`, whose third column after status and date they are.
fn titles(zip: &Path) -> Vec<String> {
    let bundle =
        roster_tabular::Bundle::open(zip, &roster_tabular::BundleLimits::default()).unwrap();
    let entry = bundle.entries().iter().find(|it| &*it.name == "categories.csv");
    let Some(entry) = entry else { return Vec::new() };
    let mut text = String::new();
    std::io::Read::read_to_string(&mut bundle.read(entry).unwrap(), &mut text).unwrap();
    let title = |line: &str| line.split(',').nth(3).unwrap().to_owned();
    text.lines().skip(1).map(title).collect()
}

fn the_file_holds_what_was_published_last(backend: &Backend) {
    let outlet = Outlet::new(backend);
    outlet.night("r1", &[("a", "Essays"), ("b", "Tests")]);
    outlet.night("r2", &[("a", "Homework")]);
    let names: Vec<_> = fs::read_dir(outlet.bench.folder.path())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|it| it.contains("out.zip"))
        .collect();
    assert_eq!(names, ["out.zip"]);
    let archive = fs::read(&outlet.file).unwrap();
    let comment = roster_oneroster::export::comment_of(std::io::Cursor::new(archive)).unwrap();
    assert!(comment.contains("\"run\":\"r2\""), "{comment}");
}

fn an_unchanged_night_leaves_the_file_alone(backend: &Backend) {
    let outlet = Outlet::new(backend);
    outlet.night("r1", &[("a", "Essays")]);
    let long_ago = SystemTime::now() - Duration::from_hours(1);
    fs::File::options().write(true).open(&outlet.file).unwrap().set_modified(long_ago).unwrap();
    let before = outlet.modified();
    outlet.night("r2", &[("a", "Essays")]);
    assert_eq!(outlet.modified(), before);
}

fn a_file_that_is_missing_or_of_an_older_run_is_written_by_the_next_night(backend: &Backend) {
    let outlet = Outlet::new(backend);
    outlet.night("r1", &[("a", "Essays")]);
    let older = fs::read(&outlet.file).unwrap();
    fs::remove_file(&outlet.file).unwrap();
    outlet.night("r2", &[("a", "Essays")]);
    outlet.night("r3", &[("a", "Tests")]);
    fs::write(&outlet.file, older).unwrap();
    outlet.night("r4", &[("a", "Tests")]);
    // A night that was killed after the store had it and before the file was written.
    outlet.bench.night("lakeside", "r5", &[categories(&[("a", "Homework")])]);
    assert_eq!(outlet.titles(), ["Tests"]);
    outlet.night("r6", &[("a", "Homework")]);
}

fn what_is_emptied_in_the_store_goes_from_the_file_also_after_a_crash(backend: &Backend) {
    let outlet = Outlet::new(backend);
    let title = EntityKind::Category.schema().field("title").unwrap();
    let what = Erased::Fields(vec![title]);
    let erasures = [Erasure { entity: EntityKind::Category, what }];
    let marker = outlet.bench.folder.path().join(".out.zip.erasing");
    outlet.night("r1", &[("a", "Essays")]);
    assert_eq!(wait(outlet.sink().erase(&id("lakeside"), &erasures)).unwrap(), 1);
    assert_eq!(outlet.titles(), [""]);
    assert!(!marker.exists());
    outlet.night("r2", &[("a", "Tests")]);
    // A night that was killed after the store had emptied the field.
    fs::write(&marker, "").unwrap();
    wait(outlet.bench.sink.erase(&id("lakeside"), &erasures)).unwrap();
    assert_eq!(outlet.titles(), ["Tests"]);
    assert_eq!(wait(outlet.sink().erase(&id("lakeside"), &erasures)).unwrap(), 0);
    assert_eq!(outlet.titles(), [""]);
    assert!(!marker.exists());
}

fn a_file_of_somebody_else_is_never_replaced(backend: &Backend) {
    #[track_caller]
    fn check(outlet: &Outlet, district: &str, expected: &str) {
        let before = fs::read(&outlet.file).unwrap();
        let error = outlet.try_night(district, "r", &[categories(&[("a", "A")])]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(fs::read(&outlet.file).unwrap(), before);
        assert_eq!(wait(outlet.bench.sink.state(&id(district))).unwrap().basis, 0);
    }
    let outlet = Outlet::new(backend);
    fs::write(&outlet.file, "the district's own").unwrap();
    check(&outlet, "lakeside", "was not written by Homeroom");
    fs::remove_file(&outlet.file).unwrap();
    outlet.night("r1", &[("a", "Essays")]);
    check(&outlet, "hilltop", "another district's roster");
}

fn a_night_whose_file_could_not_be_written_is_published_and_says_so(backend: &Backend) {
    let outlet = Outlet::new(backend);
    let sink = OneRosterSink::new(
        Version::V1_2_1,
        outlet.bench.folder.path().join("missing/out.zip"),
        outlet.bench.sink.clone(),
    );
    let (plan, published) = outlet.bench.plan("lakeside", "r1", &[categories(&[("a", "Essays")])]);
    let run = record(&plan, Outcome::Published);
    let error = wait(sink.publish(&plan, published, &run)).unwrap_err();
    assert!(error.to_string().contains("the next night writes the file"), "{error}");
    // The night tells its failure; what is remembered of the run is that it was published.
    wait(sink.record(&record(&plan, Outcome::Failed), None)).unwrap();
    let remembered = wait(sink.run(&run.report.run)).unwrap().unwrap();
    assert_eq!(remembered.report.outcome, Outcome::Published);
    outlet.night("r2", &[("a", "Essays")]);
}

fn another_edition_is_written_even_when_nothing_changed(backend: &Backend) {
    let outlet = Outlet::new(backend);
    outlet.night("r1", &[("a", "Essays")]);
    let before = fs::read(&outlet.file).unwrap();
    let (plan, _) = outlet.bench.plan("lakeside", "r2", &[categories(&[("a", "Essays")])]);
    let sink = outlet.edition(Version::V1_1);
    wait(sink.record(&record(&plan, Outcome::Unchanged), None)).unwrap();
    assert_ne!(fs::read(&outlet.file).unwrap(), before);
    assert!(sink.describe().starts_with("oneroster-1.1:"), "{}", sink.describe());
}

fn the_file_keeps_the_permissions_it_was_given(backend: &Backend) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let outlet = Outlet::new(backend);
        let mode = || fs::metadata(&outlet.file).unwrap().permissions().mode() & 0o777;
        outlet.night("r1", &[("a", "Essays")]);
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&outlet.file, fs::Permissions::from_mode(0o640)).unwrap();
        outlet.night("r2", &[("a", "Tests")]);
        assert_eq!(mode(), 0o640);
    }
    _ = backend;
}
