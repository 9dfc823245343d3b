//! What real services were seen to do, and a client must bear.

use super::{ROTATED_TOKEN, state::State};
use crate::http::{FakeHttp, HttpFault};
use serde_json::json;
use std::time::Duration;

/// Something that goes wrong; all of them may happen together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RosterFault {
    /// Pages have three records at most, whatever is asked for, and no header tells how many there are.
    ClampedWithoutTotals,
    /// Every second page is shorter than it could be.
    ShortPages,
    /// The total is one less on later pages than on the first ones.
    TotalChanges,
    /// The revision changes after a few pages, once.
    RevisionChanges,
    /// Three requests are refused with 429 and a web page.
    TooMany,
    /// An empty page is status 204.
    NoContent,
    /// `Link` names a next page on every page, on another host.
    LinkNeverEnds,
    /// The token that was told is no longer taken; the list of applications tells the new one.
    BearerRotated,
    /// Demographics are denied.
    DemographicsDenied,
    /// Large pages fail with 502.
    TooHeavy,
    /// An enrollment names a user who is not shared.
    DanglingReference,
    /// Two answers break off, one is not the whole JSON, one comes as a web page, one fails.
    Unreliable,
    /// Answers come in pieces, with pauses.
    Slow,
}

impl RosterFault {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::ClampedWithoutTotals,
        Self::ShortPages,
        Self::TotalChanges,
        Self::RevisionChanges,
        Self::TooMany,
        Self::NoContent,
        Self::LinkNeverEnds,
        Self::BearerRotated,
        Self::DemographicsDenied,
        Self::TooHeavy,
        Self::DanglingReference,
        Self::Unreliable,
        Self::Slow,
    ];

    pub(super) fn happen(self, http: &FakeHttp, state: &mut State) {
        match self {
            Self::ClampedWithoutTotals => (state.clamp, state.totals) = (Some(3), false),
            Self::ShortPages => state.shorter_by = 1,
            Self::TotalChanges => state.wrong_totals = 15,
            Self::RevisionChanges => {
                state.revision.get_or_insert_with(|| "1".to_owned());
                state.revision_changes_after = Some(14);
            }
            Self::TooMany => {
                http.fault(HttpFault::TooMany { retry_after_secs: None }.on("/users").times(2));
                http.fault(HttpFault::TooMany { retry_after_secs: Some(1) }.on("/orgs").times(1));
            }
            Self::NoContent => state.no_content = true,
            Self::LinkNeverEnds => state.link_never_ends = true,
            Self::BearerRotated => ROTATED_TOKEN.clone_into(&mut state.token),
            Self::DemographicsDenied => http.fault(HttpFault::Status(403).on("/demographics")),
            Self::TooHeavy => http.fault(HttpFault::Page(502).on("limit=5000")),
            Self::DanglingReference => {
                let nobody = json!({"href": "", "sourcedId": "not-shared", "type": "user"});
                if let Some(last) = state.data.records_mut("enrollments").last_mut() {
                    last["user"] = nobody;
                }
            }
            Self::Unreliable => {
                http.fault(HttpFault::CutBody.on("/classes").times(1));
                http.fault(HttpFault::NoAnswer.on("/enrollments").times(1));
                http.fault(HttpFault::HalfBody.on("/orgs").after(1).times(1));
                http.fault(HttpFault::PageForJson.on("/users").after(2).times(1));
                http.fault(HttpFault::Status(500).on("/courses").times(1));
            }
            Self::Slow => http.fault(HttpFault::SlowBody(Duration::from_millis(1)).on("/users")),
        }
    }
}
