//! Who is told what of a night, and when it is sent.

use super::{config::ServeSettings, store::ControlStore};
use crate::{night::guard::NIGHTS_UNTIL_REBASELINE, render};
use jiff::{SignedDuration, Timestamp};
use roster_core::{DiagnosticCode, Result, RunContext};
use roster_notices::{Kind, Notice, Notifier, Recipient, group};
use roster_sink::{Hold, Outcome, RunRecord};
use std::{collections::HashMap, sync::Arc};

/// Notices that cannot be sent for so long are given up; they stand in the console.
const GIVEN_UP_AFTER_HOURS: i64 = 72;

#[derive(Debug)]
pub(super) struct Notices {
    notifier: Notifier,
    recipients: Vec<Recipient>,
    of_district: HashMap<String, Vec<Recipient>>,
    store: Arc<ControlStore>,
    public_url: String,
    group: SignedDuration,
    sending: tokio::sync::Mutex<()>,
}

impl Notices {
    pub(super) fn new(serve: &ServeSettings, store: Arc<ControlStore>) -> Self {
        let of_district = serve.district_recipients.iter();
        Self {
            notifier: Notifier::new(serve.mail.clone()),
            recipients: serve.recipients.clone(),
            of_district: of_district.map(|it| (it.0.to_string(), it.1.clone())).collect(),
            store,
            public_url: serve.public_url.clone(),
            group: SignedDuration::from_mins(i64::from(serve.group_minutes)),
            sending: tokio::sync::Mutex::new(()),
        }
    }

    /// What people should know of a night.
    pub(super) fn of_night(&self, record: &RunRecord, now: Timestamp) -> Result<()> {
        let district = record.report.district.as_str();
        let failed = record.report.outcome == Outcome::Failed || record.report.error.is_some();
        for notice in self.all_of(record) {
            self.store.tell(&notice, now)?;
        }
        if failed {
            return Ok(());
        }
        let holds: Vec<String> = record.report.holds.iter().map(key).collect();
        self.store.settle(district, Kind::Held, &holds)?;
        for over in [Kind::Failed, Kind::Late] {
            self.store.settle(district, over, &[])?;
        }
        Ok(())
    }

    /// That no night has ended well for a slot.
    pub(super) fn late(&self, district: &str, slot: Timestamp, now: Timestamp) -> Result<()> {
        let text = format!("no night has ended well since the one of {slot:.0} was due");
        self.store.tell(&self.notice(Kind::Late, district, slot.to_string(), text, None), now)?;
        Ok(())
    }

    fn all_of(&self, record: &RunRecord) -> Vec<Notice> {
        let report = &record.report;
        let district = report.district.as_str();
        let run = Some(format!("runs/{}", report.run));
        let mut notices: Vec<Notice> = report
            .holds
            .iter()
            .map(|it| {
                let link = Some(format!("holds/{}", it.id));
                self.notice(Kind::Held, district, key(it), held(it), link)
            })
            .collect();
        if let Some(error) = &report.error {
            let text = format!("{} Who must act: {}.", sentence(&error.message), error.actor);
            notices.push(self.notice(
                Kind::Failed,
                district,
                error.kind.clone(),
                text,
                run.clone(),
            ));
        }
        let drift = report.diagnostics.iter().filter(|it| is_drift(&it.code));
        notices.extend(drift.map(|it| {
            let files =
                it.examples.iter().filter_map(|it| it.field.as_deref().or(it.file.as_deref()));
            let files: Vec<_> = files.collect();
            let key = format!("{} {}", it.code, files.join(" "));
            let text = format!("{} ({})", it.code.replace('_', " "), files.join(", "));
            self.notice(Kind::Drift, district, key, text, run.clone())
        }));
        notices
    }

    fn notice(
        &self,
        kind: Kind,
        district: &str,
        key: String,
        text: String,
        path: Option<String>,
    ) -> Notice {
        let path = path.unwrap_or_else(|| format!("districts/{district}"));
        let link = Some(format!("{}/{path}", self.public_url));
        Notice { kind, district: district.to_owned(), key, text, link }
    }

    /// Sends what has waited for others long enough, or all of it.
    pub(super) async fn send(&self, now: Timestamp, all: bool) {
        let _one_at_a_time = self.sending.lock().await;
        if let Err(error) = self.try_to_send(now, all).await {
            tracing::error!(%error, "notices are not sent");
        }
    }

    async fn try_to_send(&self, now: Timestamp, all: bool) -> Result<()> {
        let unsent = self.store.unsent()?;
        let Some(oldest) = unsent.first().map(|it| it.1) else { return Ok(()) };
        if !all && now - oldest < self.group {
            return Ok(());
        }
        let notices: Vec<Notice> = unsent.iter().map(|it| it.2.clone()).collect();
        let mut failed = false;
        for (recipient, message) in group(&notices, |it| self.recipients_of(it)) {
            let channel = &recipient.channel;
            let sent = self.notifier.send(channel, &message, &RunContext::detached()).await;
            match sent {
                Ok(()) => {
                    tracing::info!(to = channel.name(), notices = message.notices.len(), "told");
                }
                Err(error) => {
                    failed = true;
                    tracing::error!(to = channel.name(), %error, "a notice is not sent");
                }
            }
        }
        let given_up = now - oldest > SignedDuration::from_hours(GIVEN_UP_AFTER_HOURS);
        if !failed || given_up {
            self.store.sent(&unsent.iter().map(|it| it.0).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn recipients_of(&self, district: &str) -> Vec<&Recipient> {
        let own = self.of_district.get(district).into_iter().flatten();
        self.recipients.iter().chain(own).collect()
    }
}

/// The same night after night, and another one when it has become a habit.
fn key(hold: &Hold) -> String {
    let school = hold.school.as_deref().unwrap_or("district");
    let habit = if hold.in_a_row >= NIGHTS_UNTIL_REBASELINE { "/again" } else { "" };
    format!("{}/{school}/{}{habit}", hold.entity.table(), hold.rule.code())
}

fn held(hold: &Hold) -> String {
    let what = render::what(hold);
    if hold.in_a_row > 1 { format!("{what}, for {} nights", hold.in_a_row) } else { what }
}

/// Findings about the shape of a feed, which are told when it changes.
fn is_drift(code: &str) -> bool {
    const DRIFT: [DiagnosticCode; 7] = [
        DiagnosticCode::ColumnGone,
        DiagnosticCode::ColumnNew,
        DiagnosticCode::FeedStale,
        DiagnosticCode::FileGone,
        DiagnosticCode::FileNew,
        DiagnosticCode::VocabularyGone,
        DiagnosticCode::VocabularyNew,
    ];
    DRIFT.iter().any(|it| it.code() == code)
}

fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}
