//! Holds and the audit log as text for people.

use super::{
    Hint, counted,
    grid::{Align, Grid},
    number, shown,
};
use crate::console::{Colour, Paint};
use crate::night::guard::NIGHTS_UNTIL_REBASELINE;
use roster_sink::{AuditEntry, Hold, HoldRule, HoldState, RunRecord, Settled};
use std::fmt::Write as _;

/// A list of holds.
#[must_use]
pub fn holds(holds: &[Hold], colour: Colour) -> String {
    if holds.is_empty() {
        return "nothing is held\n".to_owned();
    }
    let mut grid = Grid::new(&[
        ("hold", Align::Left),
        ("district", Align::Left),
        ("table", Align::Left),
        ("school", Align::Left),
        ("rule", Align::Left),
        ("records", Align::Right),
        ("of", Align::Right),
        ("in a row", Align::Right),
        ("state", Align::Left),
    ]);
    for hold in holds {
        grid.row(vec![
            hold.id.to_string(),
            hold.district.to_string(),
            hold.entity.table().to_owned(),
            shown(hold.school.as_deref().unwrap_or("all")),
            hold.rule.code().to_owned(),
            number(hold.records),
            number(hold.of_records),
            number(u64::from(hold.in_a_row)),
            state(hold.state, colour),
        ]);
    }
    grid.text("", colour)
}

/// One hold, what was decided about it, and what can be done.
#[must_use]
pub fn hold(hold: &Hold, audit: &[AuditEntry], hint: &Hint, colour: Colour) -> String {
    let mut text =
        format!("{}: {}\n", colour.paint(Paint::Bold, hold.id.as_str()), state(hold.state, colour));
    _ = writeln!(text, "  {}", meaning(hold.state));
    _ = writeln!(text, "  district {}, run {}", hold.district, hold.run);
    _ = writeln!(text, "  {}", what(hold));
    _ = writeln!(
        text,
        "  limit: {}; {} in a row",
        hold.limit,
        counted(u64::from(hold.in_a_row), "night")
    );
    if hold.rule == HoldRule::Updated && !hold.fields.is_empty() {
        _ = writeln!(text, "  fields that change: {}", fields(hold));
    }
    if !hold.examples.is_empty() {
        let keys: Vec<_> = hold.examples.iter().map(|it| shown(it)).collect();
        _ = writeln!(text, "  for example: {}", keys.join(", "));
    }
    if let Some(decision) = &hold.decision {
        let (by, reason) = (shown(&decision.by), shown(&decision.reason));
        _ = writeln!(text, "  {} at {} by {by}: {reason}", hold.state.code(), decision.at);
    }
    match (hold.state, hold.expires_at) {
        (HoldState::Approved, Some(until)) => {
            _ = writeln!(text, "  expires at {until}, or with the next night");
        }
        (HoldState::Discarded, Some(until)) => _ = writeln!(text, "  expires at {until}"),
        _ => {}
    }
    for entry in audit.iter().rev() {
        text.push_str(&audit_line("  ", entry));
    }
    if hold.state == HoldState::Open {
        text.push_str(&choices(hold, hint));
    }
    text
}

/// What waits since a night, and what became of what waited before.
#[must_use]
pub(super) fn of_night(record: &RunRecord, hint: &Hint, colour: Colour) -> String {
    let mut text = String::new();
    for hold in &record.report.holds {
        let word = colour.paint(Paint::Yellow, "held");
        _ = writeln!(text, "  {word} {}: {}", hold.id, what(hold));
        if hold.state == HoldState::Open {
            _ = writeln!(text, "    look at it with: homeroom holds {}{hint}", hold.id);
        } else {
            _ = writeln!(text, "    {} before, so nobody is asked", hold.state.code());
        }
        if hold.in_a_row >= NIGHTS_UNTIL_REBASELINE {
            let nights = counted(u64::from(hold.in_a_row), "night");
            _ = writeln!(
                text,
                "    {nights} in a row: approve it with --rebaseline, or set a limit that fits"
            );
        }
    }
    for Settled { hold, state } in &record.settled {
        _ = writeln!(text, "  hold {hold} is {}: {}", state.code(), meaning(*state));
    }
    text
}

/// What has become of a hold in a state.
fn meaning(state: HoldState) -> &'static str {
    match state {
        HoldState::Open => "it waits for a person",
        HoldState::Approved => "the next night publishes it, if it still is what was seen",
        HoldState::Discarded => "nights hold it back without asking, until the decision expires",
        HoldState::Superseded => {
            "a newer night took its place; what still waits is in that night's holds"
        }
        HoldState::Used => "it was approved, and a night has published it",
        HoldState::Expired => {
            "it was decided, and the night after did not have it as it was seen, or came too late; what still waits is \
             in that night's holds"
        }
    }
}

/// The audit log, newest first.
#[must_use]
pub fn audit(entries: &[AuditEntry], _: Colour) -> String {
    if entries.is_empty() {
        return "the audit log is empty\n".to_owned();
    }
    entries.iter().map(|it| audit_line("", it)).collect()
}

fn audit_line(indent: &str, entry: &AuditEntry) -> String {
    let hold = entry.hold.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
    let reason = entry.reason.as_deref().map(|it| format!(": {}", shown(it))).unwrap_or_default();
    let detail = entry.detail.as_deref().map(|it| format!(" ({it})")).unwrap_or_default();
    let (at, district, action) = (&entry.at, &entry.district, &entry.action);
    format!("{indent}{at} {district} {action}{hold} by {}{reason}{detail}\n", shown(&entry.actor))
}

/// What a hold holds back, in a sentence.
pub(crate) fn what(hold: &Hold) -> String {
    let table = hold.entity.table();
    let school =
        hold.school.as_deref().map(|it| format!(" of school {}", shown(it))).unwrap_or_default();
    let (records, of) = (number(hold.records), number(hold.of_records));
    match hold.rule {
        HoldRule::Deleted => {
            format!("{records} of {of} {table}{school} would be deleted; they stay")
        }
        HoldRule::Updated => {
            format!("{records} of {of} {table}{school} would be updated; they stay as they are")
        }
        HoldRule::Cleared => format!(
            "{records} of {of} {table}{school} would lose {}; no {table}{school} are updated",
            fields(hold)
        ),
        HoldRule::Rejected => format!(
            "{records} of {of} {table} in the feed were rejected; no {table} are updated or deleted"
        ),
        HoldRule::Emptied => {
            format!("{table}: {records} were there and the feed has none; they stay")
        }
        HoldRule::Missing => {
            format!(
                "{table}: {records} are published and the feed has nothing about them; they stay"
            )
        }
        HoldRule::Rekeyed => format!(
            "{records} of {of} {table} look like others that come under new keys; none is deleted or created"
        ),
    }
}

/// The fields that a hold is about, those of most records first.
fn fields(hold: &Hold) -> String {
    let mut fields: Vec<_> = hold.fields.iter().collect();
    fields.sort_by_key(|it| std::cmp::Reverse(it.1));
    let text = |(name, records): &(&String, &u64)| format!("{name} ({})", number(**records));
    fields.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn choices(hold: &Hold, hint: &Hint) -> String {
    let id = &hold.id;
    let mut text = String::new();
    _ = writeln!(text, "  see the changes:  homeroom holds {id}{hint} --csv FILE");
    if hold.rule == HoldRule::Rekeyed {
        let district = &hold.district;
        _ = writeln!(
            text,
            "  same people:      homeroom rekey {district} --accept {id}{hint} --by WHO --reason WHY"
        );
    }
    let rebaseline = if hold.in_a_row >= NIGHTS_UNTIL_REBASELINE { " --rebaseline" } else { "" };
    _ = writeln!(
        text,
        "  let them through: homeroom approve {id}{hint} --by WHO --reason WHY{rebaseline}"
    );
    _ = writeln!(text, "  keep them back:   homeroom discard {id}{hint} --by WHO --reason WHY");
    text
}

fn state(state: HoldState, colour: Colour) -> String {
    let paint = match state {
        HoldState::Open => Paint::Yellow,
        HoldState::Approved | HoldState::Used => Paint::Green,
        HoldState::Discarded | HoldState::Superseded | HoldState::Expired => Paint::Dim,
    };
    colour.paint(paint, state.code())
}
