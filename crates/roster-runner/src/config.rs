//! `homeroom.toml` as it is written: every key, its meaning, its unit and an example.
//!
//! The JSON schema of these types is what a file is checked against (`strict`), so a key is known by standing here and
//! nowhere else.  Keys that must be there are `Option`s marked as required: a file with a problem in one place is still
//! read everywhere else, and all its problems are told at once.

mod document;
mod strict;
mod typed;

pub use document::{ConfigErrors, Problem};
pub(crate) use document::{Document, Step};
pub(crate) use strict::nearest;
pub(crate) use typed::read as read_typed;

use crate::{
    Sharing, expectation::ExpectConfig, keep::KeepSettings, limits::LimitSettings, registry,
};
use roster_core::Secret;
use schemars::{
    JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, transform::RecursiveTransform,
};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use std::{borrow::Cow, num::NonZeroUsize, path::PathBuf};

/// `homeroom.toml`: which districts are synchronized, from where, and into which sink.
///
/// Relative paths start at the folder of the configuration file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "homeroom.toml")]
pub struct Config {
    /// Where rosters are published and runs are remembered, unless a district says otherwise.
    pub store: StoreConfig,
    /// How nights are run.
    pub night: NightConfig,
    /// The SFTP drop that districts upload their files to; `homeroom serve` runs it.  Default: none.
    #[cfg(feature = "drop")]
    pub drop: Option<roster_drop::DropConfig>,
    /// Credentials that connectors name as `{ vault = "name" }`, sealed with age.
    #[cfg(feature = "vault")]
    pub vault: roster_vault::VaultConfig,
    /// When `homeroom serve` runs nights, unless a district says otherwise.
    #[cfg(feature = "serve")]
    pub schedule: roster_schedule::ScheduleConfig,
    /// Who is told what happened, unless a district says otherwise.
    #[cfg(feature = "serve")]
    pub notices: roster_notices::NoticesConfig,
    /// `homeroom serve`: where it listens, and who gets in.
    #[cfg(feature = "serve")]
    pub serve: crate::serve::ServeConfig,
    /// The districts, one `[[district]]` each.
    pub district: Vec<DistrictConfig>,
}

/// Where rosters are published and runs are remembered, unless a district says otherwise.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// The sink, as `sqlite:FILE` or `postgres://USER@HOST/DATABASE`; a password is better kept in `PGPASSWORD` or
    /// `~/.pgpass`.  Such a database also remembers the runs of districts whose own sink is none, as
    /// `oneroster-1.2:FILE.zip`.  Where this is no database itself, an SQLite file beside a sink remembers its runs:
    /// `FILE.zip.homeroom.db`.  Example: `"sqlite:roster.db"`
    pub to: Option<String>,
}

/// How nights are run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NightConfig {
    /// Number of districts that are synchronized at the same time.  Default: one.  Example: `4`
    pub districts_at_once: Option<NonZeroUsize>,
    /// Folder in which a night keeps its plan until it is published; it is removed afterwards.  Default: the folder of
    /// the sink's file, where there is room for it and the data is protected already; the system's folder for temporary
    /// files where the sink is a server.  Example: `"/var/tmp/homeroom"`
    pub work_folder: Option<PathBuf>,
    /// Number of examples that are kept of each kind of finding.  Default: ten.  Example: `25`
    pub examples: Option<usize>,
    /// Number of school nights after which a feed that is fetched without an error and never changes is reported; 0
    /// for never.  A school night is one from Monday to Friday and, where the feed has academic sessions, in one of
    /// them.  Default: five.  Example: `3`
    pub stale_after_school_nights: Option<u32>,
    /// How long things are kept.
    pub keep: KeepSettings,
    /// How much a night may change before a person has to look.  What breaks a limit is held, the rest is published.
    pub limits: LimitSettings,
}

/// A district.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DistrictConfig {
    /// Its id in tables, reports and on the command line: 1 to 64 letters, digits, dots, dashes or underscores.  It
    /// must never change: the public ids of its records depend on it.  Example: `"lakeside"`
    #[schemars(required)]
    pub id: Option<String>,
    /// Its name for people.  Example: `"Lakeside Unified School District"`
    pub name: Option<String>,
    /// Where its roster comes from.
    #[schemars(required)]
    pub source: Option<SourceConfig>,
    /// The sink of this district, where it is not the store's.  A OneRoster zip is for one district.
    /// Example: `"oneroster-1.2:lakeside.zip"`
    pub to: Option<String>,
    /// What of the roster is shared.  Nothing set: everything.
    ///
    /// Changed settings hold from the next night on: what they no longer share is withdrawn, also when the source sends
    /// only what changed. When the roles, enrollments or relationships of a night are missing, empty, only changes or
    /// partly rejected, people who are published stay shared unless a record of theirs speaks against it, and nobody
    /// becomes shared without a record that lets them in. A record that was rejected tonight keeps its last good
    /// version, without the fields that are left out, until it is mended or its whole table is left out; so do the
    /// records of a user who was rejected.
    #[serde(default)]
    pub sharing: Sharing,
    /// How long things of this district are kept, where it is not as for all.
    #[serde(default)]
    pub keep: KeepSettings,
    /// Limits of this district, where they are not those of all nights.
    #[serde(default)]
    pub limits: LimitSettings,
    /// When its files are expected, if it sends files: `homeroom due` tells what is late.
    #[serde(default)]
    pub expect: ExpectConfig,
    /// When its nights run, where it is not as for all.
    #[cfg(feature = "serve")]
    #[serde(default)]
    pub schedule: roster_schedule::ScheduleConfig,
    /// Who is told about it, beside those who are told about all.
    #[cfg(feature = "serve")]
    #[serde(default)]
    pub notices: Vec<roster_notices::RecipientConfig>,
}

/// A district's source: the connector's id and the connector's own keys.
#[derive(Debug)]
pub struct SourceConfig {
    /// The connector's id.
    pub connector: String,
    /// The connector's own keys; credentials may be among them.
    pub keys: Secret<Value>,
}

impl<'de> Deserialize<'de> for SourceConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut keys = serde_json::Map::deserialize(deserializer)?;
        match keys.remove(CONNECTOR) {
            Some(Value::String(connector)) => {
                Ok(Self { connector, keys: Secret::new(Value::Object(keys)) })
            }
            _ => Err(D::Error::missing_field(CONNECTOR)),
        }
    }
}

impl JsonSchema for SourceConfig {
    fn schema_name() -> Cow<'static, str> {
        "SourceConfig".into()
    }

    /// One alternative for each connector that was built in, told apart by `connector`.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of_connector = |entry: &registry::ConnectorEntry| {
            let mut schema = entry.schema(generator);
            let keys = schema.ensure_object();
            let connector = serde_json::json!({
                "const": entry.id(),
                "description": "Id of the connector.",
                "type": "string",
            });
            insert(keys, "properties", |it| it[CONNECTOR] = connector);
            insert(keys, "required", |it| {
                let required = it.as_array().cloned().unwrap_or_default();
                *it = std::iter::once(Value::from(CONNECTOR)).chain(required).collect();
            });
            schema
        };
        let alternatives: Vec<Schema> = registry::CONNECTORS.iter().map(of_connector).collect();
        schemars::json_schema!({ "type": "object", "oneOf": alternatives })
    }
}

/// The key that tells sources apart.
pub(crate) const CONNECTOR: &str = "connector";

fn insert(keys: &mut serde_json::Map<String, Value>, key: &str, change: impl FnOnce(&mut Value)) {
    change(keys.entry(key).or_insert(Value::Null));
}

/// The JSON schema of `homeroom.toml`, with the keys of every connector that was built in.
///
/// Nothing in it is a reference, so that it can be read from top to bottom.
#[must_use]
pub fn config_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true);
    let settings = settings.with_transform(RecursiveTransform(forget_null));
    settings.into_generator().into_root_schema_for::<Config>().to_value()
}

/// TOML has no null: a key that may be left out is not one that may be null.
fn forget_null(schema: &mut Schema) {
    let is_null = |it: &Value| *it == "null" || it["type"] == "null";
    let Some(keys) = schema.as_object_mut() else { return };
    if keys.get("default").is_some_and(Value::is_null) {
        keys.remove("default");
    }
    for listed in ["type", "anyOf"] {
        let Some(Value::Array(options)) = keys.get_mut(listed) else { continue };
        options.retain(|it| !is_null(it));
        if options.len() > 1 {
            continue;
        }
        match keys.remove(listed).map(|it| it[0].clone()) {
            Some(Value::Object(only)) => only.into_iter().for_each(|(key, value)| {
                keys.entry(key).or_insert(value);
            }),
            Some(only) => _ = keys.insert(listed.to_owned(), only),
            None => {}
        }
    }
}

/// Reads a file's text: everything that can be read of it, and everything that is wrong with its form.
pub(crate) fn read(document: &Document<'_>) -> (Config, Vec<Problem>) {
    let (value, mut problems) = strict::check(document, &config_schema(), &|key, found| {
        (key == CONNECTOR).then(|| registry::connector(found).err()).flatten()
    });
    let config = typed::read(value).unwrap_or_else(|message| {
        // What the schema lets through and the types do not; never seen, but it must not pass silently.
        problems.push(document.problem(&[], message));
        Config::default()
    });
    (config, problems)
}

#[cfg(test)]
#[cfg(all(feature = "connector-oneroster", feature = "sink-sqlite"))]
mod tests;
