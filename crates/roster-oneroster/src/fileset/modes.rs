//! Whether a file holds all records or those that changed, and where manifest and files differ in that.
//!
//! Where it is not clear, the reading counts that deletes nothing by absence.

use super::entries::Known;
use crate::{
    files::{FILES, FileSpec},
    manifest::{Announced, Announcement, Manifest, Mode},
    version::Version,
};
use roster_core::{Diagnostic, DiagnosticCode, EntityKind};
use roster_tabular::{Entry, finding::about_file};

/// The files that a whole roster has in every edition.
const WHOLE: &[EntityKind] =
    &[EntityKind::Org, EntityKind::User, EntityKind::Section, EntityKind::Enrollment];

/// What is known of the modes of a set's files.
pub(super) struct Modes<'a> {
    /// A manifest that names at least one file.
    manifest: Option<&'a Manifest>,
    /// The mode of every file where there is no such manifest.
    of_all: Option<Mode>,
    version: Version,
}

impl<'a> Modes<'a> {
    pub(super) fn new(manifest: Option<&'a Manifest>, version: Version, known: &Known) -> Self {
        let there = |entity: &EntityKind| known.files.iter().any(|it| it.0.entity == *entity);
        let complete = version == Version::V1_0 || WHOLE.iter().all(there);
        Self {
            manifest: manifest.filter(|it| it.names_a_file()),
            of_all: complete.then_some(Mode::Bulk),
            version,
        }
    }

    /// The mode of a file; `None` where it is not clear.
    pub(super) fn of(&self, spec: &FileSpec) -> Option<Mode> {
        let Some(manifest) = self.manifest else { return self.of_all };
        match manifest.announcement(spec)?.what {
            Announced::As(mode) => Some(mode),
            Announced::Absent | Announced::Unclear => None,
        }
    }

    /// Reports where manifest and files differ.
    pub(super) fn announce(&self, known: &Known, findings: &mut Vec<Diagnostic>) {
        let Some(manifest) = self.manifest else { return self.announce_none(known, findings) };
        for spec in FILES {
            let entry = known.files.iter().find(|it| it.0.name == spec.name).map(|it| &it.1);
            let announcement = manifest.announcement(spec);
            findings.extend(difference(manifest, spec, announcement, entry));
        }
    }

    /// No file is named anywhere: reported once where all count as complete, else for every file.
    fn announce_none(&self, known: &Known, findings: &mut Vec<Diagnostic>) {
        let (code, most) = match (self.of_all, self.version) {
            (Some(_), Version::V1_0) => return,
            (Some(_), _) => (DiagnosticCode::ManifestMissing, 1),
            (None, _) => (DiagnosticCode::FileModeUnclear, usize::MAX),
        };
        let files = known.files.iter().take(most);
        findings.extend(files.map(|it| about_file(code, &it.1.name, 0, None)));
    }
}

fn difference(
    manifest: &Manifest,
    spec: &FileSpec,
    announcement: Option<Announcement>,
    entry: Option<&Entry>,
) -> Option<Diagnostic> {
    let of_line = |code, line| about_file(code, &manifest.name, line, Some(spec.property));
    match (announcement.map(|it| (it.what, it.line)), entry) {
        (Some((Announced::As(_), line)), None) => Some(of_line(DiagnosticCode::FileMissing, line)),
        (Some((Announced::Unclear, line)), None) => {
            Some(of_line(DiagnosticCode::ManifestProperty, line))
        }
        (Some((Announced::Unclear, line)), Some(_)) => {
            Some(of_line(DiagnosticCode::FileModeUnclear, line))
        }
        (None | Some((Announced::Absent, _)), Some(entry)) => {
            Some(about_file(DiagnosticCode::FileUnexpected, &entry.name, 0, None))
        }
        (Some((Announced::As(_), _)), Some(_)) | (None | Some((Announced::Absent, _)), None) => {
            None
        }
    }
}
