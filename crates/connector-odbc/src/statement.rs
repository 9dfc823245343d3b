//! Refuses SQL that is not one plain query.
//!
//! Drivers and sessions that are set read-only leak: a driver looks at the first keyword alone, and functions, common
//! table expressions, comments and a second statement go by it.  So a text is parsed, and every part of it looked at.

use crate::{block::speaks_of_credentials, database::Database};
use sqlparser::{
    ast::{
        Expr, Ident, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit as _,
        Visitor,
    },
    dialect::{
        Dialect, MsSqlDialect, MySqlDialect, OracleDialect, PostgreSqlDialect, SQLiteDialect,
    },
    parser::Parser,
    tokenizer::{Token, Tokenizer, Whitespace},
};
use std::ops::ControlFlow;

/// Functions that only read.  Others may do anything: `SELECT f()` has emptied tables.
const FUNCTIONS: &[&str] = &[
    "abs",
    "add_months",
    "age",
    "array_agg",
    "avg",
    "ceil",
    "ceiling",
    "char",
    "char_length",
    "charindex",
    "chr",
    "coalesce",
    "concat",
    "concat_ws",
    "convert",
    "count",
    "current_date",
    "current_timestamp",
    "date",
    "date_format",
    "date_part",
    "date_trunc",
    "dateadd",
    "datediff",
    "datefromparts",
    "datename",
    "datepart",
    "datetime",
    "day",
    "dbms_lob.substr",
    "decode",
    "dense_rank",
    "eomonth",
    "first_value",
    "floor",
    "format",
    "getdate",
    "greatest",
    "group_concat",
    "hashbytes",
    "hextoraw",
    "ifnull",
    "iif",
    "initcap",
    "instr",
    "isnull",
    "json_extract",
    "json_value",
    "lag",
    "last_day",
    "last_value",
    "lead",
    "least",
    "left",
    "len",
    "length",
    "listagg",
    "lower",
    "lpad",
    "ltrim",
    "max",
    "md5",
    "min",
    "mod",
    "month",
    "months_between",
    "now",
    "ntile",
    "nullif",
    "nvl",
    "nvl2",
    "patindex",
    "position",
    "printf",
    "rank",
    "rawtohex",
    "regexp_like",
    "regexp_replace",
    "regexp_substr",
    "replace",
    "replicate",
    "reverse",
    "right",
    "round",
    "row_number",
    "rpad",
    "rtrim",
    "sign",
    "space",
    "split_part",
    "standard_hash",
    "str",
    "str_to_date",
    "strftime",
    "string_agg",
    "stuff",
    "substr",
    "substring",
    "sum",
    "sysdate",
    "systimestamp",
    "time",
    "timestampdiff",
    "to_char",
    "to_date",
    "to_number",
    "to_timestamp",
    "translate",
    "trim",
    "trunc",
    "try_cast",
    "try_convert",
    "unicode",
    "upper",
    "year",
];

/// Why a text is not one plain query; `None` when it is.
pub(crate) fn refusal(sql: &str, database: Database) -> Option<String> {
    const UNREADABLE: &str = "it cannot be read as a query; write one plain SELECT";
    let dialect = dialect(database);
    let Ok(tokens) = Tokenizer::new(dialect.as_ref(), sql).tokenize() else {
        return Some(UNREADABLE.to_owned());
    };
    if let Some(why) = hidden_code(sql, &tokens, database) {
        return Some(why.to_owned());
    }
    let tokens = tokens.into_iter().map(placeholder).collect();
    let parsed = Parser::new(dialect.as_ref()).with_tokens(tokens).parse_statements();
    let Ok(statements) = parsed else { return Some(UNREADABLE.to_owned()) };
    let [statement] = statements.as_slice() else {
        let found = statements.len();
        return Some(format!("it has {found} statements; give one query each"));
    };
    match statement.visit(&mut Guard) {
        ControlFlow::Continue(()) => None,
        ControlFlow::Break(why) => Some(why),
    }
}

/// The text without the comments before it and the semicolon after it: drivers look at the first word to know a query,
/// and Oracle takes no semicolon.
pub(crate) fn plain(sql: &str) -> &str {
    let mut rest = sql.trim();
    loop {
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |it| it.1).trim_start()
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |it| it.1).trim_start()
        } else {
            return rest.trim_end_matches([';', ' ', '\n', '\r', '\t']);
        };
    }
}

fn dialect(database: Database) -> Box<dyn Dialect> {
    match database {
        Database::Oracle => Box::new(OracleDialect {}),
        Database::SqlServer => Box::new(MsSqlDialect {}),
        Database::PostgreSql => Box::new(PostgreSqlDialect {}),
        Database::MariaDb => Box::new(MySqlDialect {}),
        Database::Sqlite => Box::new(SQLiteDialect {}),
    }
}

/// Comments that one reads as such and another as code: nested ones, and those that MariaDB runs.
fn hidden_code(sql: &str, tokens: &[Token], database: Database) -> Option<&'static str> {
    if database == Database::MariaDb && (sql.contains("/*!") || sql.contains("/*M!")) {
        return Some("it has a comment that MariaDB runs as code; remove it");
    }
    let nested = |it: &Token| matches!(it, Token::Whitespace(Whitespace::MultiLineComment(text)) if text.contains("/*"));
    tokens.iter().any(nested).then_some("it has a comment within a comment; remove it")
}

/// ODBC's `?` is an operator in PostgreSQL's own dialect.
fn placeholder(token: Token) -> Token {
    if token == Token::Question { Token::Placeholder("?".to_owned()) } else { token }
}

/// Looks at every part of a statement.
struct Guard;

fn refuse(why: impl Into<String>) -> ControlFlow<String> {
    ControlFlow::Break(why.into())
}

impl Visitor for Guard {
    type Break = String;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<String> {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            _ => refuse("it does something else than to query; write one plain SELECT"),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        if !query.locks.is_empty() {
            return refuse("it locks rows; remove FOR UPDATE or FOR SHARE");
        }
        if query.settings.is_some() || !query.pipe_operators.is_empty() {
            return refuse("it has more than a query in it; write one plain SELECT");
        }
        only_reads(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<String> {
        if select.into.is_some() {
            return refuse("it writes with SELECT … INTO; remove INTO");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
        match expr {
            Expr::Function(function) => known(&function.name),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<String> {
        match table {
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                known(name)
            }
            TableFactor::Table { with_hints, .. } => with_hints.iter().try_for_each(harmless_hint),
            TableFactor::TableFunction { .. } => {
                refuse("it selects from a function; select from tables and views")
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_ident(&mut self, name: &Ident) -> ControlFlow<String> {
        if speaks_of_credentials(&name.value) {
            let name = &name.value;
            return refuse(format!(
                "it names {name}, which seems to hold credentials or social security numbers; leave it out"
            ));
        }
        ControlFlow::Continue(())
    }
}

/// Data can be changed in the body of a query, at the top and in common table expressions alike.
fn only_reads(body: &SetExpr) -> ControlFlow<String> {
    match body {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            refuse("it changes data; write one plain SELECT")
        }
        SetExpr::SetOperation { left, right, .. } => {
            only_reads(left)?;
            only_reads(right)
        }
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) | SetExpr::Table(_) => {
            ControlFlow::Continue(())
        }
    }
}

fn known(function: &ObjectName) -> ControlFlow<String> {
    let name = function.to_string().to_ascii_lowercase();
    if FUNCTIONS.contains(&name.as_str()) {
        return ControlFlow::Continue(());
    }
    refuse(format!(
        "it calls {name}, which is not among the functions known to read only; write the query without it, or have the district make a view"
    ))
}

/// SQL Server's hints may take locks.
fn harmless_hint(hint: &Expr) -> ControlFlow<String> {
    const HARMLESS: [&str; 5] =
        ["NOLOCK", "NOEXPAND", "READPAST", "READUNCOMMITTED", "READCOMMITTED"];
    let hint = hint.to_string().to_ascii_uppercase();
    if HARMLESS.contains(&hint.as_str()) {
        return ControlFlow::Continue(());
    }
    refuse(format!("it has the table hint {hint}, which may take locks; remove it"))
}

#[cfg(test)]
mod tests;
