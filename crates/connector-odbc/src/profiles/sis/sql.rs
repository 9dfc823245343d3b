//! Puts queries together from the texts in the `.sql` files.

use crate::map::Query;
use roster_core::EntityKind;
use std::borrow::Cow;

/// Declares the columns of a query in the order of its text: their names, and the place of each under its name.
macro_rules! columns {
    ($query:ident: $($column:ident)+) => {
        #[allow(non_upper_case_globals, reason = "the columns' own names, as in the text of the query")]
        pub(super) mod $query {
            #[allow(non_camel_case_types, reason = "the columns' own names, as in the text of the query")]
            enum Place { $($column),+ }
            $(
                #[allow(dead_code, reason = "a column may be there for the report alone")]
                pub(crate) const $column: usize = Place::$column as usize;
            )+
            pub(crate) const COLUMNS: &[&str] = &[$(stringify!($column)),+];
        }
    };
}

pub(crate) use columns;

/// A text with the values of its `?`.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The text, as in its file.
    pub(crate) sql: Cow<'static, str>,
    /// The values, in order.
    pub(crate) parameters: Vec<i32>,
}

impl Part {
    /// A text without a `?`.
    pub(crate) fn plain(sql: &'static str) -> Self {
        Self { sql: Cow::Borrowed(sql), parameters: Vec::new() }
    }

    /// A text with whole numbers for its `?`.
    pub(crate) fn with(sql: &'static str, numbers: &[i32]) -> Self {
        Self { sql: Cow::Borrowed(sql), parameters: numbers.to_vec() }
    }
}

/// A query of common table expressions and a body.  Comments stay in the files.
pub(crate) fn compose(
    name: impl Into<Cow<'static, str>>,
    with: &[Part],
    body: &Part,
    columns: &'static [&'static str],
    feeds: &[EntityKind],
) -> Query {
    let mut sql = String::new();
    for (index, part) in with.iter().enumerate() {
        sql.push_str(if index == 0 { "WITH " } else { ",\n" });
        sql.push_str(&without_comments(&part.sql));
    }
    if !with.is_empty() {
        sql.push('\n');
    }
    sql.push_str(&without_comments(&body.sql));
    let parameters = with.iter().chain([body]).flat_map(|it| it.parameters.clone()).collect();
    let (name, sql) = (name.into(), Cow::Owned(sql));
    Query { name, sql, parameters, feeds: feeds.to_vec(), columns: Some(columns) }
}

fn without_comments(sql: &str) -> String {
    let lines: Vec<_> = sql.lines().filter(|it| !it.trim_start().starts_with("--")).collect();
    lines.join("\n")
}
