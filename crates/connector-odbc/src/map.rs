//! What a profile is: queries, and a mapper from their rows to rows of the model.
//!
//! The SQL of a profile stays in the subset that Oracle, SQL Server, PostgreSQL, MariaDB and SQLite share; what differs
//! between them (concatenation, dates, lists) is done here, on text.

mod cells;
mod output;

pub(crate) use cells::Cells;
pub(crate) use output::{Batches, Output};

use crate::block::Columns;
use roster_core::{EntityKind, Result};
use std::{borrow::Cow, fmt};

/// A query of a profile.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// Its name in findings, errors and the catalog.
    pub(crate) name: Cow<'static, str>,
    /// Its text: one plain query, with `?` for each parameter.
    pub(crate) sql: Cow<'static, str>,
    /// Values for the `?`, in order.  Whole numbers alone: what else a query could ask for, databases write in their own
    /// ways, and Oracle's driver has no larger ones.
    pub(crate) parameters: Vec<i32>,
    /// The entities that its rows may give, in load order.
    pub(crate) feeds: Vec<EntityKind>,
    /// Its columns, in the order of the text; a result set with other ones is refused.  `None` where they are not
    /// known beforehand.
    pub(crate) columns: Option<&'static [&'static str]>,
}

/// Queries, and what is made of their rows.
pub(crate) trait Profile: fmt::Debug + Send + Sync {
    /// The queries.  Those whose first entity stands higher in the load order run first; else they keep their order.
    fn queries(&self) -> &[Query];

    /// Whether a column of the query at this place becomes an extension field, under its own name.
    fn is_extension(&self, query: usize, column: &str) -> bool;

    /// A mapper for one extract, which has seen no row yet.
    fn mapper(&self) -> Box<dyn Mapper>;
}

/// Makes rows of the model from rows of the queries.  One for all queries of an extract, so that a later query may
/// use what an earlier one told.
///
/// A query whose entities are not asked for is not run.
pub(crate) trait Mapper: Send {
    /// The query at this place of [`Profile::queries`] begins.  It may begin a second time, when the connection was
    /// lost before anything of it was passed on: what was learnt from its rows is then forgotten.
    ///
    /// # Errors
    ///
    /// When the columns are not those that are needed.
    fn begin(&mut self, query: usize, columns: &Columns) -> Result<()>;

    /// A row of that query.
    fn map(&mut self, query: usize, row: &Cells<'_>, out: &mut Output<'_>);

    /// The query has given all its rows; what was gathered from several of them can be pushed now, with the last row
    /// as its place.
    fn end(&mut self, query: usize, out: &mut Output<'_>);
}
