//! What the demo's districts send.

use roster_synth::{Options, write_first, write_next};
use std::{fs, io, path::Path};

/// Share of a synthetic district's records that change from the first night to the second, in percent.
const CHANGED_PERCENT: u32 = 5;

/// Which night it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Night {
    First,
    Second,
}

impl Night {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::First => "The first night: everything is new.\n",
            Self::Second => {
                "The second night: 5 % of two districts' records changed.  Riverbend has one typing error: a key in\n\
                 classes.csv, so the enrollments in that section cannot be placed.  They keep their last good version.\n"
            }
        }
    }
}

/// What a district sends.
#[derive(Debug)]
pub(super) enum Feed {
    /// A zip that is computed.
    Synthetic(Options),
    /// A folder of files written by hand: US dates, and on the second night a typing error.
    Riverbend,
}

const RIVERBEND: &[(&str, &str)] = &[
    ("manifest.csv", include_str!("riverbend/manifest.csv")),
    ("orgs.csv", include_str!("riverbend/orgs.csv")),
    ("academicSessions.csv", include_str!("riverbend/academicSessions.csv")),
    ("courses.csv", include_str!("riverbend/courses.csv")),
    ("classes.csv", include_str!("riverbend/classes.csv")),
    ("users.csv", include_str!("riverbend/users.csv")),
    ("enrollments.csv", include_str!("riverbend/enrollments.csv")),
];

impl Feed {
    /// What its name ends with.
    pub(super) fn suffix(&self) -> &'static str {
        match self {
            Self::Synthetic(_) => ".zip",
            Self::Riverbend => "",
        }
    }

    /// Writes a night's feed to `path`.
    pub(super) fn write(&self, night: Night, path: &Path) -> io::Result<()> {
        match (self, night) {
            (Self::Synthetic(options), Night::First) => write_first(options, path).map(drop),
            (Self::Synthetic(options), Night::Second) => {
                write_next(options, CHANGED_PERCENT, path).map(drop)
            }
            (Self::Riverbend, night) => write_riverbend(night, path),
        }
    }
}

fn write_riverbend(night: Night, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in RIVERBEND {
        let typed = text.replace("\nalgebra-2,", "\nalgebra2,");
        let text = if night == Night::Second && *name == "classes.csv" { &typed } else { *text };
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}
