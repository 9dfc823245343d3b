//! When a district's nights run, and what starts, pauses and invites.

use super::{Answer, Refusal, Service};
use crate::serve::{
    ControlStore, Right, Viewer,
    access::{fingerprint_text, new_token},
};
use jiff::{SignedDuration, Timestamp};
use roster_core::Result;
use serde::Serialize;
use utoipa::ToSchema;

/// The next slots of a district, and what became of the last.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UpcomingView {
    /// The time zone of its schedule.
    pub time_zone: Option<String>,
    /// Whether somebody paused it.
    pub paused: bool,
    /// The next slots.
    #[schema(value_type = Vec<String>)]
    pub upcoming: Vec<Timestamp>,
    /// The last slots.
    pub last: Vec<PastSlot>,
}

/// What became of a slot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PastSlot {
    /// The slot.
    #[schema(value_type = String, format = DateTime)]
    pub slot: Timestamp,
    /// `ran`, `failed`, `missed_overtaken`, `missed_too_late`, `paused`, `pause`, `summer_pause` or `blackout`.
    pub fate: String,
    /// The last run of its night.
    pub run: Option<String>,
}

/// A one-time link by which a district gives its credentials.
#[derive(Clone, Serialize, ToSchema)]
pub struct Invitation {
    /// The link; whoever has it is the district.
    pub link: String,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl Invitation {
    /// Makes one; the token itself is nowhere kept.
    ///
    /// # Errors
    ///
    /// The store's.
    pub(crate) fn new(
        store: &ControlStore,
        public_url: &str,
        district: &str,
        by: &str,
        hours: u32,
    ) -> Result<Self> {
        let token = new_token()?;
        let now = Timestamp::now();
        let expires_at = now + SignedDuration::from_hours(i64::from(hours));
        store.add_invitation(&fingerprint_text(&token), district, by, now, expires_at)?;
        Ok(Self { link: format!("{public_url}/invite/{token}"), expires_at })
    }
}

impl Service {
    /// When a district's nights run.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it.
    pub fn schedule(&self, viewer: &Viewer, district: &str) -> Answer<UpcomingView> {
        let id = self.permit_district(viewer, Right::See, district)?;
        let schedule = self.engine.serve.schedules.get(&id);
        let last = self.engine.store.slots(district, 30)?.into_iter();
        Ok(UpcomingView {
            time_zone: schedule.and_then(|it| it.time_zone().iana_name()).map(str::to_owned),
            paused: self.engine.is_paused(district),
            upcoming: self.engine.upcoming(district, 14),
            last: last.map(|(slot, fate, run)| PastSlot { slot, fate, run }).collect(),
        })
    }

    /// Starts a night as soon as there is a place.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it.
    pub fn run_now(&self, viewer: &Viewer, district: &str) -> Answer<()> {
        let id = self.permit_district(viewer, Right::Act, district)?;
        self.note(viewer, &id, "run_now", None)?;
        self.engine.run_now(district);
        Ok(())
    }

    /// Pauses a district's nights, or ends the pause.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it.
    pub fn pause(&self, viewer: &Viewer, district: &str, paused: bool, reason: &str) -> Answer<()> {
        let id = self.permit_district(viewer, Right::Act, district)?;
        let reason = Some(reason.trim()).filter(|it| !it.is_empty()).map(str::to_owned);
        if paused && reason.is_none() {
            let message = "the reason must not be empty; it stands in the audit log";
            return Err(Refusal::Invalid(message.to_owned()));
        }
        self.note(viewer, &id, if paused { "pause" } else { "resume" }, reason)?;
        Ok(self.engine.pause(district, paused)?)
    }

    /// Makes a one-time link by which a district gives its credentials.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it.
    pub fn invite(&self, viewer: &Viewer, district: &str, hours: u32) -> Answer<Invitation> {
        let id = self.permit_district(viewer, Right::Act, district)?;
        if !(1..=720).contains(&hours) {
            return Err(Refusal::Invalid("hours must be from 1 to 720".to_owned()));
        }
        self.note(viewer, &id, "invite", Some(format!("for {hours} hours")))?;
        let (store, url) = (&self.engine.store, self.public_url());
        Ok(Invitation::new(store, url, district, &viewer.name, hours)?)
    }

    /// The district that an invitation's token is for and who invited, unless it is used or has expired.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unauthenticated`] otherwise.
    pub fn invited(&self, token: &str) -> Answer<(String, String)> {
        let found =
            self.engine.store.invitation(&fingerprint_text(token), self.engine.clock.now())?;
        found.ok_or(Refusal::Unauthenticated)
    }

    /// Uses an invitation up.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unauthenticated`] when it is used or has expired.
    pub fn use_invitation(&self, token: &str) -> Answer<String> {
        let (district, _) = self.invited(token)?;
        let fingerprint = fingerprint_text(token);
        if self.engine.store.use_invitation(&fingerprint, self.engine.clock.now())? {
            return Ok(district);
        }
        Err(Refusal::Unauthenticated)
    }
}
