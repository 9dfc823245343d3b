//! Records that were pulled from a service, as a set of files.

use super::{Content, Fileset, Header, SetFile};
use crate::{
    manifest::Mode,
    rest::{Staged, StagedTable},
    version::Version,
};
use roster_core::{DiagnosticCode, Origin};
use roster_tabular::{Entry, finding::about_whole};

impl Fileset {
    /// A set whose records are in memory.
    pub(crate) fn staged(staged: Staged) -> Self {
        let version = staged.version();
        let files = staged.tables().iter().map(|it| file(it, version)).collect();
        let content = Content::Staged(staged);
        Self { content, version, has_manifest: false, files, findings: Vec::new() }
    }
}

fn file(table: &StagedTable, version: Version) -> SetFile {
    let origin = Origin::Page(table.path.clone());
    let header = Header::staged(table, version);
    let odd = |code, name: &str| about_whole(code, &origin, Some(name));
    let unknown = table.extensions.iter().filter(|it| !it.starts_with("metadata."));
    let unknown = unknown.map(|it| odd(DiagnosticCode::ColumnUnknown, it));
    let credentials = table.credentials.iter().map(|it| odd(DiagnosticCode::ColumnCredential, it));
    SetFile {
        spec: table.spec,
        entry: Entry { name: table.path.clone(), bytes: 0 },
        mode: if table.complete { Mode::Bulk } else { Mode::Delta },
        mode_is_clear: table.complete,
        findings: unknown.chain(credentials).collect(),
        header,
        origin,
        refusal: None,
    }
}
