//! `homeroom show`: what a run did.

use super::{App, RecordLine, select};
use crate::{
    cli::RunArgs,
    exit::{Exit, Failure},
    render,
};

pub(super) async fn run(app: &mut App, args: &RunArgs) -> Result<Exit, Failure> {
    let record = select::run(&app.global, args.to.as_deref(), &args.run).await?.record;
    let hint = select::hint(&app.global, args.to.as_deref());
    let line = RecordLine::from(&record);
    app.console.answer(&line, |_, colour| render::night(&record, &hint, colour))?;
    Ok(Exit::Done)
}
