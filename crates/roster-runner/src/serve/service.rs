//! What people and programs may ask and do, each under a [`Viewer`].
//!
//! Every method takes the viewer first and looks at role and district itself, so that no caller can forget to.  A
//! district that is not the viewer's is refused whether it exists or not.

mod decisions;
mod districts;
mod records;
mod refusal;
mod runs;
mod schedule;

pub use districts::{DistrictView, NightView, Overview};
pub use records::HoldList;
pub use refusal::Refusal;
pub use runs::RunView;
pub use schedule::{Invitation, UpcomingView};

use super::{
    Engine, Right, Viewer,
    access::Access,
    store::{ControlStore, ServeAudit},
};
use roster_core::DistrictId;
use std::sync::Arc;

/// What a method gives.
pub(super) type Answer<T> = Result<T, Refusal>;

/// What people and programs may ask and do.
#[derive(Clone, Debug)]
pub struct Service {
    engine: Arc<Engine>,
    access: Arc<Access>,
}

impl Service {
    /// A service over an engine, for those who have a token.
    #[must_use]
    pub fn new(engine: Arc<Engine>, access: Access) -> Self {
        Self { engine, access: Arc::new(access) }
    }

    /// Whose token it is.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unauthenticated`] for one that is unknown or has expired.
    pub fn viewer(&self, token: &str) -> Answer<Viewer> {
        self.access.viewer(token, self.engine.clock.now()).ok_or(Refusal::Unauthenticated)
    }

    /// The engine beneath.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// What is remembered here, for sessions and invitations.
    #[must_use]
    pub fn store(&self) -> &ControlStore {
        &self.engine.store
    }

    /// Start of every link, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.engine.serve.public_url
    }

    /// Figures for Prometheus, of all districts.
    ///
    /// # Errors
    ///
    /// [`Refusal::Forbidden`] for a viewer who does not see all districts.
    pub fn metrics(&self, viewer: &Viewer) -> Answer<String> {
        self.permit(viewer, Right::See)?;
        if viewer.districts.is_some() {
            return Err(Refusal::Forbidden);
        }
        Ok(self.engine.metrics.text(self.engine.running(), self.engine.order.len()))
    }

    /// Refuses a viewer without a right.
    fn permit(&self, viewer: &Viewer, right: Right) -> Answer<()> {
        let now = self.engine.clock.now();
        if viewer.expires_at.is_some_and(|it| it <= now) {
            return Err(Refusal::Unauthenticated);
        }
        if viewer.may(right) { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// Refuses a viewer without a right for a district, and a district that is not there.
    fn permit_district(&self, viewer: &Viewer, right: Right, district: &str) -> Answer<DistrictId> {
        self.permit(viewer, right)?;
        if !viewer.sees(district) {
            return Err(Refusal::Forbidden);
        }
        let known = self.engine.districts.get(district);
        known
            .map(|it| it.id.clone())
            .ok_or_else(|| Refusal::NotFound("there is no such district".to_owned()))
    }

    /// Writes down what a viewer does; what cannot be written down is not done.
    fn note(
        &self,
        viewer: &Viewer,
        district: &DistrictId,
        action: &str,
        detail: Option<String>,
    ) -> Answer<()> {
        let entry = ServeAudit {
            at: self.engine.clock.now(),
            actor: viewer.name.clone(),
            district: Some(district.to_string()),
            action: action.to_owned(),
            detail,
        };
        Ok(self.engine.store.note(&entry)?)
    }
}
