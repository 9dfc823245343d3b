//! Districts that have added the application in Clever.

use crate::{
    account::{Connected, connected},
    config::{Access, Config, Settings},
    service::Service,
};
use async_trait::async_trait;
use roster_core::{
    ConfigProblem, ConnectedDistrict, DistrictDirectory, Error, ErrorKind, Result, RunContext,
};
use roster_http::Client;
use std::{path::Path, sync::Arc};

/// What a directory needs, wrong or missing; a district is not asked for.
#[must_use]
pub fn directory_problems(config: &Config) -> Vec<ConfigProblem> {
    config.problems().into_iter().filter(|it| it.key != "district").collect()
}

/// The districts that have connected with the application whose credentials `config` has.
///
/// # Errors
///
/// [`ErrorKind::ConfigInvalid`], also where a district's token stands in place of the application's credentials.
pub fn directory(mut config: Config, base: &Path) -> Result<Arc<dyn DistrictDirectory>> {
    // Any id will do: each district's own takes its place.
    config.district.get_or_insert_with(|| "any".to_owned());
    let client = Client::new(config.client.clone().at(base));
    let settings = config.resolve(base)?;
    if matches!(settings.access, Access::Token(_)) {
        let message =
            "a district's token lists no other districts; give client_id and client_secret";
        return Err(Error::new(ErrorKind::ConfigInvalid, "clever.directory", message));
    }
    Ok(Arc::new(CleverDirectory { settings, client }))
}

#[derive(Debug)]
struct CleverDirectory {
    settings: Settings,
    client: Client,
}

impl CleverDirectory {
    /// Looks at one district with its own token.
    async fn look_at(&self, ctx: &RunContext, connected: &Connected) -> ConnectedDistrict {
        let shared = connected.scopes().shared().into_iter().map(str::to_owned).collect();
        let id = connected.district().to_owned();
        let settings = Settings { district: Some(id.clone()), ..self.settings.clone() };
        let found = async {
            let service = Service::connect(ctx, Arc::new(settings), &self.client).await?;
            service.district(ctx).await
        };
        // One district that cannot be looked at hides no other.
        let found = found.await.ok();
        let filled = |it: String| Some(it).filter(|it| !it.is_empty());
        let (name, state) = found.map_or((None, None), |it| (filled(it.name), filled(it.state)));
        ConnectedDistrict { id, name, state, shared }
    }
}

#[async_trait]
impl DistrictDirectory for CleverDirectory {
    async fn districts(&self, ctx: &RunContext) -> Result<Vec<ConnectedDistrict>> {
        let Access::Application { client_id, client_secret } = &self.settings.access else {
            return Ok(Vec::new());
        };
        let secret = client_secret.read()?;
        let application = (client_id.as_str(), &secret);
        let all = connected(ctx, &self.client, &self.settings.tokens, application, None).await?;
        let mut districts = Vec::with_capacity(all.len());
        for it in &all {
            districts.push(self.look_at(ctx, it).await);
        }
        Ok(districts)
    }
}
