//! The API for one district: its lists, and how Clever stands with the district.

use crate::{
    account::Account,
    config::Settings,
    lists::{self, Records},
    scopes::Scopes,
    wire::{Envelope, Item, Text},
};
use roster_core::{Error, ErrorKind, Result, RunContext};
use roster_http::{Api, Client, Pages, Paging, Response};
use std::sync::Arc;

const DISTRICT: &str = "clever.district";

/// The API for one district.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) api: Api,
    pub(crate) settings: Arc<Settings>,
    pub(crate) scopes: Scopes,
}

/// The district, as its own record has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DistrictState {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    /// When Clever last took over the district's data.
    pub(crate) last_sync: String,
    /// The record as it stands, and where it was read.
    pub(crate) record: Records,
}

impl DistrictState {
    /// Whether what is not in the lists is gone, as far as Clever's own work on the district goes.
    ///
    /// While a district is paused, pending or in error, its data is frozen, half there or stale; an unknown state is not
    /// trusted.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.state.as_str(), "running" | "success" | "")
    }

    /// Whether Clever has not touched the data in between.
    pub(crate) fn is_same(&self, later: &Self) -> bool {
        (&self.id, &self.state, &self.last_sync) == (&later.id, &later.state, &later.last_sync)
    }
}

impl Service {
    /// Finds the token and what it allows.
    pub(crate) async fn connect(
        ctx: &RunContext,
        settings: Arc<Settings>,
        client: &Client,
    ) -> Result<Self> {
        let account = Arc::new(Account::new(settings.clone(), client.clone()));
        let granted = account.granted(ctx).await?;
        let limiter = account.limiter(&granted);
        let api = Api::new(client.clone(), settings.api.clone(), account, limiter);
        Ok(Self { api, settings, scopes: granted.scopes })
    }

    /// The path of a list, such as `/v3.1/users`.
    pub(crate) fn path(&self, list: &str) -> String {
        format!("{}/{list}", self.settings.version.path())
    }

    /// A list, with such a query if it is not empty.
    pub(crate) fn list(
        &self,
        operation: &'static str,
        list: &str,
        query: &str,
    ) -> Result<Pages<Records>> {
        let mut url = self.api.url(operation, &self.path(list))?;
        url.set_query(Some(query).filter(|it| !it.is_empty()));
        let paging = Paging {
            operation,
            url,
            limit: "limit",
            size: self.settings.pages,
            after: None,
            offset: None,
        };
        let decode = move |it: &Response| lists::page(operation, it);
        Ok(self.api.pages(paging, Arc::new(decode)))
    }

    /// How Clever stands with the district now.
    pub(crate) async fn district(&self, ctx: &RunContext) -> Result<DistrictState> {
        let url = self.api.url(DISTRICT, &self.path("districts"))?;
        let wanted = self.settings.district.as_deref();
        self.api.get(ctx, DISTRICT, &url, |it| district_of(it, wanted)).await
    }
}

/// The wanted district of a list of districts, which has one for a district's token.
fn district_of(response: &Response, wanted: Option<&str>) -> Result<DistrictState> {
    let envelope: Envelope<'_> = response.json(DISTRICT)?;
    let error = |message| {
        Error::new(ErrorKind::SchemaMismatch, DISTRICT, message).context("path", &response.path)
    };
    let all = lists::records(response, &envelope);
    for index in 0..all.len() {
        let Ok(item) = serde_json::from_slice::<Item<crate::wire::District<'_>>>(all.raw(index))
        else {
            return Err(error("the district's record does not have the documented form"));
        };
        let district = item.data;
        if district.id.filled().is_some() && wanted.is_none_or(|it| it == district.id.get()) {
            let own = |it: &Text<'_>| it.get().to_owned();
            return Ok(DistrictState {
                id: own(&district.id),
                name: own(&district.name),
                state: own(&district.state),
                last_sync: own(&district.last_sync),
                record: all.only(index),
            });
        }
    }
    Err(error("the token is for another district than the one that is configured"))
}
