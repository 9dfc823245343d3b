//! The district's bearer at the proxy: kept as long as it works, looked up again when it is refused.

use crate::applications::read_list;
use async_trait::async_trait;
use roster_core::{Result, RunContext, Secret};
use roster_http::{Api, Authorization, Authorize, Bearer, Target};
use std::fmt;
use tokio::sync::Mutex;

/// Authorizes with the bearer that the partner's list tells for a district.
pub(crate) struct DistrictBearer {
    partner: Api,
    partner_key: Secret<String>,
    tenant_id: u64,
    bearer: Mutex<Bearer>,
}

impl DistrictBearer {
    /// Begins with a bearer of the list, or with the partner's key where the list tells none.
    pub(crate) fn new(
        partner: Api,
        partner_key: Secret<String>,
        tenant_id: u64,
        bearer: Option<&Secret<String>>,
    ) -> Result<Self> {
        let bearer = Mutex::new(Bearer::new(bearer.unwrap_or(&partner_key))?);
        Ok(Self { partner, partner_key, tenant_id, bearer })
    }
}

impl fmt::Debug for DistrictBearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DistrictBearer").field("tenant_id", &self.tenant_id).finish_non_exhaustive()
    }
}

#[async_trait]
impl Authorize for DistrictBearer {
    async fn authorize(&self, ctx: &RunContext, target: Target<'_>) -> Result<Authorization> {
        self.bearer.lock().await.authorize(ctx, target).await
    }

    async fn refused(&self, ctx: &RunContext, used: &Authorization) -> Result<bool> {
        let mut bearer = self.bearer.lock().await;
        let url = self.partner.url("classlink.bearer", "/applications")?;
        let target = Target { method: &roster_http::Method::GET, url: &url };
        // Another request may have looked it up in the meantime.
        if bearer.authorize(ctx, target).await? != *used {
            return Ok(true);
        }
        let applications = read_list(ctx, &self.partner).await?;
        let own = applications.into_iter().find(|it| it.tenant_id == self.tenant_id);
        let token = own.and_then(|it| it.bearer);
        let renewed = Bearer::new(token.as_ref().unwrap_or(&self.partner_key))?;
        let changed = renewed.authorize(ctx, target).await? != *used;
        *bearer = renewed;
        Ok(changed)
    }
}
