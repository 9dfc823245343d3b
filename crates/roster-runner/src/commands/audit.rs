//! `homeroom audit`: who has decided what, and what became of it.

use super::{App, select};
use crate::{
    cli::AuditArgs,
    console::Form,
    exit::{Exit, Failure},
    render,
};
use std::cmp::Reverse;

pub(super) async fn run(app: &mut App, args: &AuditArgs) -> Result<Exit, Failure> {
    let district = args.district.as_deref().map(select::district_id).transpose()?;
    let sinks = select::sinks(&app.global, args.to.as_deref())?;
    let mut entries = Vec::new();
    for address in &sinks {
        if sinks.len() > 1 && !address.exists().await? {
            continue;
        }
        entries.extend(address.existing().await?.audit(district.as_ref(), args.most).await?);
    }
    entries.sort_by_key(|it| Reverse(it.at));
    entries.truncate(args.most);
    match app.console.form() {
        Form::Text { .. } => {
            app.console.answer(&(), |(), colour| render::audit(&entries, colour))?;
        }
        Form::Json => {
            for entry in &entries {
                app.console.answer(entry, |_, _| String::new())?;
            }
        }
    }
    Ok(Exit::Done)
}
