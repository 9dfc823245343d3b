//! The connectors and sinks of this program: two explicit lists behind cargo features.
//!
//! A connector is typed in its own crate; here its configuration is erased, so that the rest of the program handles all
//! of them alike.

use crate::config::nearest;
use roster_core::{Connector, Error, ErrorKind, Result, RosterSource};
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
    ConnectorEntry::new::<connector_oneroster::OneRoster>(connector_oneroster::from_path),
];

/// The sinks that were built in.
pub static SINKS: &[SinkEntry] = &[
    #[cfg(feature = "sink-sqlite")]
    SinkEntry { scheme: "sqlite", open: |path| Arc::new(roster_sink::SqliteSink::new(path)) },
];

/// Every connector this version has, built in or not: id and cargo feature.
const KNOWN_CONNECTORS: &[(&str, &str)] = &[("oneroster", "connector-oneroster")];

/// Connectors of later versions.
const LATER_CONNECTORS: &[&str] = &["odbc", "sftp-spec", "clever", "classlink"];

/// Every sink this version has, built in or not: scheme and cargo feature.
const KNOWN_SINKS: &[(&str, &str)] = &[("sqlite", "sink-sqlite")];

/// Sinks of later versions, by scheme.
const LATER_SINKS: &[&str] =
    &["postgres", "postgresql", "parquet", "oneroster-1.1", "oneroster-1.2"];

type Configure = fn(Value, &Path) -> Result<Arc<dyn RosterSource>, Vec<(String, String)>>;

/// A connector with its configuration erased.
#[derive(Clone, Copy)]
pub struct ConnectorEntry {
    id: &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
    configure: Configure,
    from_path: fn(&Path) -> Result<Arc<dyn RosterSource>>,
}

impl ConnectorEntry {
    #[cfg_attr(
        not(feature = "connector-oneroster"),
        allow(dead_code, reason = "no connector was built in")
    )]
    const fn new<C: Connector>(from_path: fn(&Path) -> Result<Arc<dyn RosterSource>>) -> Self {
        Self { id: C::ID, schema: C::Config::json_schema, configure: configure::<C>, from_path }
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
    /// [`ErrorKind::ConfigInvalid`].
    pub fn from_path(&self, path: &Path) -> Result<Arc<dyn RosterSource>> {
        (self.from_path)(path)
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
    let config: C::Config = serde_json::from_value(keys).map_err(|err| whole(err.to_string()))?;
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

/// A sink that writes to a file.
#[derive(Clone, Copy, Debug)]
pub struct SinkEntry {
    scheme: &'static str,
    open: fn(&Path) -> Arc<dyn Sink>,
}

/// Which sink, and where: what `--to` and `to` say.
#[derive(Clone, Debug)]
pub struct SinkAddress {
    entry: &'static SinkEntry,
    path: PathBuf,
}

impl SinkAddress {
    /// Reads `sqlite:FILE`; a relative file starts at `base`.
    ///
    /// # Errors
    ///
    /// A sentence that says which sinks there are.
    pub fn parse(text: &str, base: &Path) -> Result<Self, String> {
        let schemes: Vec<_> = SINKS.iter().map(|it| it.scheme).collect();
        let Some((scheme, target)) = text.split_once(':') else {
            return Err(format!("a sink is written as sqlite:FILE, not {text:?}"));
        };
        let Some(entry) = SINKS.iter().find(|it| it.scheme == scheme) else {
            let what = format!("sink {scheme:?}");
            return Err(absent(&what, scheme, KNOWN_SINKS, LATER_SINKS, &schemes));
        };
        if target.is_empty() {
            return Err(format!("sink {text:?} names no file; write {scheme}:FILE"));
        }
        Ok(Self { entry, path: base.join(target) })
    }

    /// The sink; nothing is opened or made before it is used.
    #[must_use]
    pub fn sink(&self) -> Arc<dyn Sink> {
        (self.entry.open)(&self.path)
    }

    /// Whether something is there already.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// The folder its file is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        let parent = self.path.parent().filter(|it| !it.as_os_str().is_empty());
        parent.unwrap_or(Path::new("."))
    }

    /// The sink, for looking into what is there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when nothing is there: looking must not make an empty database.
    pub async fn existing(&self) -> Result<Arc<dyn Sink>> {
        if !self.exists() {
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

impl PartialEq for SinkAddress {
    fn eq(&self, other: &Self) -> bool {
        self.entry.scheme == other.entry.scheme && self.path == other.path
    }
}

impl fmt::Display for SinkAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.entry.scheme, self.path.display())
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
        check("sqlite:", Err("sink \"sqlite:\" names no file; write sqlite:FILE"));
        check("roster.db", Err("a sink is written as sqlite:FILE, not \"roster.db\""));
        check("sqllite:a", Err("sink \"sqllite\" is not known; did you mean \"sqlite\"?"));
        for later in ["postgres://h/d", "parquet:s3://b/p", "parquet:p", "oneroster-1.2:out.zip"] {
            let scheme = later.split_once(':').map(|it| it.0).unwrap_or_default();
            let expected = format!("sink {scheme:?} comes in a later version; built in: sqlite");
            check(later, Err(&expected));
        }
    }
}
