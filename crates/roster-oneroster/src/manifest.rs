//! `manifest.csv`: which edition, and which files come in which mode.

use crate::files::{FILES, FileSpec, MANIFEST};
use roster_core::{Diagnostic, DiagnosticCode, Result};
use roster_tabular::{
    CsvReader, ReadOutcome, Record,
    finding::{about_file, malformed},
};
use std::{io::Read, sync::Arc};

/// How a file's records are to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All records there are.
    Bulk,
    /// Records that changed.
    Delta,
}

/// What the manifest says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announced {
    Absent,
    As(Mode),
    /// It is named, without a value anybody could read, or with two that differ.
    Unclear,
}

/// A line of the manifest about a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announcement {
    pub(crate) what: Announced,
    pub(crate) line: u64,
}

/// A manifest that was read.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Name within the bundle.
    pub(crate) name: Arc<str>,
    /// Value of `oneroster.version`, as written.
    pub(crate) version: Option<String>,
    /// Same order as [`FILES`].
    announcements: Vec<Option<Announcement>>,
}

/// First cell of the header.
const PROPERTY_NAME: &str = "propertyName";
const MANIFEST_VERSION: &str = "manifest.version";
const ONEROSTER_VERSION: &str = "oneroster.version";
const OTHER_PROPERTIES: &[&str] =
    &[MANIFEST_VERSION, ONEROSTER_VERSION, "source.systemName", "source.systemCode"];
/// Properties seen under names that no misspelling explains.
const ALIASES: &[(&str, &str)] =
    &[("file.systemname", "source.systemName"), ("file.systemcode", "source.systemCode")];

impl Manifest {
    /// Reads it; whatever is odd goes to `findings`, with its line.
    pub(crate) fn read<R: Read>(
        csv: &mut CsvReader<R>,
        name: &Arc<str>,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Self> {
        let mut manifest =
            Self { name: name.clone(), version: None, announcements: vec![None; FILES.len()] };
        let mut record = Record::default();
        let mut header = true;
        loop {
            match csv.read(&mut record)? {
                ReadOutcome::End => return Ok(manifest),
                ReadOutcome::Malformed(reason) => {
                    let line = record.line();
                    findings.push(about_file(malformed(reason), name, line, None));
                }
                ReadOutcome::Record => {
                    if !(header && manifest.header(&record, findings)) {
                        manifest.line(&record, findings);
                    }
                    header = false;
                }
            }
        }
    }

    /// What it says of a file.
    pub(crate) fn announcement(&self, file: &FileSpec) -> Option<Announcement> {
        let index = FILES.iter().position(|it| it.name == file.name)?;
        self.announcements[index]
    }

    /// Whether it says anything of any file.
    pub(crate) fn names_a_file(&self) -> bool {
        self.announcements.iter().any(Option::is_some)
    }

    /// True when the first record is a header and not yet a property.
    fn header(&self, record: &Record, findings: &mut Vec<Diagnostic>) -> bool {
        let cell = |index| record.get(index).unwrap_or_default().trim();
        let exact = cell(0) == PROPERTY_NAME && cell(1) == "value";
        if !exact {
            findings.push(self.finding(record));
        }
        exact || meant(cell(0)).is_none()
    }

    fn line(&mut self, record: &Record, findings: &mut Vec<Diagnostic>) {
        let cell = |index| record.get(index).unwrap_or_default().trim();
        let property = meant(cell(0));
        let usual = property.is_some_and(|it| self.take(it, cell(1), record.line()));
        if !usual || property != Some(cell(0)) {
            findings.push(self.finding(record));
        }
    }

    /// Takes a property over; false when its value is unusual.
    fn take(&mut self, property: &'static str, value: &str, line: u64) -> bool {
        match property {
            MANIFEST_VERSION => value == "1.0",
            ONEROSTER_VERSION => {
                self.version.get_or_insert_with(|| value.to_owned());
                matches!(value, "1.1" | "1.2")
            }
            _ => match FILES.iter().position(|it| it.property == property) {
                Some(index) => self.announce(index, value, line),
                None => true,
            },
        }
    }

    /// Takes over what is said of a file; false when that is clear and not in the standard's form.
    fn announce(&mut self, index: usize, value: &str, line: u64) -> bool {
        let what = match value.to_ascii_lowercase().as_str() {
            "absent" => Announced::Absent,
            "bulk" | "full" | "complete" => Announced::As(Mode::Bulk),
            "delta" => Announced::As(Mode::Delta),
            _ => Announced::Unclear,
        };
        let before = self.announcements[index].map(|it| it.what);
        let what = if before.is_none_or(|it| it == what) { what } else { Announced::Unclear };
        self.announcements[index] = Some(Announcement { what, line });
        let usual = before.is_none() && matches!(value, "absent" | "bulk" | "delta");
        usual || what == Announced::Unclear
    }

    fn finding(&self, record: &Record) -> Diagnostic {
        let written = record.first_cell().trim();
        let field = Some(written).filter(|it| *it == PROPERTY_NAME || meant(it).is_some());
        about_file(DiagnosticCode::ManifestProperty, &self.name, record.line(), field)
    }
}

/// Bytes that no property comes near, not even misspelt.
const LONGEST_PROPERTY: usize = 100;

/// Finds the property that was meant: ignoring case, a footnote mark and up to two wrong letters.
fn meant(written: &str) -> Option<&'static str> {
    let known = || FILES.iter().map(|it| it.property).chain(OTHER_PROPERTIES.iter().copied());
    if let Some(name) = known().find(|it| *it == written) {
        return Some(name);
    }
    if written.len() > LONGEST_PROPERTY {
        return None;
    }
    let folded = written.trim_end_matches('*').trim_end().to_ascii_lowercase();
    if let Some((_, name)) = ALIASES.iter().find(|it| it.0 == folded) {
        return Some(name);
    }
    let distance = |it: &str| strsim::osa_distance(&it.to_ascii_lowercase(), &folded);
    known().map(|it| (distance(it), it)).filter(|it| it.0 <= 2).min().map(|it| it.1)
}

/// True for the name of a manifest, in any case.
pub(crate) fn is_manifest(name: &str) -> bool {
    name.eq_ignore_ascii_case(MANIFEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_tabular::CsvLimits;

    /// Reads lines below the usual header; gives what was found on which line.
    fn read(text: &str) -> (Manifest, Vec<u64>) {
        let mut findings = Vec::new();
        let mut csv = CsvReader::new(text.as_bytes(), CsvLimits::default(), b',');
        let manifest = Manifest::read(&mut csv, &MANIFEST.into(), &mut findings).unwrap();
        let lines = findings.iter().map(|it| match it.locus {
            roster_core::Locus::File { line, .. } => line,
            _ => panic!("not in a file"),
        });
        let lines = lines.collect();
        (manifest, lines)
    }

    fn check(line: &str, users: Option<Announced>, unusual: bool) {
        let (manifest, lines) = read(&format!("propertyName,value\n{line}\n"));
        let users_spec = FILES.iter().find(|it| it.name == "users.csv").unwrap();
        assert_eq!(manifest.announcement(users_spec).map(|it| it.what), users, "{line}");
        assert_eq!(lines, if unusual { vec![2] } else { vec![] }, "{line}");
    }

    #[test]
    fn lines_are_read_as_they_were_meant() {
        const BULK: Option<Announced> = Some(Announced::As(Mode::Bulk));
        check("file.users,bulk", BULK, false);
        check("\"file.users\",\"delta\"", Some(Announced::As(Mode::Delta)), false);
        check("file.users,absent", Some(Announced::Absent), false);
        check("file.users,Bulk", BULK, true);
        check("File.Users,bulk", BULK, true);
        check("fiel.users,bulk", BULK, true);
        check("file.users*,bulk", BULK, true);
        check("file.users,full", BULK, true);
        check("file.users,", Some(Announced::Unclear), false);
        check("file.users,deltas", Some(Announced::Unclear), false);
        check("file.roles,bulk", None, false);
        check("file.students,bulk", None, true);
        check("file.systemName,SIS", None, true);
        check("source.systemCode,absent", None, false);
        check("manifest.version,1.0", None, false);
        check("manifest.version,1", None, true);
        check("oneroster.version,1.1", None, false);
        check("oneroster.version,1.1.1", None, true);
    }

    #[test]
    fn header_may_be_odd_or_missing() {
        let check = |text, lines: &[u64]| {
            let (manifest, found) = read(text);
            assert_eq!(manifest.version.as_deref(), Some("1.2"), "{text}");
            assert_eq!(found, lines, "{text}");
        };
        check("propertyName,value\r\noneroster.version,1.2\r\n", &[]);
        check("propertyName,propertyValue\noneroster.version,1.2\n", &[1]);
        check("oneroster.version,1.2\n", &[1]);
        check("propertyName,value\n\"oneroster.version\"x,\noneroster.version,1.2\n", &[2]);
    }

    #[test]
    fn two_lines_about_a_file_are_clear_only_if_they_agree() {
        let check = |text: &str, what, expected: &[u64]| {
            let (manifest, lines) = read(&format!("propertyName,value\n{text}"));
            assert_eq!(manifest.announcement(FILES[0]).map(|it| it.what), Some(what), "{text}");
            assert_eq!(lines, expected, "{text}");
        };
        check("file.orgs,bulk\nfile.orgs,bulk\n", Announced::As(Mode::Bulk), &[3]);
        check("file.orgs,bulk\nfile.orgs,delta\n", Announced::Unclear, &[]);
        check("file.orgs,absent\nfile.orgs,bulk\nfile.orgs,bulk\n", Announced::Unclear, &[]);
    }
}
