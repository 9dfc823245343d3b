//! Databases of student information systems, read-only over ODBC, as a roster source.

mod block;
mod database;
mod driver;
mod map;
mod profiles;
mod statement;

pub use database::Database;
pub use profiles::{CustomProfile, CustomQuery, ProfileConfig};
