//! The sinks of this program, and the addresses that name them.
//!
//! A *database* holds the rows and remembers the nights.  An *outlet* is a sink that is no database: what its nights must
//! remember lies in one, the one of `[store]` or an SQLite file of its own beside it.

use super::absent;
use roster_core::{Error, ErrorKind, Result, Secret};
use roster_sink::Sink;
use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The sinks that were built in.
pub static SINKS: &[SinkEntry] = &[
    #[cfg(feature = "sink-sqlite")]
    SinkEntry { scheme: "sqlite", open: open_sqlite },
    #[cfg(feature = "sink-postgres")]
    SinkEntry { scheme: "postgres", open: open_postgres },
    #[cfg(feature = "sink-parquet")]
    SinkEntry { scheme: "parquet", open: open_parquet },
    #[cfg(feature = "sink-oneroster")]
    SinkEntry { scheme: "oneroster-1.1", open: open_oneroster_1_1 },
    #[cfg(feature = "sink-oneroster")]
    SinkEntry { scheme: "oneroster-1.2", open: open_oneroster_1_2 },
];

/// Every sink this version has, built in or not: scheme and cargo feature.
const KNOWN_SINKS: &[(&str, &str)] = &[
    ("sqlite", "sink-sqlite"),
    ("postgres", "sink-postgres"),
    ("parquet", "sink-parquet"),
    ("oneroster-1.1", "sink-oneroster"),
    ("oneroster-1.2", "sink-oneroster"),
];

/// Ending of the SQLite file that remembers the nights of a file, behind the file's name.
#[cfg(feature = "sink-oneroster")]
const BESIDE: &str = ".homeroom.db";
/// The SQLite file that remembers the nights of a folder, inside it.
#[cfg(feature = "sink-parquet")]
const INSIDE: &str = "homeroom.db";

/// A sink by the scheme of its addresses.
#[derive(Clone, Copy, Debug)]
pub struct SinkEntry {
    scheme: &'static str,
    open: fn(&Opening<'_>) -> Result<Opened, String>,
}

/// What a sink is opened with.
#[derive(Clone, Copy)]
struct Opening<'a> {
    /// The whole address.
    address: &'a str,
    base: &'a Path,
    /// The database of `[store]`.
    store: Option<&'a SinkAddress>,
}

/// What became of an address, by which nothing is touched yet.
#[derive(Clone, Debug)]
struct Opened {
    sink: Arc<dyn Sink>,
    /// Its file or folder, of a sink that is one.
    place: Option<PathBuf>,
    /// The database in which the nights of an outlet are remembered.
    store: Option<Box<SinkAddress>>,
    holds: Holds,
}

/// What there is in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// A file for all districts.
    File,
    /// A folder for all districts, which the sink makes.
    #[cfg_attr(
        not(feature = "sink-parquet"),
        allow(dead_code, reason = "no such sink is built in")
    )]
    Folder,
    /// A file for one district.
    #[cfg_attr(
        not(feature = "sink-oneroster"),
        allow(dead_code, reason = "no such sink is built in")
    )]
    OneDistrict,
}

impl Opened {
    #[cfg_attr(
        not(any(feature = "sink-sqlite", feature = "sink-postgres")),
        allow(dead_code, reason = "no database was built in")
    )]
    fn database(sink: impl Sink, place: Option<PathBuf>) -> Self {
        Self { sink: Arc::new(sink), place, store: None, holds: Holds::File }
    }
}

#[cfg(feature = "sink-sqlite")]
fn open_sqlite(opening: &Opening<'_>) -> Result<Opened, String> {
    let file = opening.path("the sink names no file; write sqlite:FILE")?;
    Ok(Opened::database(roster_sink::SqliteSink::new(&file), Some(file)))
}

#[cfg(feature = "sink-postgres")]
fn open_postgres(opening: &Opening<'_>) -> Result<Opened, String> {
    let sink = roster_sink::PostgresSink::new(opening.address);
    Ok(Opened::database(sink.map_err(|err| err.message().to_owned())?, None))
}

#[cfg(feature = "sink-parquet")]
fn open_parquet(opening: &Opening<'_>) -> Result<Opened, String> {
    let location = opening.rest();
    if location.starts_with("s3:") {
        let store = opening.store(None)?;
        let index = store.index_only(&format!("parquet:{}", location.trim_end_matches('/')))?;
        let sink = roster_sink::ParquetSink::s3(location, index);
        let sink = Arc::new(sink.map_err(|err| err.message().to_owned())?);
        let (place, store) = (None, Some(Box::new(store)));
        return Ok(Opened { sink, place, store, holds: Holds::Folder });
    }
    let folder = opening.path("the sink names no folder; write parquet:FOLDER")?;
    let store = opening.store(Some(folder.join(INSIDE)))?;
    // The folder may be moved, with what remembers its nights inside; and it may be written in several ways.
    let outlet = if opening.store.is_some() { canonical(&folder) } else { PathBuf::from(".") };
    let index = store.index_only(&format!("parquet:{}", outlet.display()))?;
    let sink = Arc::new(roster_sink::ParquetSink::folder(&folder, index));
    let (place, store) = (Some(folder), Some(Box::new(store)));
    Ok(Opened { sink, place, store, holds: Holds::Folder })
}

#[cfg(feature = "sink-oneroster")]
fn open_oneroster_1_1(opening: &Opening<'_>) -> Result<Opened, String> {
    open_oneroster(opening, roster_oneroster::Version::V1_1)
}

#[cfg(feature = "sink-oneroster")]
fn open_oneroster_1_2(opening: &Opening<'_>) -> Result<Opened, String> {
    open_oneroster(opening, roster_oneroster::Version::V1_2_1)
}

#[cfg(feature = "sink-oneroster")]
fn open_oneroster(
    opening: &Opening<'_>,
    version: roster_oneroster::Version,
) -> Result<Opened, String> {
    let file = opening.path("the sink names no file; write oneroster-1.2:FILE.zip")?;
    let store = opening.store(Some(with_ending(&file, BESIDE)))?;
    let sink = roster_sink::OneRosterSink::new(version, &file, store.sink());
    let (place, store) = (Some(file), Some(Box::new(store)));
    Ok(Opened { sink: Arc::new(sink), place, store, holds: Holds::OneDistrict })
}

#[cfg_attr(not(feature = "sink-oneroster"), allow(dead_code, reason = "no such sink is built in"))]
fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}

#[cfg_attr(
    not(any(feature = "sink-oneroster", feature = "sink-parquet")),
    allow(dead_code, reason = "no outlet was built in")
)]
impl Opening<'_> {
    /// What stands behind the scheme.
    fn rest(&self) -> &str {
        self.address.split_once(':').map_or("", |it| it.1)
    }

    /// The file or folder behind the scheme.
    fn path(&self, missing: &str) -> Result<PathBuf, String> {
        let rest = self.rest();
        if rest.is_empty() { Err(missing.to_owned()) } else { Ok(self.base.join(rest)) }
    }

    /// The database in which an outlet's nights are remembered: that of `[store]`, else an SQLite file `beside` it.
    fn store(&self, beside: Option<PathBuf>) -> Result<SinkAddress, String> {
        if let Some(store) = self.store {
            return Ok(store.clone());
        }
        let Some(file) = beside else {
            return Err("the sink is no database, and there is no file beside it to remember its nights in; name a \
                        database: as to in [store], or with --store on the command line"
                .to_owned());
        };
        beside_database(file)
    }
}

#[cfg(feature = "sink-sqlite")]
#[allow(clippy::unnecessary_wraps, reason = "without SQLite there is no such database")]
fn beside_database(file: PathBuf) -> Result<SinkAddress, String> {
    let text = Secret::new(format!("sqlite:{}", file.display()));
    let opened = Opened::database(roster_sink::SqliteSink::new(&file), Some(file));
    Ok(SinkAddress { scheme: "sqlite", text, opened })
}

#[cfg(not(feature = "sink-sqlite"))]
fn beside_database(_: PathBuf) -> Result<SinkAddress, String> {
    Err("the sink is no database, and SQLite was not built into this program; name a database: as to in [store], or \
         with --store on the command line"
        .to_owned())
}

/// Which sink, and where: what `--to` and `to` say.
#[derive(Clone, Debug)]
pub struct SinkAddress {
    scheme: &'static str,
    /// As it is written; a server's holds a password.
    text: Secret<String>,
    opened: Opened,
}

impl SinkAddress {
    /// Reads an address, such as `sqlite:FILE`; a relative file starts at `base`.  `store` is the database in which the
    /// nights of a sink that is none are remembered.
    ///
    /// # Errors
    ///
    /// A sentence that says which sinks there are.  It quotes no more than the scheme: a password may follow it.
    pub fn parse(text: &str, base: &Path, store: Option<&Self>) -> Result<Self, String> {
        let is_scheme = |it: &char| it.is_ascii_alphanumeric() || "+-.".contains(*it);
        let scheme = text.split_once(':').map(|it| it.0);
        let Some(scheme) =
            scheme.filter(|it| !it.is_empty() && it.chars().all(|it| is_scheme(&it)))
        else {
            return Err("a sink is written with its kind first, as sqlite:FILE".to_owned());
        };
        // PostgreSQL's own programs take both.
        let scheme = if scheme == "postgresql" { "postgres" } else { scheme };
        let Some(entry) = SINKS.iter().find(|it| it.scheme == scheme) else {
            let schemes: Vec<_> = SINKS.iter().map(|it| it.scheme).collect();
            let what = format!("sink {scheme:?}");
            return Err(absent(&what, scheme, KNOWN_SINKS, &schemes));
        };
        let store = store.map(Self::database);
        let opened = (entry.open)(&Opening { address: text, base, store })?;
        Ok(Self { scheme: entry.scheme, text: Secret::new(text.to_owned()), opened })
    }

    /// The sink; nothing is opened or made before it is used.
    #[must_use]
    pub fn sink(&self) -> Arc<dyn Sink> {
        self.opened.sink.clone()
    }

    /// The database that remembers the nights: the sink itself, or the one that an outlet has.
    #[must_use]
    pub fn database(&self) -> &Self {
        self.opened.store.as_deref().unwrap_or(self)
    }

    /// Whether it is a database, and can remember the nights of outlets.
    #[must_use]
    pub fn is_database(&self) -> bool {
        self.opened.store.is_none()
    }

    /// Whether there is place for one district only.
    #[must_use]
    pub fn is_for_one_district(&self) -> bool {
        self.opened.holds == Holds::OneDistrict
    }

    /// The same database, only to remember the nights of an outlet that keeps the rows itself.
    #[cfg(feature = "sink-parquet")]
    #[cfg_attr(
        not(any(feature = "sink-sqlite", feature = "sink-postgres")),
        allow(unused_variables, reason = "no database was built in")
    )]
    fn index_only(&self, outlet: &str) -> Result<Arc<dyn Sink>, String> {
        match self.scheme {
            #[cfg(feature = "sink-postgres")]
            "postgres" => {
                let sink = roster_sink::PostgresSink::new(self.text.expose());
                let sink = sink.map_err(|err| err.message().to_owned())?;
                Ok(Arc::new(sink.index_only(outlet)))
            }
            #[cfg(feature = "sink-sqlite")]
            "sqlite" => {
                let file = self.opened.place.clone().unwrap_or_default();
                Ok(Arc::new(roster_sink::SqliteSink::new(file).index_only(outlet)))
            }
            other => Err(format!("sink {other:?} cannot remember the nights of another")),
        }
    }

    /// Whether something is there already.
    ///
    /// # Errors
    ///
    /// The sink's.
    pub async fn exists(&self) -> Result<bool> {
        self.opened.sink.exists().await
    }

    /// The folder its files are in, of a sink that is made of files.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        let place = self.opened.place.as_deref()?;
        let folder = if self.opened.holds == Holds::Folder { place } else { place.parent()? };
        Some(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
    }

    /// A folder that must be there and is not.
    #[must_use]
    pub fn missing_folder(&self) -> Option<&Path> {
        let missing = |it: &Self| {
            let needed = it.opened.holds != Holds::Folder;
            needed && it.folder().is_some_and(|it| !it.is_dir())
        };
        // What remembers the nights of a folder may lie in it, and comes after it.
        let inside = self.opened.holds == Holds::Folder;
        let all = std::iter::once(self).chain((!inside).then(|| self.database()));
        all.filter(|it| missing(it)).find_map(Self::folder)
    }

    /// Whether both are the same place, however they are written.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.is_same_place(other)
    }

    /// Whether both are the same place, even for different sinks.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        let place = |it: &Self| it.opened.place.as_deref().map(canonical);
        match (place(self), place(other)) {
            (None, None) => self.text == other.text,
            (one, other) => one == other,
        }
    }

    /// The sink, for looking into what is there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when nothing is there: looking must not make an empty database.
    pub async fn existing(&self) -> Result<Arc<dyn Sink>> {
        if !self.exists().await? {
            let message = "nothing has been published there yet; `homeroom sync` makes it";
            return Err(
                Error::new(ErrorKind::ConfigInvalid, "sink.open", message).context("to", self)
            );
        }
        let sink = self.sink();
        sink.prepare().await?;
        Ok(sink)
    }
}

/// A file's path as the system sees it; of one that is not there yet, as it will be.
fn canonical(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| {
        let parent = file.parent().filter(|it| !it.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new(".")).canonicalize();
        let whole = parent.ok().zip(file.file_name()).map(|(parent, name)| parent.join(name));
        whole.unwrap_or_else(|| file.to_owned())
    })
}

impl fmt::Display for SinkAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.opened.sink.describe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "sink-sqlite")]
    #[test]
    fn sinks_are_read_or_refused_with_what_there_is() {
        #[track_caller]
        fn check(text: &str, expected: Result<&str, &str>) {
            let address = SinkAddress::parse(text, Path::new("/base"), None);
            let shown = address.map(|it| it.to_string());
            assert_eq!(shown.as_deref().map_err(String::as_str), expected, "{text}");
        }
        check("sqlite:roster.db", Ok("sqlite:/base/roster.db"));
        check("sqlite:/x/roster.db", Ok("sqlite:/x/roster.db"));
        check("sqlite:", Err("the sink names no file; write sqlite:FILE"));
        let form = "a sink is written with its kind first, as sqlite:FILE";
        for text in ["roster.db", "CANARY", "user@CANARY:5432/roster", ":CANARY", ""] {
            check(text, Err(form));
        }
        check("sqllite:a", Err("sink \"sqllite\" is not known; did you mean \"sqlite\"?"));
        #[cfg(feature = "sink-oneroster")]
        {
            check("oneroster-1.1:out.zip", Ok("oneroster-1.1:/base/out.zip"));
            check("oneroster-1.2:/x/out.zip", Ok("oneroster-1.2:/x/out.zip"));
            let message = "the sink names no file; write oneroster-1.2:FILE.zip";
            check("oneroster-1.2:", Err(message));
            let message = "sink \"oneroster\" is not known; did you mean \"oneroster-1.2\"?";
            check("oneroster:out.zip", Err(message));
        }
        #[cfg(feature = "sink-parquet")]
        check("parquet:", Err("the sink names no folder; write parquet:FOLDER"));
    }

    /// The database that remembers the nights of a sink, without and with a store; text of the error where there is none.
    #[cfg(all(feature = "sink-sqlite", any(feature = "sink-oneroster", feature = "sink-parquet")))]
    #[track_caller]
    fn check_store(text: &str, own: &str, with_store: &str) {
        let base = Path::new("/base");
        let parse = |store: Option<&SinkAddress>| match SinkAddress::parse(text, base, store) {
            Ok(address) => address.database().to_string(),
            Err(message) => message,
        };
        let store = SinkAddress::parse("sqlite:all.db", base, None).unwrap();
        assert_eq!((parse(None).as_str(), parse(Some(&store)).as_str()), (own, with_store));
    }

    #[cfg(all(feature = "sink-sqlite", feature = "sink-oneroster"))]
    #[test]
    fn nights_of_a_zip_are_remembered_beside_it_or_in_the_store() {
        let store = "sqlite:/base/all.db";
        check_store("sqlite:own.db", "sqlite:/base/own.db", "sqlite:/base/own.db");
        check_store("oneroster-1.2:out.zip", "sqlite:/base/out.zip.homeroom.db", store);
        check_store("oneroster-1.1:in/out", "sqlite:/base/in/out.homeroom.db", store);
    }

    #[cfg(all(feature = "sink-sqlite", feature = "sink-parquet"))]
    #[test]
    fn nights_of_parquet_files_are_remembered_in_their_folder_or_in_the_store() {
        let store = "sqlite:/base/all.db";
        check_store("parquet:lake", "sqlite:/base/lake/homeroom.db", store);
        let message = SinkAddress::parse("parquet:s3://b/p", Path::new(""), None).unwrap_err();
        assert!(message.contains("name a database") && message.contains("--store"), "{message}");
    }

    #[cfg(feature = "sink-postgres")]
    #[test]
    fn servers_are_shown_without_user_and_password() {
        let parse = |it: &str| SinkAddress::parse(it, Path::new("/base"), None);
        for scheme in ["postgres", "postgresql"] {
            let address = parse(&format!("{scheme}://CANARY:CANARY@h:5433/d")).unwrap();
            assert_eq!(address.to_string(), "postgres://h:5433/d");
            assert!(!format!("{address:?}").contains("CANARY"), "{address:?}");
            assert!(address.folder().is_none());
        }
        for wrong in ["postgres://u:CANARY@CANARY@h/d", "postgres:CANARY", "postgres://h/d?CANARY"]
        {
            let message = parse(wrong).unwrap_err();
            assert!(message.contains("postgres://USER@HOST") && !message.contains("CANARY"));
        }
    }

    #[cfg(feature = "sink-sqlite")]
    #[test]
    fn sink_that_is_written_in_two_ways_is_one() {
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir(base.path().join("in")).unwrap();
        let parse = |it: &str| SinkAddress::parse(it, base.path(), None).unwrap();
        let check = |one: &str, other: &str, same: bool| {
            assert_eq!(parse(one).is_same(&parse(other)), same, "{one} {other}");
            assert_eq!(parse(other).is_same(&parse(one)), same, "{other} {one}");
        };
        for _ in ["before the file is there", "after"] {
            check("sqlite:a.db", "sqlite:./a.db", true);
            check("sqlite:a.db", "sqlite:in/../a.db", true);
            check("sqlite:a.db", &format!("sqlite:{}/a.db", base.path().display()), true);
            check("sqlite:a.db", "sqlite:b.db", false);
            check("sqlite:a.db", "sqlite:in/a.db", false);
            std::fs::write(base.path().join("a.db"), "").unwrap();
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("a.db", base.path().join("link.db")).unwrap();
            check("sqlite:a.db", "sqlite:link.db", true);
        }
    }
}
