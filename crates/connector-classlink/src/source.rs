//! How the Roster Server of a district is reached.

use crate::{
    ClassLink,
    access::DistrictBearer,
    applications::{Application, Partner, direct_access, partner},
    config::{Access, Settings, Way},
};
use async_trait::async_trait;
use roster_core::{Connector, Error, ErrorKind, Result, RunContext, Secret, SourceDescriptor};
use roster_http::{Api, Authorize, OAuth1, RateLimiter, service_url};
use roster_oneroster::Version;
use roster_oneroster_rest::{Connect, Connected, Service, prefix_of};
use std::sync::Arc;
use url::Url;

static DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    id: ClassLink::ID,
    title: "ClassLink Roster Server",
    field_name: roster_oneroster::property_name,
};

/// A district's Roster Server.
#[derive(Debug)]
pub(crate) struct ClassLinkService {
    settings: Settings,
}

impl ClassLinkService {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn service(&self, origin: Url, auth: Arc<dyn Authorize>, prefix: String) -> Service {
        let Settings { services, page_size, client, .. } = &self.settings;
        let limiter = Arc::new(RateLimiter::unlimited());
        Service {
            api: Api::new(client.clone(), origin, auth, limiter),
            // The portal calls applications 1.2; the service speaks 1.1.
            version: Version::V1_1,
            prefix,
            services: *services,
            page_size: *page_size,
            select_fields: true,
        }
    }

    fn direct(&self, url: Url, key: String, secret: Secret<String>) -> Service {
        let Settings { signature, client, .. } = &self.settings;
        let auth = OAuth1::new(key, secret, (*signature).into(), client.clock().clone());
        let prefix = prefix_of(&url);
        self.service(url, Arc::new(auth), prefix)
    }

    async fn of_partner(
        &self,
        ctx: &RunContext,
        tenant_id: u64,
        access: Access,
    ) -> Result<Connected> {
        let partner = partner(ctx, &self.settings).await?;
        let application = find(&partner.applications, tenant_id)?;
        let service = match access {
            Access::Proxy => self.at_proxy(&partner, &application)?,
            Access::Direct => {
                let access = direct_access(ctx, &partner, &application).await?;
                let url = service_url(&access.endpoint_url)
                    .map_err(|it| Error::new(ErrorKind::SchemaMismatch, "classlink.server", it))?;
                self.direct(url, access.client_id, access.client_secret)
            }
        };
        let found = format!(
            "{} districts share with the application, this one among them",
            partner.applications.len()
        );
        Ok(Connected { service, found })
    }

    fn at_proxy(&self, partner: &Partner, application: &Application) -> Result<Service> {
        let bearer = application.bearer.as_ref();
        let (api, key) = (partner.api.clone(), partner.key.clone());
        let auth = DistrictBearer::new(api, key, application.tenant_id, bearer)?;
        let prefix = format!("{}/{}", prefix_of(&partner.proxy), application.path);
        Ok(self.service(partner.proxy.clone(), Arc::new(auth), prefix))
    }
}

/// The district among those that share.
fn find(applications: &[Application], tenant_id: u64) -> Result<Application> {
    let error = |kind, message: &str| {
        Error::new(kind, "classlink.connect", message).context("tenant_id", tenant_id)
    };
    match applications.iter().find(|it| it.tenant_id == tenant_id) {
        Some(application) if application.enabled => Ok(application.clone()),
        Some(_) => Err(error(
            ErrorKind::PermissionDenied,
            "the district has added the application and not enabled it; have it switched to Enabled in the Roster Server console",
        )),
        None => Err(error(
            ErrorKind::NotFound,
            "the district does not share with the application; have it added and enabled in the Roster Server console",
        )),
    }
}

#[async_trait]
impl Connect for ClassLinkService {
    fn descriptor(&self) -> &'static SourceDescriptor {
        &DESCRIPTOR
    }

    async fn connect(&self, ctx: &RunContext) -> Result<Connected> {
        match &self.settings.way {
            Way::Partner { tenant_id: Some(tenant_id), access, .. } => {
                self.of_partner(ctx, *tenant_id, *access).await
            }
            Way::Partner { .. } => {
                let message = "the district's tenant id is missing; configure tenant_id";
                Err(Error::new(ErrorKind::ConfigInvalid, "classlink.connect", message))
            }
            Way::District { url, key, secret } => {
                let service = self.direct(url.clone(), key.clone(), secret.read()?);
                let found = format!("Roster Server at {}", url.host_str().unwrap_or_default());
                Ok(Connected { service, found })
            }
        }
    }
}
