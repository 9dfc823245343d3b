//! A OneRoster service: where its collections are and how it wants to be asked.

use async_trait::async_trait;
use roster_core::{Error, ErrorKind, Result, RunContext, SourceDescriptor};
use roster_http::{Api, PageSize};
use roster_oneroster::{Version, files::Group, rest::Collection};
use std::{fmt, num::NonZeroU32};
use url::Url;

/// Size of the pages that are asked for at first.  Services clamp larger ones silently; what comes is what counts.
pub const PAGE_SIZE: PageSize = PageSize {
    start: NonZeroU32::new(5_000).expect("5000 is not zero"),
    least: NonZeroU32::new(50).expect("50 is not zero"),
};

/// A service of one district.
///
/// Paging, as real services need it: the offset goes on by the records that came, since services clamp `limit` without
/// a word and give short pages before the last; the end is an empty page, since some tell no total; records are asked
/// for by key, so that the order is the same from page to page; `Link` headers are not followed, since they name other
/// hosts and go in circles; and `href` never is.
#[derive(Clone, Debug)]
pub struct Service {
    /// The way to it.
    pub api: Api,
    /// The edition it speaks.
    pub version: Version,
    /// Path before `/ims/oneroster/..`, escaped, as it is to be sent; mostly empty.
    pub prefix: String,
    /// Parts of the standard to read beside rostering.
    pub services: Services,
    /// Size of pages.
    pub page_size: PageSize,
    /// Whether only the properties that are read are asked for, with `fields=`; then passwords never leave the service.
    pub select_fields: bool,
}

/// Parts of the standard to read beside rostering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// Line items, results and what belongs to them.
    pub gradebook: bool,
    /// Learning resources.
    pub resources: bool,
}

/// What a connector adds: how a service is reached.
#[async_trait]
pub trait Connect: fmt::Debug + Send + Sync + 'static {
    /// Who the source is.
    fn descriptor(&self) -> &'static SourceDescriptor;

    /// Finds the service and the credential for it; called once for every check, discovery and extract.
    async fn connect(&self, ctx: &RunContext) -> Result<Connected>;
}

/// A service that was found.
#[derive(Debug)]
pub struct Connected {
    /// The service.
    pub service: Service,
    /// A sentence of what was found, for the check; no credential and no record value.
    pub found: String,
}

/// The edition of a name such as `1.1`, as configuration writes it.
#[must_use]
pub fn version_of(name: &str) -> Option<Version> {
    match name {
        "1.0" => Some(Version::V1_0),
        "1.1" => Some(Version::V1_1),
        "1.2" => Some(Version::V1_2_1),
        _ => None,
    }
}

impl Service {
    /// The collections it may have, in load order.
    pub(crate) fn collections(&self) -> impl Iterator<Item = &'static Collection> {
        let (version, services) = (self.version, self.services);
        roster_oneroster::rest::COLLECTIONS.iter().filter(move |it| {
            it.is_of(version)
                && match it.service() {
                    Group::Rostering => true,
                    Group::Gradebook => services.gradebook,
                    Group::Resources => services.resources,
                }
        })
    }

    /// The address of a collection, with what every page of it is asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] where the prefix makes no address.
    pub(crate) fn url(&self, collection: &Collection, select: Select) -> Result<Url> {
        let path = format!(
            "{}{}/{}",
            self.prefix,
            base(self.version, collection.service()),
            collection.path
        );
        let url = self.api.url("oneroster.url", &path);
        let mut url = url.map_err(|err| {
            let message = "the service's base path makes no address; check the configuration";
            Error::new(ErrorKind::ConfigInvalid, "oneroster.url", message).source(err)
        })?;
        let mut query = url.query_pairs_mut();
        query.append_pair("sort", "sourcedId").append_pair("orderBy", "asc");
        if select == Select::Fields {
            query.append_pair("fields", &collection.fields(self.version).join(","));
        }
        drop(query);
        Ok(url)
    }

    /// What is asked for first.
    pub(crate) fn select(&self) -> Select {
        if self.select_fields { Select::Fields } else { Select::Everything }
    }
}

/// Which properties are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Select {
    Fields,
    Everything,
}

/// The base path of a part of the standard: 1.2 has one for each.
fn base(version: Version, service: Group) -> &'static str {
    match (version, service) {
        (Version::V1_0, _) => "/learningdata/v1",
        (Version::V1_1, _) => "/ims/oneroster/v1p1",
        (_, Group::Rostering) => "/ims/oneroster/rostering/v1p2",
        (_, Group::Gradebook) => "/ims/oneroster/gradebook/v1p2",
        (_, Group::Resources) => "/ims/oneroster/resources/v1p2",
    }
}
