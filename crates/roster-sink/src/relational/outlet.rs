//! Where a district's rows are: in the tables of this database, or in an outlet for which it only remembers the nights.

use roster_core::{DistrictId, Error, ErrorKind, Result};

/// What `districts.rows_at` says of a district whose rows are in the tables of the same database.
const HERE: &str = "here";

/// Where a sink keeps rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowsAt(Option<String>);

impl RowsAt {
    /// In the outlet of this name, without credentials.
    pub(crate) fn outlet(name: &str) -> Self {
        Self(Some(name.to_owned()))
    }

    /// As it stands in the database.
    pub(crate) fn name(&self) -> &str {
        self.0.as_deref().unwrap_or(HERE)
    }

    /// Whether the rows are in the tables of the database.
    pub(crate) fn is_here(&self) -> bool {
        self.0.is_none()
    }

    /// Refuses a district whose rows are elsewhere; `found` is `None` of one that was never published.
    pub(crate) fn check(
        &self,
        operation: &'static str,
        district: &DistrictId,
        found: Option<&str>,
    ) -> Result<()> {
        let Some(found) = found.filter(|it| *it != self.name()) else { return Ok(()) };
        let message = match (self.is_here(), found) {
            (true, _) => {
                "this database only remembers the district's nights, its rows are in an outlet; publish it to that \
                 outlet, or to another database"
            }
            (false, HERE) => {
                "the district's rows are in this database itself; go on publishing it here, or let another database \
                 remember the outlet's nights"
            }
            (false, _) => {
                "this database remembers the district's nights for another outlet; publish it to that one, or let \
                 another database remember the nights of this one"
            }
        };
        Err(Error::new(ErrorKind::ConfigInvalid, operation, message)
            .context("district", district)
            .context("rows_at", found))
    }

    /// Refuses to look for rows where none are.
    pub(crate) fn check_rows(&self, operation: &'static str) -> Result<()> {
        let Some(outlet) = &self.0 else { return Ok(()) };
        let message = "the rows are in the outlet, this database only remembers its nights; ask the outlet for them";
        Err(Error::new(ErrorKind::Unsupported, operation, message).context("rows_at", outlet))
    }
}
