//! `homeroom invite`: a one-time link by which a district gives its credentials.

use super::{App, select};
use crate::{
    cli::InviteArgs,
    exit::{Exit, Failure},
    serve::{ControlStore, Invitation, ServeAudit},
};
use jiff::Timestamp;

pub(super) fn run(app: &mut App, args: &InviteArgs) -> Result<Exit, Failure> {
    let settings = select::settings(&app.global)?;
    let district = select::named(std::slice::from_ref(&args.district), &settings.districts)?;
    let district = district.iter().map(|it| it.id.as_str()).collect::<String>();
    let store = ControlStore::open(&settings.serve.state)?;
    store.note(&ServeAudit {
        at: Timestamp::now(),
        actor: args.by.clone(),
        district: Some(district.clone()),
        action: "invite".to_owned(),
        detail: Some(format!("for {} hours", args.hours)),
    })?;
    let url = &settings.serve.public_url;
    let invitation = Invitation::new(&store, url, &district, &args.by, args.hours)?;
    app.console.answer(&invitation, |it, _| {
        format!(
            "{}\n  works once, until {:.0}; send it to nobody but {district}\n",
            it.link, it.expires_at
        )
    })?;
    Ok(Exit::Done)
}
