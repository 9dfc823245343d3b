//! The vocabularies of the binding, as its editions have them.

use crate::version::{Version, Versions};
use roster_core::model::RoleType;

/// A vocabulary.
#[derive(Debug)]
pub struct Vocabulary {
    /// Terms of the latest edition that has it.
    pub terms: &'static [&'static str],
    /// Those of the terms that came with 1.2.
    pub since_1_2: &'static [&'static str],
    /// Whether 1.2 allows `ext:` terms beside them.
    pub extensible: bool,
    /// What 1.1 is told in place of a term that only 1.2 allows; empty for no value.
    pub fallback_1_1: Option<&'static str>,
}

impl Vocabulary {
    /// True when the edition lists the term, or allows it as an extension.
    #[must_use]
    pub fn allows(&self, term: &str, version: Version) -> bool {
        let recent = Versions::FROM_1_2.contains(version);
        if term.starts_with("ext:") {
            return self.extensible && recent;
        }
        self.terms.contains(&term) && (recent || !self.since_1_2.contains(&term))
    }

    /// What an edition is told for a term that only 1.2 allows, if anything else.
    #[must_use]
    pub fn substitute(&self, term: &str, version: Version) -> Option<&'static str> {
        let recent = self.allows(term, Version::V1_2_1) && !self.allows(term, version);
        self.fallback_1_1.filter(|_| recent)
    }
}

const fn extensible(terms: &'static [&'static str]) -> Vocabulary {
    Vocabulary { terms, since_1_2: &[], extensible: true, fallback_1_1: None }
}

const fn or_else(fallback: &'static str, terms: &'static [&'static str]) -> Vocabulary {
    Vocabulary { terms, since_1_2: &[], extensible: true, fallback_1_1: Some(fallback) }
}

const fn closed(terms: &'static [&'static str]) -> Vocabulary {
    Vocabulary { terms, since_1_2: &[], extensible: false, fallback_1_1: None }
}

/// Whether a record is to be kept; `inactive` is 1.0's.
pub static STATUS: Vocabulary = closed(&["active", "tobedeleted", "inactive"]);

/// Type of an organization.
pub static ORG_TYPE: Vocabulary =
    or_else("department", &["department", "school", "district", "local", "state", "national"]);

/// Type of an academic session.
pub static SESSION_TYPE: Vocabulary =
    or_else("term", &["gradingPeriod", "semester", "schoolYear", "term"]);

/// Type of a class.
pub static CLASS_TYPE: Vocabulary = or_else("scheduled", &["homeroom", "scheduled"]);

/// Role of a user in 1.0 and 1.1, also the roles a resource is for.
pub static USER_ROLE: Vocabulary = extensible(&[
    "administrator",
    "aide",
    "guardian",
    "parent",
    "proctor",
    "relative",
    "student",
    "teacher",
]);

/// Role of a user in an organization in 1.2.
pub static ROLE: Vocabulary = extensible(&[
    "aide",
    "counselor",
    "districtAdministrator",
    "guardian",
    "parent",
    "principal",
    "proctor",
    "relative",
    "siteAdministrator",
    "student",
    "systemAdministrator",
    "teacher",
]);

/// Whether the agents of whoever has this role are students.
///
/// No edition has the model's `contact`; in 1.2 it is written as an extension.
pub(crate) fn is_contact(role: &str) -> bool {
    RoleType::from_term(role.strip_prefix("ext:").unwrap_or(role)).is_contact()
}

/// Role of a user in a class.
pub static ENROLLMENT_ROLE: Vocabulary =
    extensible(&["administrator", "proctor", "student", "teacher"]);

/// Sex.
pub static SEX: Vocabulary = Vocabulary {
    terms: &["male", "female", "unspecified", "other"],
    since_1_2: &["unspecified", "other"],
    extensible: true,
    fallback_1_1: Some(""),
};

/// Importance of a resource.
pub static IMPORTANCE: Vocabulary = closed(&["primary", "secondary"]);

/// State of a result.
pub static SCORE_STATUS: Vocabulary =
    extensible(&["exempt", "fully graded", "not submitted", "partially graded", "submitted"]);

/// Where a learning objective is published.
pub static LEARNING_OBJECTIVE_SOURCE: Vocabulary = extensible(&["case", "unknown"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_known_also_as_extensions() {
        for role in ["parent", "guardian", "relative", "contact", "ext:contact"] {
            assert!(is_contact(role), "{role}");
        }
        for role in ["student", "teacher", "ext:coach", ""] {
            assert!(!is_contact(role), "{role}");
        }
    }

    #[test]
    fn extension_terms_and_later_terms_are_allowed_from_1_2() {
        let check = |term, expected: [bool; 2]| {
            let allowed = [Version::V1_1, Version::V1_2_1].map(|it| SEX.allows(term, it));
            assert_eq!(allowed, expected, "{term}");
        };
        check("male", [true, true]);
        check("other", [false, true]);
        check("ext:x", [false, true]);
        check("Male", [false, false]);
        assert!(!IMPORTANCE.allows("ext:x", Version::V1_2_1));
    }
}
