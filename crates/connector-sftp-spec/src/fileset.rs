//! A set of files: which they are, what they hold, with which columns.

mod entries;
mod header;
mod manifest;
mod naming;

pub(crate) use header::Header;

use crate::{
    config::{Dialect, Mode},
    spec::{FILES, FileSpec, files_of},
};
use entries::Known;
use manifest::Manifest;
use roster_core::{
    Diagnostic, DiagnosticCode, EntityKind, Error, ErrorKind, Origin, PartInfo, Result,
};
use roster_tabular::{Bundle, CsvLimits, CsvReader, Entry, finding::about_file};

/// A set whose files, modes and columns are known; no record is read yet.
#[derive(Debug)]
pub(crate) struct Fileset {
    pub(crate) bundle: Bundle,
    /// In load order.
    pub(crate) files: Vec<SetFile>,
    /// What was found about the set as a whole.
    pub(crate) findings: Vec<Diagnostic>,
    /// Files that are known to be none.
    absent: Vec<&'static str>,
}

/// A file of a set.
#[derive(Debug)]
pub(crate) struct SetFile {
    pub(crate) spec: &'static FileSpec,
    pub(crate) entry: Entry,
    pub(crate) mode: Mode,
    pub(crate) header: Header,
    pub(crate) findings: Vec<Diagnostic>,
    /// How many rows the manifest says it has.
    pub(crate) rows: Option<u64>,
    /// Why none of its records can be read.
    pub(crate) refusal: Option<Error>,
}

impl Fileset {
    /// Reads the manifest and the header of every file.
    pub(crate) fn open(bundle: Bundle, dialect: &Dialect) -> Result<Self> {
        let mut findings = Vec::new();
        let known = entries::recognize(bundle.entries(), dialect, &mut findings)?;
        let manifest = read_manifest(&bundle, &known, dialect, &mut findings)?;
        refuse_incomplete(&bundle, &known, manifest.as_ref(), dialect)?;
        let mut absent = dialect.absent.clone();
        absent.extend(manifest.iter().flat_map(Manifest::absent));
        let mut files = Vec::new();
        for (spec, entry) in known.files {
            let mut file = header::read(&bundle, spec, entry, dialect)?;
            let announced = manifest.as_ref().map(|it| it.announcement(spec));
            (file.mode, file.rows) = match announced {
                None => (dialect.mode, None),
                Some(Some(announced)) => (announced.mode, announced.rows),
                Some(None) => {
                    let code = DiagnosticCode::FileUnexpected;
                    findings.push(about_file(code, &file.entry.name, 0, None));
                    (Mode::Changes, None)
                }
            };
            files.push(file);
        }
        let mut set = Self { bundle, files, findings, absent };
        set.judge_people();
        Ok(set)
    }

    /// Says so where a full set leaves it open whether there are contacts.
    fn judge_people(&mut self) {
        let full = |it: &&SetFile| it.spec.is_of_people() && it.mode == Mode::Full;
        let Some(people) = self.files.iter().find(full) else { return };
        if self.missing(EntityKind::User).is_some() {
            let code = DiagnosticCode::PeopleIncomplete;
            self.findings.push(about_file(code, &people.entry.name, 0, None));
        }
    }

    /// A file of an entity that is not there, and not known to be none.
    fn missing(&self, entity: EntityKind) -> Option<&'static FileSpec> {
        let there = |it: &FileSpec| self.files.iter().any(|file| file.spec.name == it.name);
        files_of(entity).find(|it| !there(it) && !self.absent.contains(&it.name))
    }

    /// Whether what comes of an entity is all there is.
    pub(crate) fn mode_of(&self, entity: EntityKind) -> Mode {
        let of_entity = |it: &&SetFile| it.spec.tables.iter().any(|table| table.entity == entity);
        let full = self.files.iter().filter(of_entity).all(|it| it.mode == Mode::Full);
        if full && self.missing(entity).is_none() { Mode::Full } else { Mode::Changes }
    }

    /// The entities it says something of, in load order.
    pub(crate) fn entities(&self) -> Vec<EntityKind> {
        let tables = self.files.iter().flat_map(|it| it.spec.tables);
        let mut entities: Vec<_> = tables.map(|it| it.entity).collect();
        entities.sort();
        entities.dedup();
        entities
    }

    /// All files of the set, with the columns of those that are read.
    pub(crate) fn parts(&self) -> Vec<PartInfo> {
        let part = |entry: &Entry| {
            let file = self.files.iter().find(|it| it.entry.name == entry.name);
            let columns = file.and_then(|it| it.header.told_columns());
            PartInfo { origin: Origin::File(entry.name.clone()), columns }
        };
        self.bundle.entries().iter().map(part).collect()
    }
}

/// Tells whether all files of the set have come.
///
/// # Errors
///
/// [`ErrorKind::NotReady`] naming the first one that has not come into a folder; [`ErrorKind::SchemaMismatch`] of an
/// archive, which comes in one piece; else what the bundle says when it cannot be read.
pub(crate) fn refuse_half_a_set(bundle: &Bundle, dialect: &Dialect) -> Result<()> {
    let mut findings = Vec::new();
    let known = entries::recognize(bundle.entries(), dialect, &mut findings)?;
    let manifest = read_manifest(bundle, &known, dialect, &mut findings)?;
    refuse_incomplete(bundle, &known, manifest.as_ref(), dialect)
}

fn refuse_incomplete(
    bundle: &Bundle,
    known: &Known,
    manifest: Option<&Manifest>,
    dialect: &Dialect,
) -> Result<()> {
    let due = |it: &&&FileSpec| {
        let due = match manifest {
            Some(manifest) => manifest.announcement(it).is_some(),
            None => it.required && dialect.mode == Mode::Full,
        };
        due && !known.files.iter().any(|file| file.0.name == it.name)
    };
    let Some(missing) = FILES.iter().find(due) else { return Ok(()) };
    let error = if bundle.is_archive() {
        mismatch(
            "fileset.open",
            "a file that the set has to have is not in the archive; send all of them",
        )
    } else {
        let message =
            "a file that the set has to have has not come yet; the set is taken when it has";
        Error::new(ErrorKind::NotReady, "fileset.open", message)
    };
    Err(error.context("file", missing.name))
}

fn read_manifest(
    bundle: &Bundle,
    known: &Known,
    dialect: &Dialect,
    findings: &mut Vec<Diagnostic>,
) -> Result<Option<Manifest>> {
    let Some(entry) = &known.manifest else { return Ok(None) };
    let mut csv = CsvReader::guessing(bundle.read(entry)?, CsvLimits::default());
    let manifest = Manifest::read(&mut csv, &entry.name, dialect, findings);
    manifest.map(Some).map_err(|it| it.context("file", &entry.name))
}

fn mismatch(operation: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::SchemaMismatch, operation, message)
}
