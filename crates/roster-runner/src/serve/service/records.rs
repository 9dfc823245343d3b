//! Holds, the audit log, and the story of one record.

use super::{Answer, Refusal, Service, runs::json};
use crate::{
    commands::explain::entity,
    drive::Drive,
    explain::{self, Now, Question, Values},
    progress::Progress,
    review,
    serve::{Right, ServeAudit, Viewer},
};
use roster_sink::{AuditEntry, Hold, HoldFilter, HoldId, Sink};
use serde::Serialize;
use serde_json::Value;
use std::{cmp::Reverse, sync::Arc};
use utoipa::ToSchema;

/// Holds and what was decided on them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HoldList {
    /// The holds, newest first.
    #[schema(value_type = Vec<Object>)]
    pub holds: Vec<Hold>,
}

impl Service {
    /// Holds of the districts that a viewer sees, newest first; of one district or of all, those that wait or all.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it.
    pub async fn holds(
        &self,
        viewer: &Viewer,
        district: Option<&str>,
        only_open: bool,
    ) -> Answer<HoldList> {
        let id = match district {
            Some(district) => Some(self.permit_district(viewer, Right::See, district)?),
            None => None,
        };
        self.permit(viewer, Right::See)?;
        let which = if only_open { HoldFilter::Open } else { HoldFilter::All };
        let mut holds = Vec::new();
        for sink in self.engine.sinks.all().await? {
            holds.extend(sink.holds(id.as_ref(), which).await?);
        }
        holds.retain(|it| viewer.sees(it.district.as_str()));
        holds.sort_by_key(|it| Reverse((it.created_at, it.id.clone())));
        holds.dedup_by(|one, other| one.id == other.id);
        Ok(HoldList { holds })
    }

    /// One hold.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it.
    pub async fn hold(&self, viewer: &Viewer, hold: &str) -> Answer<Hold> {
        Ok(self.find_hold(viewer, hold).await?.1)
    }

    /// The changes that a hold holds back, as CSV with the records' values.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it: values are for those who are cleared.
    pub async fn hold_changes(&self, viewer: &Viewer, hold: &str) -> Answer<Vec<u8>> {
        self.permit(viewer, Right::Values)?;
        let (sink, hold) = self.find_hold(viewer, hold).await?;
        self.note(viewer, &hold.district, "see_values", Some(format!("hold {}", hold.id)))?;
        let unavailable = |err: std::io::Error| {
            let message = "no temporary file can be written";
            let kind = roster_core::ErrorKind::Unavailable;
            Refusal::Failed(roster_core::Error::new(kind, "serve.hold", message).source(err))
        };
        let folder = tempfile::tempdir().map_err(unavailable)?;
        let file = folder.path().join("changes.csv");
        review::write_changes(&sink, &hold, &file).await?;
        std::fs::read(&file).map_err(unavailable)
    }

    /// Who has decided what: entries of the sinks and of this program, newest first.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it.
    pub async fn audit(
        &self,
        viewer: &Viewer,
        district: Option<&str>,
        most: usize,
    ) -> Answer<(Vec<AuditEntry>, Vec<ServeAudit>)> {
        let id = match district {
            Some(district) => Some(self.permit_district(viewer, Right::See, district)?),
            None => None,
        };
        self.permit(viewer, Right::See)?;
        let most = most.min(1_000);
        let mut decided = Vec::new();
        for sink in self.engine.sinks.all().await? {
            decided.extend(sink.audit(id.as_ref(), most).await?);
        }
        decided.retain(|it| viewer.sees(it.district.as_str()));
        decided.sort_by_key(|it| Reverse(it.at));
        decided.truncate(most);
        let mut here = self.engine.store.audit(district, most)?;
        here.retain(|it| match &it.district {
            Some(district) => viewer.sees(district),
            None => viewer.districts.is_none(),
        });
        Ok((decided, here))
    }

    /// Where a record came from, what was decided on it and why; its values only where `values` asks for them.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it: values are for those who are cleared.
    pub async fn explain(
        &self,
        viewer: &Viewer,
        district: &str,
        table: &str,
        source_id: &str,
        values: bool,
    ) -> Answer<Value> {
        let right = if values { Right::Values } else { Right::See };
        let id = self.permit_district(viewer, right, district)?;
        let entity = entity(table).map_err(Refusal::from)?;
        let action = if values { "see_values" } else { "explain" };
        self.note(viewer, &id, action, Some(format!("a record of {}", entity.table())))?;
        let sink = self.engine.sinks.of(&id).await?;
        let settings = &self.engine.districts[district];
        let drive = Drive::new(
            self.engine.night.clone(),
            self.engine.cancel.child_token(),
            Progress::plain(),
        );
        let (night, ctx) = drive.prepare_night(settings, sink.clone());
        let question = Question {
            district: id,
            entity,
            source_id: source_id.to_owned(),
            run: None,
            values: if values { Values::Shown } else { Values::Hidden },
        };
        json(&explain::explain(&question, &sink, Some(&Now { night, ctx })).await?)
    }

    /// A hold that the viewer may see, and the sink that remembers it.
    pub(super) async fn find_hold(
        &self,
        viewer: &Viewer,
        hold: &str,
    ) -> Answer<(Arc<dyn Sink>, Hold)> {
        self.permit(viewer, Right::See)?;
        for sink in self.engine.sinks.all().await? {
            let found = sink.hold(&HoldId::from_text(hold)).await?;
            if let Some(hold) = found.filter(|it| viewer.sees(it.district.as_str())) {
                return Ok((sink, hold));
            }
        }
        Err(Refusal::NotFound("there is no such hold".to_owned()))
    }
}
