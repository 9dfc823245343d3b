//! The two small files that readers begin with: `current.json`, which names a run's manifest, and the manifest, which
//! names the files of every table as that run published it.

use super::{failure::damaged, location::Files};
use crate::RunId;
use roster_core::{DistrictId, EntityKind, Error, ErrorKind, Result, value::Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the layout: of these files, and of what the tables' columns mean.
pub(super) const SCHEMA_VERSION: u32 = 1;
/// Folder of a district's runs.
pub(super) const RUNS: &str = "runs";
/// The file that is moved last.
pub(super) const CURRENT: &str = "current.json";
const MANIFEST: &str = "manifest.json";

/// A file of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    /// From the district's folder on; it may lie in the folder of an older run.
    pub(super) path: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

/// A table: its files hold its rows in the order of their first publication, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableEntry {
    /// Deleted ones included.
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) files: Vec<FileEntry>,
}

impl TableEntry {
    /// A table of these files.
    pub(super) fn of(files: Vec<FileEntry>) -> Self {
        let rows = files.iter().map(|it| it.rows).sum();
        let bytes = files.iter().map(|it| it.bytes).sum();
        Self { rows, bytes, files }
    }
}

/// What a run published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    pub(super) district: DistrictId,
    pub(super) run: RunId,
    /// Grows by one with every publish of the district.
    pub(super) basis: u64,
    /// Id of the database that remembers the nights.
    pub(super) store: String,
    /// When the run ended.
    pub(super) at: Timestamp,
    /// By the names of the tables; one of a newer Homeroom is carried along.
    pub(super) tables: BTreeMap<String, TableEntry>,
    /// What this run changed.
    pub(super) changes: Option<FileEntry>,
    /// Keys that records gave up for others, in this run and before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rekeys: Vec<FileEntry>,
    /// Tables whose files are gone because they held what is no longer shared or kept; the latest run has them still.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) emptied: BTreeSet<String>,
    /// How often files of this run were written anew to empty what is no longer shared.
    #[serde(default)]
    pub(super) erasures: u32,
}

impl Manifest {
    /// The table of an entity.
    pub(super) fn table(&self, entity: EntityKind) -> Option<&TableEntry> {
        self.tables.get(entity.table())
    }

    /// All files that it needs.
    pub(super) fn files(&self) -> impl Iterator<Item = &FileEntry> {
        let tables = self.tables.values().flat_map(|it| &it.files);
        tables.chain(&self.changes).chain(&self.rekeys)
    }

    /// Its own path.
    pub(super) fn path(&self) -> String {
        path_of(&self.run)
    }

    /// Reads the manifest at `path`; `None` when there is none.
    pub(super) async fn read(
        operation: &'static str,
        files: &Files,
        path: &str,
    ) -> Result<Option<Self>> {
        read(operation, files, path).await
    }

    /// Writes it.
    pub(super) async fn write(&self, operation: &'static str, files: &Files) -> Result<()> {
        files.write(operation, &self.path(), json(operation, self)?).await
    }
}

/// Where the manifest of a run is.
pub(super) fn path_of(run: &RunId) -> String {
    format!("{}/{MANIFEST}", folder_of(run))
}

/// The folder of a run.
pub(super) fn folder_of(run: &RunId) -> String {
    format!("{RUNS}/{run}")
}

/// The run whose manifest is at `path`; `None` for another file.
pub(super) fn run_of(path: &str) -> Option<RunId> {
    let run = path.strip_prefix(RUNS)?.strip_prefix('/')?.strip_suffix(MANIFEST)?;
    run.strip_suffix('/').filter(|it| !it.contains('/')).map(RunId::from_text)
}

/// What `current.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pointer {
    pub(super) schema_version: u32,
    pub(super) district: DistrictId,
    pub(super) run: RunId,
    pub(super) basis: u64,
    /// Path of the run's manifest.
    pub(super) manifest: String,
    /// Path of the manifest that it named before, for whoever still reads that.
    pub(super) previous: Option<String>,
}

impl Pointer {
    /// A pointer to a manifest, which takes the place of `previous`.
    pub(super) fn to(manifest: &Manifest, previous: Option<&Self>) -> Self {
        let path = manifest.path();
        let previous = previous.and_then(|it| {
            // A pointer that is moved to where it stands still remembers where it stood before.
            if it.manifest == path { it.previous.clone() } else { Some(it.manifest.clone()) }
        });
        Self {
            schema_version: SCHEMA_VERSION,
            district: manifest.district.clone(),
            run: manifest.run.clone(),
            basis: manifest.basis,
            manifest: path,
            previous,
        }
    }

    /// Whether it names this manifest.
    pub(super) fn names(&self, manifest: &Manifest) -> bool {
        (&self.run, self.basis) == (&manifest.run, manifest.basis)
    }

    /// Its text.
    pub(super) fn json(&self, operation: &'static str) -> Result<Vec<u8>> {
        json(operation, self)
    }
}

async fn read<T: DeserializeOwned>(
    operation: &'static str,
    files: &Files,
    path: &str,
) -> Result<Option<T>> {
    let Some(found) = files.read(operation, path).await? else { return Ok(None) };
    parse(operation, path, &found.bytes).map(Some)
}

/// Reads a manifest or a pointer from its text.
pub(super) fn parse<T: DeserializeOwned>(
    operation: &'static str,
    path: &str,
    bytes: &[u8],
) -> Result<T> {
    #[derive(Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let unreadable = |_| damaged(operation, path, "it is not what Homeroom wrote");
    let Version { schema_version } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if schema_version > SCHEMA_VERSION {
        let message = "the files are of a newer Homeroom; update this one";
        return Err(Error::new(ErrorKind::ConfigInvalid, operation, message)
            .context("file", path)
            .context("version", schema_version));
    }
    serde_json::from_slice(bytes).map_err(unreadable)
}

fn json(operation: &'static str, value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|err| {
        let message = "a manifest cannot be written as JSON; please report it";
        Error::new(ErrorKind::Internal, operation, message).source(err)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_is_read_from_the_path_of_its_manifest() {
        let check = |path: &str, expected: Option<&str>| {
            let run = run_of(path);
            assert_eq!(run.as_ref().map(RunId::as_str), expected, "{path}");
        };
        check(&path_of(&RunId::from_text("r1")), Some("r1"));
        check("runs/r1/users-0.parquet", None);
        check("runs/a/b/manifest.json", None);
        check("manifest.json", None);
    }

    #[test]
    fn newer_files_are_not_misread() {
        let text = br#"{"schema_version":2,"anything":"else"}"#;
        let error = parse::<Pointer>("t", "current.json", text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
        let error = parse::<Pointer>("t", "current.json", b"{").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
    }
}
