//! An explanation as a short story for people, in the order in which things happened.

use super::{
    Check, Explanation, FeedNow, HeldChange, NightStory, Place, PublishedRecord, Referred, Sharing,
    Stand,
};
use crate::{
    console::{Colour, Paint},
    render::{shown, wrap},
};
use roster_sink::{Hold, Outcome};
use std::{collections::BTreeMap, fmt::Write as _};

/// How far text stands in, past the labels.
const INDENT: usize = 15;

/// Tells the story.
pub(crate) fn story(explanation: &Explanation, colour: Colour) -> String {
    let Explanation { district, entity, source_id, .. } = explanation;
    let title = format!("{entity} {} of {district}", shown(source_id));
    let mut text = format!("{}\n", colour.paint(Paint::Bold, &title));
    match &explanation.night {
        Some(it) => text.push_str(&night(it, colour)),
        None => text.push_str("\n  No night of the district has ended well yet.\n"),
    }
    if let Some(earlier) = &explanation.earlier {
        text.push_str("\n  The last night that had it:\n");
        text.push_str(&night(earlier, colour));
    }
    text.push_str(&published(explanation.published.as_ref(), colour));
    text.push_str(&references(&explanation.refers_to, colour));
    if let Some(now) = &explanation.feed_now {
        text.push_str(&heading("The feed as it is now", colour));
        text.push_str(&feed_now(now));
    }
    text
}

fn heading(words: &str, colour: Colour) -> String {
    format!("\n  {}\n", colour.paint(Paint::Bold, words))
}

/// A line that begins with a label.
fn line(text: &mut String, label: &str, words: &str) {
    let wrapped = wrap(words, INDENT);
    let words = wrapped.get(INDENT..).unwrap_or("\n");
    _ = write!(text, "    {label:<10} {words}");
}

fn night(night: &NightStory, colour: Colour) -> String {
    let outcome = match night.outcome {
        Outcome::Published | Outcome::Unchanged => Paint::Green,
        Outcome::Held => Paint::Yellow,
        Outcome::Failed => Paint::Red,
    };
    let outcome = colour.paint(outcome, night.outcome.code());
    let mut text = heading(&format!("Run {}", night.run), colour);
    line(
        &mut text,
        "night",
        &format!("{outcome}, {:.0} from {}", night.started_at, night.connector),
    );
    text.push_str(&feed(night));
    text.push_str(&checks(&night.checks, colour));
    let sharing = match night.sharing {
        Sharing::Shared => "it is shared",
        Sharing::Withdrawn => "it is not shared any more",
        Sharing::NotAsked => "nothing was left out: the feed did not have it",
        Sharing::Everything => "everything is shared, as the settings are now",
        Sharing::Unknown => {
            "nothing is known: a record that is not shared leaves no trace in a night"
        }
    };
    line(&mut text, "sharing", sharing);
    line(&mut text, "plan", &format!("{}: {}", night.plan.word, night.plan.why));
    text.push_str(&holds(&night.holds));
    text.push_str(&approvals(&night.approved));
    for values in &night.set_aside {
        line(&mut text, "set aside", "as the feed had it");
        text.push_str(&table(values.iter().map(|(name, value)| (name.as_str(), value.as_str()))));
    }
    text
}

fn feed(night: &NightStory) -> String {
    let mut text = String::new();
    for Stand { place, fate } in &night.feed {
        let words = match *fate {
            "said_gone" => format!("{}: the feed says that it is gone", at(place)),
            "rejected" => format!("{}: set aside", at(place)),
            _ => at(place),
        };
        line(&mut text, "feed", &words);
    }
    if night.feed.is_empty() {
        let words = match (night.kept, night.sharing) {
            (false, _) => "where records stood is not kept of this run",
            (true, Sharing::NotAsked | Sharing::Everything) => "the record was not in the feed",
            (true, _) => "the record was not in the feed, as far as it is shared",
        };
        line(&mut text, "feed", words);
    }
    text
}

fn checks(checks: &[Check], colour: Colour) -> String {
    let mut text = String::new();
    for check in checks {
        let paint = if check.severity == "rejected" { Paint::Red } else { Paint::Yellow };
        let severity = colour.paint(paint, &check.severity);
        let mut words = format!("{severity} {}", check.code);
        if let Some(file) = &check.file {
            _ = write!(words, " at {}", shown(file));
            if let Some(line) = check.line {
                _ = write!(words, ":{line}");
            }
        }
        if let Some(field) = &check.field {
            _ = write!(words, ", field {}", shown(field));
        }
        line(&mut text, "checks", &words);
        if let Some(manual) = &check.manual {
            text.push_str(&wrap(manual, INDENT));
        }
    }
    if checks.is_empty() {
        line(&mut text, "checks", "nothing was found");
    }
    text
}

fn holds(holds: &[HeldChange]) -> String {
    let mut text = String::new();
    for HeldChange { operation, hold } in holds {
        let words = hold.as_ref().map_or_else(
            || format!("its {operation} waits"),
            |it| {
                let of =
                    it.school.as_deref().map_or(String::new(), |it| format!(" of school {it}"));
                let (id, rule, state) = (&it.id, it.rule.code(), it.state.code());
                format!("its {operation} is in {id}: {rule}{of}, {}; it is {state}", it.limit)
            },
        );
        line(&mut text, "hold", &shown(&words));
    }
    text
}

fn approvals(holds: &[Hold]) -> String {
    let mut text = String::new();
    for hold in holds {
        let decision = hold.decision.as_ref();
        let by = decision.map_or(String::new(), |it| format!(" by {}: {}", it.by, it.reason));
        let words = format!("{} ({}) was approved{by}", hold.id, hold.rule.code());
        line(&mut text, "approved", &shown(&words));
    }
    text
}

fn published(record: Option<&PublishedRecord>, colour: Colour) -> String {
    let mut text = heading("Published now", colour);
    let Some(record) = record else {
        text.push_str("    nothing: it was never published\n");
        return text;
    };
    line(&mut text, "state", if record.active { "published" } else { "deleted" });
    for (label, word) in [
        ("id", record.id.as_ref()),
        ("first run", record.first_run.as_ref().map(|it| it.as_str().to_owned()).as_ref()),
        ("last run", record.last_run.as_ref().map(|it| it.as_str().to_owned()).as_ref()),
    ] {
        if let Some(word) = word {
            line(&mut text, label, word);
        }
    }
    for change in &record.changes {
        line(&mut text, &change.operation, &format!("{:.0} by run {}", change.at, change.run));
    }
    if let Some(deletion) = &record.deletion {
        let place = deletion.place.as_ref().map_or(String::new(), |it| format!(", at {}", at(it)));
        line(&mut text, "why", &shown(&format!("{}{place}", deletion.why)));
    }
    if let Some(values) = &record.values {
        text.push_str("    values\n");
        text.push_str(&table(values.iter().map(|(name, value)| (*name, value.as_str()))));
    }
    text
}

fn references(references: &[Referred], colour: Colour) -> String {
    if references.is_empty() {
        return String::new();
    }
    let mut text = heading("Refers to", colour);
    for it in references {
        let paint = if it.state == "published" { Paint::Green } else { Paint::Red };
        let state = colour.paint(paint, &it.state.replace('_', " "));
        let required = if it.required { ", which it needs" } else { "" };
        let words = format!("{} {}: {state}{required}", it.entity, shown(&it.source_id));
        _ = writeln!(text, "    {:<26} {words}", it.field);
        let why = it.why.iter().map(|it| format!("{it}\n"));
        let stands = it.feed.iter().map(|it| format!("in the feed at {}\n", at(&it.place)));
        let found = it.checks.iter().map(|it| {
            let field = it.field.as_ref().map_or(String::new(), |it| format!(", field {it}"));
            shown(&format!("{} {}{field}", it.severity, it.code)) + "\n"
        });
        for words in why.chain(stands).chain(found) {
            _ = write!(text, "    {:<26}   {words}", "");
        }
    }
    text
}

fn feed_now(now: &FeedNow) -> String {
    let place = now.place.as_ref().map_or(String::new(), |it| format!(" at {}", at(it)));
    let why = now.why.as_deref().unwrap_or_default();
    let words = match now.state {
        "there" => format!("it has the record{place}"),
        "said_gone" => format!("it says{place} that the record is gone"),
        "rejected" => format!("it has the record{place}, and a check leaves it out: {why}"),
        "not_in_feed" => "it does not speak of the table at all".to_owned(),
        "unreadable" => format!("it cannot be read: {why}"),
        _ => "it does not have the record".to_owned(),
    };
    let mut text = wrap(&shown(&words), 4);
    match now.shared {
        Some(true) => text.push_str("    the sharing settings let it through\n"),
        Some(false) => {
            let mut words =
                format!("the sharing settings leave it out: {}", now.settings.join(" or "));
            if let Some(through) = &now.through {
                _ = write!(words, ", through {through}");
            }
            text.push_str(&wrap(&shown(&words), 4));
        }
        None => {}
    }
    text
}

fn at(place: &Place) -> String {
    shown(&match place {
        Place::File { file, line } => format!("{file}:{line}"),
        Place::Page { page, index } => format!("{page}, record {index} of the page"),
        Place::Query { query, row } => format!("query {query}, row {row}"),
    })
}

fn table<'v>(values: impl Iterator<Item = (&'v str, &'v str)>) -> String {
    let values: BTreeMap<&str, &str> = values.collect();
    let width = values.keys().map(|it| it.chars().count()).max().unwrap_or(0);
    let row = |(name, value): (&&str, &&str)| {
        format!("      {:<width$}  {}\n", shown(name), shown(value))
    };
    values.iter().map(row).collect()
}
