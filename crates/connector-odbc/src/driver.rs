//! The only place that calls `odbc-api`, whose major versions come every month.
//!
//! Text is narrow and UTF-8 everywhere: the wide forms fail with several drivers on Linux.  Every indicator of every
//! batch is looked at, since drivers cut values without a word: FreeTDS even says success while it does.

use crate::block::{Block, Columns};
use odbc_api::{
    BlockCursor, ConnectionOptions, Cursor as _, CursorImpl, Environment, IntoParameter as _,
    buffers::{Indicator, TextRowSet},
    handles::StatementImpl,
};
use std::{cell::Cell, mem::ManuallyDrop, num::NonZeroUsize, time::Duration};

/// The least room for a value: drivers understate dates with fractions of a second, among others.
const LEAST_VALUE_BYTES: usize = 64;

/// What went wrong below, before it is known what it means.  The message may quote what the server says.
pub(crate) enum Failure {
    /// The driver or the server gave a diagnostic.
    Diagnostic {
        /// SQLSTATE, five characters.
        state: String,
        /// The database's own number.
        native: i32,
        /// The words.
        message: String,
    },
    /// A value did not fit, or came without its length.
    Truncated(usize),
    /// A value is no UTF-8.
    Encoding(usize),
    /// The statement gave no result set.
    NoResult,
    /// Anything else, such as memory that cannot be had.
    Other(&'static str),
}

/// Bounds of what is fetched at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FetchLimits {
    /// Rows.
    pub(crate) rows: NonZeroUsize,
    /// Bytes of all buffers.
    pub(crate) bytes: NonZeroUsize,
    /// Bytes of one value.
    pub(crate) value_bytes: NonZeroUsize,
}

/// A connection.  Dropping it rolls back what is open.
pub(crate) struct Connection<'e> {
    inner: Option<odbc_api::Connection<'e>>,
    /// Set when the connection is gone and its handle had to be left behind.
    left: &'e Cell<bool>,
}

/// The rows of a running query.
pub(crate) struct Cursor<'c> {
    cursor: BlockCursor<CursorImpl<StatementImpl<'c>>, TextRowSet>,
    width: usize,
}

/// A value of a connection string, in braces where it needs them.
pub(crate) fn escaped(value: &str) -> std::borrow::Cow<'_, str> {
    odbc_api::escape_attribute_value(value)
}

/// Connects and works with the connection.
///
/// Each has an environment of its own, so that a driver that hangs cannot stand in another's way.
pub(crate) fn connect<T>(
    connection_string: &str,
    login: Duration,
    work: impl FnOnce(&Connection<'_>) -> T,
) -> Result<T, Failure> {
    let environment = ManuallyDrop::new(Environment::new().map_err(failure)?);
    let left = Cell::new(false);
    let seconds = u32::try_from(login.as_secs()).unwrap_or(u32::MAX).max(1);
    let options = ConnectionOptions { login_timeout_sec: Some(seconds), packet_size: None };
    let outcome = environment
        .connect_with_connection_string(connection_string, options)
        .map_err(failure)
        .map(|it| work(&Connection { inner: Some(it), left: &left }));
    if !left.get() {
        drop(ManuallyDrop::into_inner(environment));
    }
    outcome
}

impl Connection<'_> {
    fn inner(&self) -> &odbc_api::Connection<'_> {
        self.inner.as_ref().expect("only dropping takes the connection out")
    }

    /// Runs a statement for its effect on the session.
    pub(crate) fn execute(&self, sql: &str, limit: Duration) -> Result<(), Failure> {
        self.inner().execute(sql, (), seconds(limit)).map(drop).map_err(failure)
    }

    /// Leaves autocommit, so that all queries see one state where the database can show one.
    pub(crate) fn begin(&self) -> Result<(), Failure> {
        self.inner().set_autocommit(false).map_err(failure)
    }

    /// The first column of all rows of a small query; NULLs left out.
    pub(crate) fn texts(&self, sql: &str, limit: Duration) -> Result<Vec<String>, Failure> {
        let cursor = self.inner().execute(sql, (), seconds(limit)).map_err(failure)?;
        let mut cursor = cursor.ok_or(Failure::NoResult)?;
        let (mut found, mut text) = (Vec::new(), Vec::new());
        while let Some(mut row) = cursor.next_row().map_err(failure)? {
            text.clear();
            if row.get_text(1, &mut text).map_err(failure)? {
                found.push(String::from_utf8_lossy(&text).into_owned());
            }
        }
        Ok(found)
    }

    /// The columns of a query, without running it.
    pub(crate) fn describe(&self, sql: &str) -> Result<Columns, Failure> {
        let mut prepared = self.inner().prepare(sql).map_err(failure)?;
        columns(&mut prepared)
    }

    /// Runs a query.
    pub(crate) fn query(
        &self,
        sql: &str,
        parameters: &[i32],
        limit: Duration,
        fetch: FetchLimits,
    ) -> Result<(Columns, Cursor<'_>), Failure> {
        let bound: Vec<_> = parameters.iter().map(|it| it.into_parameter()).collect();
        let cursor = match bound.as_slice() {
            [] => self.inner().execute(sql, (), seconds(limit)),
            some => self.inner().execute(sql, some, seconds(limit)),
        };
        let mut cursor = cursor.map_err(failure)?.ok_or(Failure::NoResult)?;
        let columns = columns(&mut cursor)?;
        let buffer = buffer(&mut cursor, fetch)?;
        let cursor = cursor.bind_buffer(buffer).map_err(failure)?;
        Ok((columns.clone(), Cursor { cursor, width: columns.names.len() }))
    }

    /// Whether the connection is gone.
    fn is_lost(&self) -> bool {
        self.inner().is_dead().unwrap_or(true)
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        // Disconnecting what is gone panics; its handles are left behind instead.
        if self.is_lost() || self.inner().rollback().is_err() {
            std::mem::forget(self.inner.take());
            self.left.set(true);
        }
    }
}

impl Cursor<'_> {
    /// The next rows, `None` after the last.
    pub(crate) fn fetch(&mut self) -> Result<Option<Block>, Failure> {
        let Some(rows) = self.cursor.fetch().map_err(failure)? else { return Ok(None) };
        let mut block = Block::new(self.width);
        for row in 0..rows.num_rows() {
            for column in 0..self.width {
                block.push(cell(rows, row, column)?);
            }
        }
        Ok(Some(block))
    }
}

/// A cell, if it is whole.
fn cell(rows: &TextRowSet, row: usize, column: usize) -> Result<Option<&str>, Failure> {
    match rows.indicator_at(column, row) {
        Indicator::Null => return Ok(None),
        Indicator::Length(length) if length <= rows.max_len(column) => {}
        Indicator::Length(_) | Indicator::NoTotal => return Err(Failure::Truncated(column)),
    }
    rows.at_as_str(column, row).map_err(|_| Failure::Encoding(column))
}

fn columns(of: &mut impl odbc_api::ResultSetMetadata) -> Result<Columns, Failure> {
    let names = of.column_names().map_err(failure)?.collect::<Result<Vec<_>, _>>();
    let names = names.map_err(failure)?;
    if names.is_empty() { Err(Failure::NoResult) } else { Ok(Columns::new(names)) }
}

/// A buffer as wide as the columns say, within the limits.
fn buffer(
    cursor: &mut impl odbc_api::ResultSetMetadata,
    limits: FetchLimits,
) -> Result<TextRowSet, Failure> {
    let most = limits.value_bytes.get();
    let columns = cursor.num_result_cols().map_err(failure)?.unsigned_abs();
    let sizes: Vec<usize> = (1..=columns)
        .map(|column| {
            let reported = match cursor.col_data_type(column)?.utf8_len() {
                Some(bytes) => Some(bytes),
                None => cursor.col_display_size(column)?,
            };
            let size = reported.map_or(most, NonZeroUsize::get);
            Ok(size.max(LEAST_VALUE_BYTES).min(most))
        })
        .collect::<Result<_, _>>()
        .map_err(failure)?;
    // A terminating zero and an indicator stand beside every value.
    let row: usize = sizes.iter().map(|it| it + 1 + size_of::<isize>()).sum();
    let rows = (limits.bytes.get() / row.max(1)).clamp(1, limits.rows.get());
    TextRowSet::from_max_str_lens(rows, sizes).map_err(failure)
}

fn seconds(limit: Duration) -> Option<usize> {
    usize::try_from(limit.as_secs()).ok().filter(|it| *it > 0)
}

fn failure(error: odbc_api::Error) -> Failure {
    use odbc_api::Error as E;
    let of = |record: odbc_api::handles::Record| Failure::Diagnostic {
        state: record.state.as_str().to_owned(),
        native: record.native_error,
        message: String::from_utf8_lossy(&record.message).into_owned(),
    };
    match error {
        E::Diagnostics { record, .. }
        | E::InvalidRowArraySize { record, .. }
        | E::UnsupportedOdbcApiVersion(record)
        | E::UnableToRepresentNull(record)
        | E::OracleOdbcDriverDoesNotSupport64Bit(record) => of(record),
        E::TooLargeValueForBuffer { buffer_index, .. } => Failure::Truncated(buffer_index),
        E::TooLargeColumnBufferSize { .. } => Failure::Other("no memory for a column"),
        E::NoDiagnostics { function } => Failure::Other(function),
        _ => Failure::Other("the driver manager"),
    }
}
