//! A set of OneRoster files: which they are, of which edition, in which mode, with which columns.

mod entries;
mod foreign;
mod header;
mod modes;
mod naming;
mod staged;

pub(crate) use header::{Found, Header};

use crate::{
    files::{FILES, FileSpec},
    manifest::{Announced, Manifest, Mode},
    rest::Staged,
    version::{Version, Versions},
};
use entries::Known;
use header::RawHeader;
use modes::Modes;
use roster_core::{Diagnostic, EntityKind, Error, ErrorKind, Origin, PartInfo, Result};
use roster_tabular::{Bundle, CsvLimits, CsvReader, Entry};
use std::sync::Arc;

/// A set whose files, edition, modes and columns are known; no record is read yet.
#[derive(Debug)]
pub struct Fileset {
    content: Content,
    version: Version,
    has_manifest: bool,
    files: Vec<SetFile>,
    findings: Vec<Diagnostic>,
}

/// Where the records are.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// In files.
    Bundle(Bundle),
    /// In memory, pulled from a service.
    Staged(Staged),
}

/// A file of a set.
#[derive(Debug)]
pub struct SetFile {
    pub(crate) spec: &'static FileSpec,
    pub(crate) entry: Entry,
    pub(crate) origin: Origin,
    pub(crate) mode: Mode,
    /// Whether the set says the mode clearly.
    pub(crate) mode_is_clear: bool,
    pub(crate) header: Header,
    pub(crate) findings: Vec<Diagnostic>,
    refusal: Option<Error>,
}

/// Why a set is not read, with what was found on the way.
#[derive(Debug)]
pub struct Refusal {
    /// The sentence.
    pub error: Error,
    /// What else was found until then.
    pub findings: Vec<Diagnostic>,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

impl Fileset {
    /// Reads the manifest and the header of every file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SchemaMismatch`] when it is another format; what the bundle says when it cannot be read.
    pub fn open(bundle: Bundle, limits: CsvLimits) -> Result<Self, Refusal> {
        let mut findings = Vec::new();
        match Self::open_with(bundle, limits, &mut findings) {
            Ok(fileset) => Ok(Self { findings, ..fileset }),
            Err(error) => Err(Refusal { error, findings }),
        }
    }

    fn open_with(
        bundle: Bundle,
        limits: CsvLimits,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Self> {
        let known = entries::recognize(bundle.entries(), findings)?;
        let manifest = match &known.manifest {
            Some(entry) => Some(read_manifest(&bundle, entry, limits, findings)?),
            None => None,
        };
        let headers = read_headers(&bundle, &known, limits)?;
        foreign::refuse_foreign_headers(&headers, manifest.is_some())?;
        let version = detect_version(manifest.as_ref(), &headers);
        let modes = Modes::new(manifest.as_ref(), version, &known);
        modes.announce(&known, findings);
        let files = headers.into_iter().map(|it| it.bind(version, &modes)).collect();
        let has_manifest = manifest.is_some();
        let content = Content::Bundle(bundle);
        Ok(Self { content, version, has_manifest, files, findings: Vec::new() })
    }

    /// The edition it is read as.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether it has a manifest.
    #[must_use]
    pub fn has_manifest(&self) -> bool {
        self.has_manifest
    }

    /// Its data files, in load order.
    #[must_use]
    pub fn files(&self) -> &[SetFile] {
        &self.files
    }

    /// What was found about the set as a whole.
    #[must_use]
    pub fn findings(&self) -> &[Diagnostic] {
        &self.findings
    }

    /// The entities it says something of, in load order, also those made from another entity's file.
    #[must_use]
    pub fn entities(&self) -> Vec<(EntityKind, Mode)> {
        let mut entities: Vec<_> = self.files.iter().map(|it| (it.spec.entity, it.mode)).collect();
        if let Some(users) = self.file(EntityKind::User) {
            if self.users_have_roles() {
                entities.push((EntityKind::Role, users.mode));
            }
            if users.header.agents().is_some() {
                entities.push((EntityKind::Relationship, users.mode));
            }
        }
        entities.sort_by_key(|it| it.0);
        entities
    }

    /// All files of the set, those that are not read included, with the columns of those that are.
    #[must_use]
    pub fn parts(&self) -> Vec<PartInfo> {
        let part = |entry: &Entry| {
            let file = self.files.iter().find(|it| it.entry.name == entry.name);
            let columns = file.and_then(|it| it.header.told_columns());
            PartInfo { origin: Origin::File(entry.name.clone()), columns }
        };
        match &self.content {
            Content::Bundle(bundle) => bundle.entries().iter().map(part).collect(),
            Content::Staged(_) => Vec::new(),
        }
    }

    /// The file of an entity.
    pub(crate) fn file(&self, entity: EntityKind) -> Option<&SetFile> {
        self.files.iter().find(|it| it.spec.entity == entity)
    }

    /// Whether roles come from `users.csv`, as in 1.0 and 1.1.
    pub(crate) fn users_have_roles(&self) -> bool {
        let users = self.file(EntityKind::User);
        self.file(EntityKind::Role).is_none() && users.is_some_and(|it| it.header.roles().is_some())
    }

    /// File by file, in load order: its name, and how many of its columns are read or why none can be.
    pub fn into_columns(self) -> impl Iterator<Item = (Arc<str>, Result<usize>)> {
        self.files.into_iter().map(|it| {
            let columns = it.columns();
            (it.entry.name, it.refusal.map_or(Ok(columns), Err))
        })
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    pub(crate) fn take_findings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.findings)
    }

    /// Takes the reason why the records of one of the files, given by their places, cannot be read at all.
    pub(crate) fn take_refusal(&mut self, read: impl Fn(usize) -> bool) -> Option<(usize, Error)> {
        let mut files = self.files.iter_mut().enumerate().filter(|it| read(it.0));
        files.find_map(|(index, it)| Some((index, it.refusal.take()?)))
    }
}

impl SetFile {
    /// Its name in the bundle.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.entry.name
    }

    /// How its records are to be taken.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The number of columns in its header that are read.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.header.columns_read()
    }
}

/// Tells whether the files that the manifest announces have come.
///
/// # Errors
///
/// [`ErrorKind::NotReady`] naming the first one that has not, else what the bundle says when it cannot be read.
pub fn refuse_half_a_set(bundle: &Bundle, limits: CsvLimits) -> Result<()> {
    let mut findings = Vec::new();
    let known = entries::recognize(bundle.entries(), &mut findings)?;
    let Some(entry) = &known.manifest else { return Ok(()) };
    let manifest = read_manifest(bundle, entry, limits, &mut findings)?;
    let due = |it: &&&FileSpec| {
        let announced = manifest.announcement(it).map(|it| it.what);
        let there = known.files.iter().any(|file| file.0.name == it.name);
        matches!(announced, Some(Announced::As(_))) && !there
    };
    match FILES.iter().find(due) {
        None => Ok(()),
        Some(missing) => Err(Error::new(
            ErrorKind::NotReady,
            "fileset.open",
            "a file that the manifest announces has not come yet; the set is taken when it has",
        )
        .context("file", missing.name)),
    }
}

fn read_manifest(
    bundle: &Bundle,
    entry: &Entry,
    limits: CsvLimits,
    findings: &mut Vec<Diagnostic>,
) -> Result<Manifest> {
    let mut csv = CsvReader::guessing(bundle.read(entry)?, limits);
    Manifest::read(&mut csv, &entry.name, findings).map_err(|it| it.context("file", &entry.name))
}

fn read_headers(bundle: &Bundle, known: &Known, limits: CsvLimits) -> Result<Vec<RawHeader>> {
    known.files.iter().map(|(spec, entry)| RawHeader::read(bundle, spec, entry, limits)).collect()
}

/// The edition: as the manifest declares it, else as the columns look.
fn detect_version(manifest: Option<&Manifest>, headers: &[RawHeader]) -> Version {
    let users = headers.iter().find(|it| it.spec.entity == EntityKind::User);
    let has = |name| users.is_some_and(|it| it.has(name));
    let recent = if has("resourceSourcedIds") { Version::V1_2_0 } else { Version::V1_2_1 };
    match manifest.and_then(|it| it.version.as_deref()) {
        Some(declared) if declared.starts_with("1.2") => return recent,
        Some(declared) if declared.starts_with("1.1") => return Version::V1_1,
        _ => {}
    }
    let only_recent = |it: &RawHeader| {
        it.spec.versions == Versions::FROM_1_2
            || it.has_column_of(Versions::FROM_1_2)
            || (it.spec.entity == EntityKind::User && !it.has("role") && it.has("enabledUser"))
    };
    if headers.iter().any(only_recent) {
        recent
    } else if manifest.is_none() && looks_like_1_0(headers) {
        Version::V1_0
    } else {
        Version::V1_1
    }
}

/// A set of no other than the seven files of 1.0, with column names of 1.0 and none that came later.
fn looks_like_1_0(headers: &[RawHeader]) -> bool {
    headers.iter().any(RawHeader::has_name_of_1_0)
        && headers.iter().all(|it| {
            it.spec.versions.contains(Version::V1_0) && !it.has_column_of(Versions::FROM_1_1)
        })
}

fn mismatch(operation: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::SchemaMismatch, operation, message)
}
