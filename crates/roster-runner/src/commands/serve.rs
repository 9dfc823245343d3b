//! `homeroom serve`: runs every district's night at its hour.

use super::{App, select};
use crate::{
    exit::{Exit, Failure},
    serve,
};

pub(super) async fn run(app: &mut App) -> Result<Exit, Failure> {
    let settings = select::settings(&app.global)?;
    serve::run(settings, app.cancel.clone()).await?;
    Ok(Exit::Done)
}
