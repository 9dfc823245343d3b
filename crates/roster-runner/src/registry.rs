//! The connectors and sinks of this program: two explicit lists behind cargo features.
//!
//! A connector is typed in its own crate; here its configuration is erased, so that the rest of the program handles all
//! of them alike.

use crate::config::{nearest, read_typed};
use roster_core::{Connector, EntityKind, Error, ErrorKind, Result, RosterSource, Secret};
use roster_sink::Sink;
use schemars::{JsonSchema as _, Schema, SchemaGenerator};
use serde_json::Value;
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The connectors that were built in.
pub static CONNECTORS: &[ConnectorEntry] = &[
    #[cfg(feature = "connector-oneroster")]
    ConnectorEntry::new::<connector_oneroster::OneRoster>()
        .reads_paths(connector_oneroster::from_path)
        .names_things(SourceNames {
            table: roster_oneroster::file_name,
            field: roster_oneroster::column_name,
        }),
];

/// The sinks that were built in.
pub static SINKS: &[SinkEntry] = &[
    #[cfg(feature = "sink-sqlite")]
    SinkEntry { scheme: "sqlite", open: open_sqlite },
    #[cfg(feature = "sink-postgres")]
    SinkEntry { scheme: "postgres", open: open_postgres },
];

/// Every connector this version has, built in or not: id and cargo feature.
const KNOWN_CONNECTORS: &[(&str, &str)] = &[("oneroster", "connector-oneroster")];

/// Connectors of later versions.
const LATER_CONNECTORS: &[&str] = &["odbc", "sftp-spec", "clever", "classlink"];

/// Every sink this version has, built in or not: scheme and cargo feature.
const KNOWN_SINKS: &[(&str, &str)] = &[("sqlite", "sink-sqlite"), ("postgres", "sink-postgres")];

/// Sinks of later versions, by scheme.
const LATER_SINKS: &[&str] = &["parquet", "oneroster-1.1", "oneroster-1.2"];

type Configure = fn(Value, &Path) -> Result<Arc<dyn RosterSource>, Vec<(String, String)>>;

type FromPath = fn(&Path) -> Result<Arc<dyn RosterSource>>;

/// A connector's own names for what the model has, for reports to those who use them.
#[derive(Clone, Copy, Debug)]
pub struct SourceNames {
    /// For an entity: the file its records come in, say.
    pub table: fn(EntityKind) -> Option<&'static str>,
    /// For a field of an entity.
    pub field: fn(EntityKind, &str) -> Option<&'static str>,
}

/// A connector with its configuration erased.
#[derive(Clone, Copy)]
pub struct ConnectorEntry {
    id: &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
    configure: Configure,
    from_path: Option<FromPath>,
    names: Option<SourceNames>,
}

impl ConnectorEntry {
    #[cfg_attr(
        not(feature = "connector-oneroster"),
        allow(dead_code, reason = "no connector was built in")
    )]
    const fn new<C: Connector>() -> Self {
        Self {
            id: C::ID,
            schema: C::Config::json_schema,
            configure: configure::<C>,
            from_path: None,
            names: None,
        }
    }

    /// The same for a connector that a file or folder is enough for.
    #[cfg_attr(
        not(feature = "connector-oneroster"),
        allow(dead_code, reason = "no connector that reads files was built in")
    )]
    const fn reads_paths(self, from_path: FromPath) -> Self {
        Self { from_path: Some(from_path), ..self }
    }

    /// The same for a connector that has names of its own for tables and fields.
    #[cfg_attr(
        not(feature = "connector-oneroster"),
        allow(dead_code, reason = "no connector with names of its own was built in")
    )]
    const fn names_things(self, names: SourceNames) -> Self {
        Self { names: Some(names), ..self }
    }

    /// Its own names for tables and fields.
    #[must_use]
    pub fn names(&self) -> Option<SourceNames> {
        self.names
    }

    /// Its stable id.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The JSON schema of its keys.
    #[must_use]
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// Makes a source from its keys; does no I/O.  Relative paths start at `base`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong: the key, empty where no single one is to blame, and what is wrong with it.
    pub fn configure(
        &self,
        keys: Value,
        base: &Path,
    ) -> Result<Arc<dyn RosterSource>, Vec<(String, String)>> {
        (self.configure)(keys, base)
    }

    /// Makes a source from nothing but a file or folder, for `--from`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`], also for a connector that needs more than a path.
    pub fn from_path(&self, path: &Path) -> Result<Arc<dyn RosterSource>> {
        let Some(from_path) = self.from_path else {
            let message = "the connector reads no files; name its source in a configuration file";
            return Err(Error::new(ErrorKind::ConfigInvalid, "source.from_path", message)
                .context("connector", self.id));
        };
        from_path(path)
    }
}

impl fmt::Debug for ConnectorEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorEntry").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg_attr(
    not(feature = "connector-oneroster"),
    allow(dead_code, reason = "no connector was built in")
)]
fn configure<C: Connector>(
    keys: Value,
    base: &Path,
) -> Result<Arc<dyn RosterSource>, Vec<(String, String)>> {
    let whole = |message: String| vec![(String::new(), message)];
    let config: C::Config = read_typed(keys).map_err(whole)?;
    let problems = C::validate(&config);
    if problems.is_empty() {
        return C::build(config, base).map_err(|err| whole(err.message().to_owned()));
    }
    Err(problems.into_iter().map(|it| (it.key.to_owned(), it.message)).collect())
}

/// The connector with this id.
///
/// # Errors
///
/// A sentence that tells a misspelt connector from one that was not built in and one that does not exist yet.
pub fn connector(id: &str) -> Result<&'static ConnectorEntry, String> {
    CONNECTORS.iter().find(|it| it.id == id).ok_or_else(|| {
        let built_in: Vec<_> = CONNECTORS.iter().map(|it| it.id).collect();
        let what = format!("connector {id:?}");
        absent(&what, id, KNOWN_CONNECTORS, LATER_CONNECTORS, &built_in)
    })
}

fn absent(
    what: &str,
    name: &str,
    known: &[(&str, &str)],
    later: &[&str],
    built_in: &[&str],
) -> String {
    let listed = if built_in.is_empty() { "none".to_owned() } else { built_in.join(", ") };
    if let Some((_, feature)) = known.iter().find(|it| it.0 == name) {
        return format!(
            "{what} was not built into this program: build it with the cargo feature {feature}; built in: {listed}"
        );
    }
    if later.contains(&name) {
        return format!("{what} comes in a later version; built in: {listed}");
    }
    match nearest(name, built_in.iter().copied()) {
        Some(meant) => format!("{what} is not known; did you mean {meant:?}?"),
        None => format!("{what} is not known; built in: {listed}"),
    }
}

/// A sink by the scheme of its addresses.
#[derive(Clone, Copy, Debug)]
pub struct SinkEntry {
    scheme: &'static str,
    open: fn(&str, &Path) -> Result<Opened, String>,
}

/// What became of an address, by which nothing is touched yet.
#[derive(Clone, Debug)]
struct Opened {
    sink: Arc<dyn Sink>,
    /// Its file, of a sink that is one.
    file: Option<PathBuf>,
}

#[cfg(feature = "sink-sqlite")]
fn open_sqlite(address: &str, base: &Path) -> Result<Opened, String> {
    let (_, file) = address.split_once(':').unwrap_or_default();
    if file.is_empty() {
        return Err("the sink names no file; write sqlite:FILE".to_owned());
    }
    let file = base.join(file);
    Ok(Opened { sink: Arc::new(roster_sink::SqliteSink::new(&file)), file: Some(file) })
}

#[cfg(feature = "sink-postgres")]
fn open_postgres(address: &str, _: &Path) -> Result<Opened, String> {
    let sink = roster_sink::PostgresSink::new(address).map_err(|err| err.message().to_owned())?;
    Ok(Opened { sink: Arc::new(sink), file: None })
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
    /// Reads an address, such as `sqlite:FILE`; a relative file starts at `base`.
    ///
    /// # Errors
    ///
    /// A sentence that says which sinks there are.  It quotes no more than the scheme: a password may follow it.
    pub fn parse(text: &str, base: &Path) -> Result<Self, String> {
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
            return Err(absent(&what, scheme, KNOWN_SINKS, LATER_SINKS, &schemes));
        };
        let opened = (entry.open)(text, base)?;
        Ok(Self { scheme: entry.scheme, text: Secret::new(text.to_owned()), opened })
    }

    /// The sink; nothing is opened or made before it is used.
    #[must_use]
    pub fn sink(&self) -> Arc<dyn Sink> {
        self.opened.sink.clone()
    }

    /// Whether something is there already.
    ///
    /// # Errors
    ///
    /// The sink's.
    pub async fn exists(&self) -> Result<bool> {
        self.opened.sink.exists().await
    }

    /// The folder its file is in, of a sink that is a file.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        let folder = self.opened.file.as_deref()?.parent()?;
        Some(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
    }

    /// Whether both are the same place, however they are written.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let place = |it: &Self| it.opened.file.as_deref().map(canonical);
        match (place(self), place(other)) {
            (None, None) => self.text == other.text,
            (one, other_place) => self.scheme == other.scheme && one == other_place,
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

    #[test]
    fn connectors_are_found_or_their_absence_is_explained() {
        let id = |it: &str| connector(it).map(ConnectorEntry::id);
        let all = cfg!(feature = "connector-oneroster");
        assert_eq!(id("oneroster").is_ok(), all);
        let without =
            |it: &str| id(it).unwrap_err().split("; ").next().unwrap_or_default().to_owned();
        assert_eq!(without("clever"), "connector \"clever\" comes in a later version");
        assert_eq!(without("csv"), "connector \"csv\" is not known");
        if all {
            assert_eq!(
                id("onerooster").unwrap_err(),
                "connector \"onerooster\" is not known; did you mean \"oneroster\"?"
            );
        }
    }

    #[cfg(feature = "connector-oneroster")]
    #[test]
    fn connector_that_reads_no_files_says_where_its_source_is_named() {
        let entry = ConnectorEntry::new::<connector_oneroster::OneRoster>();
        let error = entry.from_path(Path::new("feed.zip")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
        assert!(error.to_string().contains("configuration file [connector=oneroster]"), "{error}");
        assert!(
            entry.reads_paths(connector_oneroster::from_path).from_path(Path::new("x")).is_ok()
        );
    }

    #[test]
    fn connector_that_was_not_built_in_is_named_with_its_feature() {
        assert_eq!(
            absent("connector \"a\"", "a", &[("a", "connector-a")], &[], &[]),
            "connector \"a\" was not built into this program: build it with the cargo feature connector-a; built in: none"
        );
    }

    #[cfg(feature = "sink-sqlite")]
    #[test]
    fn sinks_are_read_or_refused_with_what_there_is() {
        #[track_caller]
        fn check(text: &str, expected: Result<&str, &str>) {
            let address = SinkAddress::parse(text, Path::new("/base"));
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
        for later in ["parquet:s3://b/p", "parquet:p", "oneroster-1.2:out.zip"] {
            let scheme = later.split_once(':').map(|it| it.0).unwrap_or_default();
            let built_in = SINKS.iter().map(|it| it.scheme).collect::<Vec<_>>().join(", ");
            let expected =
                format!("sink {scheme:?} comes in a later version; built in: {built_in}");
            check(later, Err(&expected));
        }
    }

    #[cfg(feature = "sink-postgres")]
    #[test]
    fn servers_are_shown_without_user_and_password() {
        let parse = |it: &str| SinkAddress::parse(it, Path::new("/base"));
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
        let parse = |it: &str| SinkAddress::parse(it, base.path()).unwrap();
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
