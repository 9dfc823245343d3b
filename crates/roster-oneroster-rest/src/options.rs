//! What operators say about every OneRoster service, whatever connector reaches it.

use crate::{
    auth::Signature,
    service::{PAGE_SIZE, Services},
};
use roster_core::ConfigProblem;
use roster_credentials::CredentialPlace;
use roster_http::{PageSize, service_url};
use std::num::NonZeroU32;
use url::Url;

/// The most records a page is asked for: ClassLink documents it, and no other service is known to give more.
const LARGEST_PAGE: u32 = 10_000;

/// Finds what is wrong in a configuration, all at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<ConfigProblem>);

impl Problems {
    /// Adds one.
    pub fn add(&mut self, key: &'static str, message: impl Into<String>) {
        self.0.push(ConfigProblem { key, message: message.into() });
    }

    /// Adds those of another part.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = ConfigProblem>) {
        self.0.extend(problems);
    }

    /// What is wrong with a size of page.
    pub fn page_size(&mut self, size: Option<NonZeroU32>) {
        if size.is_some_and(|it| it.get() > LARGEST_PAGE) {
            self.add(
                "page_size",
                format!("services give {LARGEST_PAGE} records at most; ask for fewer"),
            );
        }
    }

    /// What is wrong with the address of a service that has to be there.
    pub fn url(&mut self, key: &'static str, text: Option<&str>) {
        match text {
            None => self.add(key, "it is missing; give the address of the service"),
            Some(text) => self.optional_url(key, Some(text)),
        }
    }

    /// What is wrong with the address of a service.
    pub fn optional_url(&mut self, key: &'static str, text: Option<&str>) {
        if let Some(Err(problem)) = text.map(service_url) {
            self.add(key, problem);
        }
    }

    /// What is wrong with a credential that has to be there.
    pub fn credential(&mut self, key: &'static str, place: Option<&CredentialPlace>) {
        match place {
            None => self.add(key, "it is missing; say where the credential is kept"),
            Some(place) => self.extend(place.problem(key)),
        }
    }

    /// What is wrong with a name that has to be there.
    pub fn name(&mut self, key: &'static str, text: Option<&str>) {
        if text.is_none_or(|it| it.trim().is_empty()) {
            self.add(key, "it is missing; give it");
        }
    }

    /// All of them.
    #[must_use]
    pub fn all(self) -> Vec<ConfigProblem> {
        self.0
    }
}

/// The pages to ask for.
#[must_use]
pub fn page_size(start: Option<NonZeroU32>) -> PageSize {
    let start = start.unwrap_or(PAGE_SIZE.start);
    PageSize { start, least: PAGE_SIZE.least.min(start) }
}

/// The path before `/ims/oneroster/..` of an address, where operators may give the whole path.
#[must_use]
pub fn prefix_of(url: &Url) -> String {
    const BASES: &[&str] = &[
        "/ims/oneroster/rostering/v1p2",
        "/ims/oneroster/v1p1",
        "/ims/oneroster",
        "/learningdata/v1",
    ];
    let path = url.path().trim_end_matches('/');
    BASES.iter().find_map(|it| path.strip_suffix(it)).unwrap_or(path).to_owned()
}

/// Parts of the standard to read beside rostering.
#[must_use]
pub fn services(gradebook: bool, resources: bool) -> Services {
    Services { gradebook, resources }
}

impl From<Signature> for roster_http::SignatureMethod {
    fn from(signature: Signature) -> Self {
        match signature {
            Signature::HmacSha256 => Self::HmacSha256,
            Signature::HmacSha1 => Self::HmacSha1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_base_paths_are_cut_to_what_is_before_the_standards_part() {
        let check = |url: &str, expected: &str| {
            assert_eq!(prefix_of(&Url::parse(url).unwrap()), expected, "{url}");
        };
        check("https://a.example", "");
        check("https://a.example/", "");
        check("https://a.example/ims/oneroster/v1p1/", "");
        check("https://a.example/api/ims/oneroster/rostering/v1p2", "/api");
        check("https://a.example/%2Fx%3D/ims/oneroster", "/%2Fx%3D");
        check("https://a.example/learningdata/v1", "");
        check("https://a.example/sis", "/sis");
    }
}
