//! What a person decides about a hold.

use super::{Answer, Refusal, Service};
use crate::{
    commands::decide::settle,
    serve::{Right, Viewer},
};
use roster_core::value::Timestamp;
use roster_sink::{Decision, Hold, HoldState};

impl Service {
    /// Lets the next night publish what a hold holds back.  Who decides is the viewer; `rebaseline` says that what the
    /// source sends now is the new normal, and is needed when it was held many nights in a row.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it, and [`Refusal::Conflict`] when the hold no longer waits.
    pub async fn approve(
        &self,
        viewer: &Viewer,
        hold: &str,
        reason: &str,
        hours: Option<u32>,
        rebaseline: bool,
    ) -> Answer<Hold> {
        self.decide(viewer, hold, HoldState::Approved, reason, hours, rebaseline).await
    }

    /// Goes on holding back what a hold holds back, without asking.
    ///
    /// # Errors
    ///
    /// As [`Self::approve`].
    pub async fn discard(
        &self,
        viewer: &Viewer,
        hold: &str,
        reason: &str,
        hours: Option<u32>,
    ) -> Answer<Hold> {
        self.decide(viewer, hold, HoldState::Discarded, reason, hours, false).await
    }

    async fn decide(
        &self,
        viewer: &Viewer,
        hold: &str,
        state: HoldState,
        reason: &str,
        hours: Option<u32>,
        rebaseline: bool,
    ) -> Answer<Hold> {
        self.permit(viewer, Right::Act)?;
        if reason.trim().is_empty() {
            let message = "the reason must not be empty; it stands in the audit log";
            return Err(Refusal::Invalid(message.to_owned()));
        }
        if hours.is_some_and(|it| !(1..=8_760).contains(&it)) {
            return Err(Refusal::Invalid("hours must be from 1 to 8760".to_owned()));
        }
        let (sink, hold) = self.find_hold(viewer, hold).await?;
        let (by, reason) = (viewer.name.clone(), reason.to_owned());
        let decision = Decision { at: Timestamp::now(), by, reason };
        Ok(settle(&*sink, &hold, state, &decision, hours, rebaseline).await?)
    }
}
