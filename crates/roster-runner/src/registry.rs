//! The connectors and sinks of this program: two explicit lists behind cargo features, of which the second is in `sinks`.
//!
//! A connector is typed in its own crate; here its configuration is erased, so that the rest of the program handles all
//! of them alike.

mod sinks;

pub use sinks::{SINKS, SinkAddress, SinkEntry};

use crate::config::{nearest, read_typed};
use roster_core::{
    Connector, DistrictDirectory, EntityKind, Error, ErrorKind, Result, RosterSource,
};
use schemars::{JsonSchema as _, Schema, SchemaGenerator};
use serde_json::Value;
use std::{fmt, path::Path, sync::Arc};

/// The connectors that were built in.
pub static CONNECTORS: &[ConnectorEntry] = &[
    #[cfg(feature = "connector-classlink")]
    ConnectorEntry::new::<connector_classlink::ClassLink>().names_things(SourceNames {
        table: roster_oneroster::collection_name,
        field: roster_oneroster::property_name,
    }),
    #[cfg(feature = "connector-clever")]
    ConnectorEntry::new::<connector_clever::Clever>()
        .names_things(SourceNames {
            table: connector_clever::names::table,
            field: connector_clever::names::field,
        })
        .lists_districts(|keys, base| {
            use connector_clever::{Config, directory, directory_problems};
            let whole = |message: String| vec![(String::new(), message)];
            let config: Config = read_typed(keys).map_err(whole)?;
            let problems = directory_problems(&config).into_iter();
            let problems: Vec<_> = problems.map(|it| (it.key.to_owned(), it.message)).collect();
            if !problems.is_empty() {
                return Err(problems);
            }
            directory(config, base).map_err(|err| whole(err.message().to_owned()))
        }),
    #[cfg(feature = "connector-odbc")]
    ConnectorEntry::new::<connector_odbc::Odbc>(),
    #[cfg(feature = "connector-oneroster")]
    ConnectorEntry::new::<connector_oneroster::OneRoster>()
        .reads_paths(connector_oneroster::from_path)
        .names_things(SourceNames {
            table: roster_oneroster::file_name,
            field: roster_oneroster::column_name,
        }),
    #[cfg(feature = "connector-sftp-spec")]
    ConnectorEntry::new::<connector_sftp_spec::SftpSpec>()
        .reads_paths(connector_sftp_spec::from_path)
        .names_things(SourceNames {
            table: connector_sftp_spec::spec::file_name,
            field: connector_sftp_spec::spec::column_name,
        }),
];

/// Every connector this version has, built in or not: id and cargo feature.
const KNOWN_CONNECTORS: &[(&str, &str)] = &[
    ("classlink", "connector-classlink"),
    ("clever", "connector-clever"),
    ("odbc", "connector-odbc"),
    ("oneroster", "connector-oneroster"),
    ("sftp-spec", "connector-sftp-spec"),
];

type Configure = fn(Value, &Path) -> Result<Arc<dyn RosterSource>, Vec<(String, String)>>;

type ListDistricts = fn(Value, &Path) -> Result<Arc<dyn DistrictDirectory>, Vec<(String, String)>>;

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
    directory: Option<ListDistricts>,
}

impl ConnectorEntry {
    #[allow(dead_code, reason = "no connector was built in")]
    const fn new<C: Connector>() -> Self {
        Self {
            id: C::ID,
            schema: C::Config::json_schema,
            configure: configure::<C>,
            from_path: None,
            names: None,
            directory: None,
        }
    }

    /// The same for a connector that a file or folder is enough for.
    #[allow(dead_code, reason = "no connector that reads files was built in")]
    const fn reads_paths(self, from_path: FromPath) -> Self {
        Self { from_path: Some(from_path), ..self }
    }

    /// The same for a connector that has names of its own for tables and fields.
    #[allow(dead_code, reason = "no connector with names of its own was built in")]
    const fn names_things(self, names: SourceNames) -> Self {
        Self { names: Some(names), ..self }
    }

    /// The same for a connector whose service lists the districts that connected with an application.
    #[allow(dead_code, reason = "no connector of a service that lists districts was built in")]
    const fn lists_districts(self, directory: ListDistricts) -> Self {
        Self { directory: Some(directory), ..self }
    }

    /// The list of districts that connected with an application, from the application's keys.
    ///
    /// # Errors
    ///
    /// As [`Self::configure`], also where the service has no such list.
    pub fn directory(
        &self,
        keys: Value,
        base: &Path,
    ) -> Result<Arc<dyn DistrictDirectory>, Vec<(String, String)>> {
        let Some(directory) = self.directory else {
            let message = format!("the connector {} lists no districts", self.id);
            return Err(vec![(String::new(), message)]);
        };
        directory(keys, base)
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

#[allow(dead_code, reason = "no connector was built in")]
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
        absent(&what, id, KNOWN_CONNECTORS, &built_in)
    })
}

fn absent(what: &str, name: &str, known: &[(&str, &str)], built_in: &[&str]) -> String {
    let listed = if built_in.is_empty() { "none".to_owned() } else { built_in.join(", ") };
    if let Some((_, feature)) = known.iter().find(|it| it.0 == name) {
        return format!(
            "{what} was not built into this program: build it with the cargo feature {feature}; built in: {listed}"
        );
    }
    match nearest(name, built_in.iter().copied()) {
        Some(meant) => format!("{what} is not known; did you mean {meant:?}?"),
        None => format!("{what} is not known; built in: {listed}"),
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
            absent("connector \"a\"", "a", &[("a", "connector-a")], &[]),
            "connector \"a\" was not built into this program: build it with the cargo feature connector-a; built in: none"
        );
    }
}
