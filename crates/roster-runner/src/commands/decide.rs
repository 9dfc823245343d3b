//! `homeroom approve` and `homeroom discard`: what a person decides about a hold.

use super::{App, holds, select};
use crate::{
    cli::DecideArgs,
    exit::{Exit, Failure},
    night::guard::NIGHTS_UNTIL_REBASELINE,
    render::{self, Hint},
};
use roster_core::value::Timestamp;
use roster_sink::{Decision, Hold, HoldId, HoldRule, HoldState, Sink};
use std::time::Duration;

/// How long a decision holds where nothing else is said.
const VALID_HOURS: u32 = 24;

pub(super) async fn approve(
    app: &mut App,
    args: &DecideArgs,
    rebaseline: bool,
) -> Result<Exit, Failure> {
    decide(app, args, HoldState::Approved, rebaseline).await
}

pub(super) async fn discard(app: &mut App, args: &DecideArgs) -> Result<Exit, Failure> {
    decide(app, args, HoldState::Discarded, false).await
}

async fn decide(
    app: &mut App,
    args: &DecideArgs,
    state: HoldState,
    rebaseline: bool,
) -> Result<Exit, Failure> {
    for (flag, text) in [("--by", &args.by), ("--reason", &args.reason)] {
        if text.trim().is_empty() {
            return Err(Failure::Usage(format!(
                "{flag} must not be empty; it stands in the audit log"
            )));
        }
    }
    let (sink, hold) =
        holds::find(app, args.to.as_deref(), &HoldId::from_text(args.hold.as_str())).await?;
    let hint = select::hint(&app.global, args.to.as_deref());
    let before = hold.decision.clone().filter(|_| hold.state == state);
    let (by, reason) = (args.by.clone(), args.reason.clone());
    let decision = Decision { at: Timestamp::now(), by, reason };
    let hold = settle(&*sink, &hold, state, &decision, args.hours, rebaseline).await?;
    app.console.result(&hold, |it, colour| render::hold(it, &[], &hint, colour));
    if let Some(before) = before {
        let (word, by, at) = (state.code(), render::shown(&before.by), before.at);
        app.console.remark(&format!(
            "it was {word} before, by {by} at {at:.0}; this takes the place of that"
        ));
    }
    app.console.remark(&next_step(&hold, &hint));
    Ok(Exit::Done)
}

/// Writes down a decision, which holds for so many hours.
pub(crate) async fn settle(
    sink: &dyn Sink,
    hold: &Hold,
    state: HoldState,
    decision: &Decision,
    hours: Option<u32>,
    rebaseline: bool,
) -> Result<Hold, Failure> {
    if state == HoldState::Approved {
        refuse_habit(hold, rebaseline)?;
    }
    let valid = Duration::from_secs(u64::from(hours.unwrap_or(VALID_HOURS)) * 3600);
    Ok(sink.decide(&hold.id, state, decision, Some(decision.at + valid)).await?)
}

/// What is held night after night is a new normal, or a limit that does not fit: approving it by habit hides both.
fn refuse_habit(hold: &Hold, rebaseline: bool) -> Result<(), Failure> {
    if rebaseline || hold.in_a_row < NIGHTS_UNTIL_REBASELINE {
        return Ok(());
    }
    let message = format!(
        "{} nights in a row were held for this; if what the source sends now is the new normal, approve with \
         --rebaseline, else set a limit that fits ([district.limits])",
        hold.in_a_row
    );
    Err(Failure::Usage(message))
}

fn next_step(hold: &Hold, hint: &Hint) -> String {
    let district = &hold.district;
    let now = if hint.is_empty() {
        format!("; to do that now: homeroom sync {district}")
    } else {
        String::new()
    };
    match hold.state {
        HoldState::Approved if hold.rule == HoldRule::Rejected => format!(
            "the next night of {district} publishes its updates and deletions; what was rejected stays as it is"
        ),
        HoldState::Approved => {
            format!("the next night of {district} publishes it, if it still is what you saw{now}")
        }
        _ => format!(
            "nights of {district} go on holding it back, without asking, until the decision expires; a feed of changes says \
             it once, and goes when it is discarded"
        ),
    }
}
