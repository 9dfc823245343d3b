//! `docs/oneroster-deviations.md`: what is made of files that differ from the standard.

use crate::GENERATED;
use roster_oneroster::deviations::deviations_markdown;

pub(crate) fn document() -> String {
    format!("{GENERATED}\n\n{}", deviations_markdown())
}
