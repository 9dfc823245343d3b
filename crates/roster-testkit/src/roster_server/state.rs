//! The collections: which page is asked for, and how it is told.

use super::{DISTRICT_TOKEN, objects::RosterData};
use crate::http::{HttpReply, HttpRequest};
use serde_json::{Map, Value, json};

/// What the service is and how it behaves.
#[derive(Debug)]
pub(super) struct State {
    pub(super) data: RosterData,
    /// Its own address.
    pub(super) url: String,
    /// The token that it takes.
    pub(super) token: String,
    pub(super) disabled: bool,
    pub(super) invited: Vec<(u64, String)>,
    pub(super) revision: Option<String>,
    /// The most records of a page, whatever is asked for.
    pub(super) clamp: Option<usize>,
    /// Whether pages tell `x-count` and `x-total-count`.
    pub(super) totals: bool,
    /// Every second page has so many records less than it could.
    pub(super) shorter_by: usize,
    /// Pages whose total is one too high.
    pub(super) wrong_totals: usize,
    /// Pages after which the revision changes, once.
    pub(super) revision_changes_after: Option<usize>,
    /// An empty page is status 204.
    pub(super) no_content: bool,
    pub(super) link_never_ends: bool,
    pub(super) pages: usize,
}

impl State {
    pub(super) fn new(data: RosterData) -> Self {
        Self {
            data,
            url: String::new(),
            token: DISTRICT_TOKEN.to_owned(),
            disabled: false,
            invited: Vec::new(),
            revision: None,
            clamp: None,
            totals: true,
            shorter_by: 0,
            wrong_totals: 0,
            revision_changes_after: None,
            no_content: false,
            link_never_ends: false,
            pages: 0,
        }
    }

    /// A page of a collection, by its path below the proxy's prefix.
    pub(super) fn page(&mut self, path: &str, request: &HttpRequest) -> HttpReply {
        let Some((name, records)) = self.data.find(path) else {
            return HttpReply::json(&json!({"message": "not found"})).with_status(404);
        };
        self.pages += 1;
        if request.query("sort").as_deref() != Some("sourcedId") {
            // What a page holds would depend on the moment.
            return HttpReply::json(&json!({"message": "unstable order"})).with_status(400);
        }
        let total = records.len();
        let (offset, limit) = (request.number("offset").unwrap_or(0), request.number("limit"));
        let mut size = limit.unwrap_or(100).min(self.clamp.unwrap_or(usize::MAX));
        if self.pages % 2 == 0 {
            size = size.saturating_sub(self.shorter_by).max(1);
        }
        let fields = request.query("fields");
        let page: Vec<_> = records
            .iter()
            .skip(offset)
            .take(size)
            .map(|it| selected(it, fields.as_deref()))
            .collect();
        let count = page.len();
        let reply = if count == 0 && self.no_content {
            HttpReply::status(204)
        } else {
            HttpReply::json(&json!({name: page}))
        };
        self.with_headers(reply, count, total)
    }

    fn with_headers(&mut self, mut reply: HttpReply, count: usize, total: usize) -> HttpReply {
        let wrong = usize::from(self.wrong_totals > 0);
        self.wrong_totals -= wrong;
        if self.totals {
            reply = reply.header("x-count", count).header("x-total-count", total + wrong);
        }
        if let Some(left) = self.revision_changes_after {
            self.revision_changes_after = left.checked_sub(1);
            if left == 0 {
                self.revision = self.revision.as_ref().map(|it| format!("{it}-next"));
            }
        }
        if let Some(revision) = &self.revision {
            reply = reply.header("x-perm-rev", revision);
        }
        if self.link_never_ends {
            let link =
                "<https://elsewhere.example/ims/oneroster/v1p1/users?offset=0>; rel=\"next\"";
            reply = reply.header("link", link);
        }
        reply
    }
}

/// The properties of a record that are asked for.
fn selected(record: &Value, fields: Option<&str>) -> Value {
    let (Some(object), Some(fields)) = (record.as_object(), fields) else { return record.clone() };
    let asked = |name: &String| fields.split(',').any(|it| it == name);
    let selected =
        object.iter().filter(|it| asked(it.0)).map(|(name, value)| (name.clone(), value.clone()));
    Value::Object(selected.collect::<Map<_, _>>())
}
