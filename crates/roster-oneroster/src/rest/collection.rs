//! The collections of the REST binding, and which property of their objects fills which column.
//!
//! The names follow from the columns of the files by the rules of the standard: a column `xSourcedId` is the property
//! `x`, a reference; a column `xSourcedIds` is the property `xs`, a list of references; every other column is the
//! property of its own name.  Services that flatten references use the names of the columns themselves.

use crate::{
    files::{Column, Content, FILES, FileSpec, Group},
    version::{Version, Versions},
};
use roster_core::EntityKind;
use std::borrow::Cow;

/// A collection that a nightly pull reads.
#[derive(Debug)]
pub struct Collection {
    /// The last segment of its path, such as `classes`.
    pub path: &'static str,
    /// The entity of its objects.
    pub entity: EntityKind,
    /// Entities that are made from lists within its objects, of services that have the other entities' own collections.
    pub(super) links: &'static [Link],
    /// Properties of the standard that the model does not keep.
    pub(super) left_out: &'static [&'static str],
}

/// A list within an object, each item of which is a record of another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// The roles of a user, or its one role at each of its organizations.
    Roles,
    /// The accounts of a user.
    Profiles,
    /// References in the property `resources`.
    Resources(EntityKind),
    /// The reference in the property `scoreScale`.
    ScoreScale(EntityKind),
    /// The property `learningObjectiveSet`.
    LearningObjectives(EntityKind),
}

impl Link {
    pub(super) fn entity(self) -> EntityKind {
        match self {
            Self::Roles => EntityKind::Role,
            Self::Profiles => EntityKind::UserProfile,
            Self::Resources(entity)
            | Self::ScoreScale(entity)
            | Self::LearningObjectives(entity) => entity,
        }
    }

    pub(super) fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Roles => &["roles"],
            Self::Profiles => &["userProfiles"],
            Self::Resources(_) => &["resources"],
            Self::ScoreScale(_) => &["scoreScale"],
            Self::LearningObjectives(_) => &["learningObjectiveSet"],
        }
    }
}

const fn plain(path: &'static str, entity: EntityKind) -> Collection {
    Collection { path, entity, links: &[], left_out: &[] }
}

/// All of them, in load order.
pub const COLLECTIONS: &[Collection] = &[
    Collection { left_out: &["children"], ..plain("orgs", EntityKind::Org) },
    Collection {
        left_out: &["children"],
        ..plain("academicSessions", EntityKind::AcademicSession)
    },
    Collection {
        links: &[Link::Resources(EntityKind::CourseResource)],
        ..plain("courses", EntityKind::Course)
    },
    Collection {
        links: &[Link::Resources(EntityKind::SectionResource)],
        ..plain("classes", EntityKind::Section)
    },
    Collection {
        links: &[Link::Roles, Link::Profiles, Link::Resources(EntityKind::UserResource)],
        ..plain("users", EntityKind::User)
    },
    plain("demographics", EntityKind::Demographics),
    plain("enrollments", EntityKind::Enrollment),
    plain("resources", EntityKind::Resource),
    plain("categories", EntityKind::Category),
    Collection {
        links: &[
            Link::ScoreScale(EntityKind::LineItemScoreScale),
            Link::LearningObjectives(EntityKind::LineItemLearningObjective),
        ],
        ..plain("lineItems", EntityKind::LineItem)
    },
    plain("scoreScales", EntityKind::ScoreScale),
    Collection {
        links: &[
            Link::ScoreScale(EntityKind::ResultScoreScale),
            Link::LearningObjectives(EntityKind::ResultLearningObjective),
        ],
        ..plain("results", EntityKind::Result)
    },
];

impl Collection {
    /// The file whose columns its objects have.
    ///
    /// # Panics
    ///
    /// Never: every collection has a file.
    #[must_use]
    pub fn file(&self) -> &'static FileSpec {
        file(self.entity)
    }

    /// The service that gives it; 1.2 has a base path for each.
    #[must_use]
    pub fn service(&self) -> Group {
        self.file().group
    }

    /// Whether an edition has it.
    #[must_use]
    pub fn is_of(&self, version: Version) -> bool {
        self.file().versions.contains(version)
    }

    /// The properties that are asked for with `fields=`: all that are read, and never a password.
    #[must_use]
    pub fn fields(&self, version: Version) -> Vec<Cow<'static, str>> {
        let columns = self.file().columns_of(version);
        let told = columns.filter(|it| !matches!(it.content, Content::Password));
        let mut fields: Vec<_> = told.map(|it| property(it.name_in(version))).collect();
        for link in self.links.iter().filter(|it| offered(**it, version)) {
            let new = link.properties().iter().map(|it| Cow::Borrowed(*it));
            fields.extend(new.filter(|it| !fields.contains(it)).collect::<Vec<_>>());
        }
        fields.push("metadata".into());
        fields
    }

    /// The entities that reading it can give, in an edition, besides relationships.
    #[must_use]
    pub fn entities(&self, version: Version) -> Vec<EntityKind> {
        let links = self.links.iter().filter(|it| offered(**it, version)).map(|it| it.entity());
        std::iter::once(self.entity).chain(links).collect()
    }

    /// Whether a property of the standard is not kept.
    pub(super) fn leaves_out(&self, property: &str) -> bool {
        self.left_out.contains(&property)
            || self.links.iter().any(|it| it.properties().contains(&property))
    }
}

/// Whether the model's records of a link come with an edition; roles come with every one.
pub(super) fn offered(link: Link, version: Version) -> bool {
    link == Link::Roles || file(link.entity()).versions.contains(version)
}

/// The file of an entity that a collection or a link has.
pub(super) fn file(entity: EntityKind) -> &'static FileSpec {
    let file = FILES.iter().copied().find(|it| it.entity == entity);
    file.expect("every entity of a collection has a file")
}

/// The property of a column.
pub(crate) fn property(column: &'static str) -> Cow<'static, str> {
    if column == "sourcedId" {
        return column.into();
    }
    if let Some(one) = column.strip_suffix("SourcedId") {
        return one.into();
    }
    match column.strip_suffix("SourcedIds") {
        Some(many) => format!("{many}s").into(),
        None => column.into(),
    }
}

/// Whether a property fills a column, by its own name or by one that services use in its place.
pub(super) fn fills(name: &str, column: &Column) -> bool {
    let names = std::iter::once(&column.name).chain(column.aliases);
    names.into_iter().any(|it| *it == name || property(it) == name)
}

/// The editions whose files and collections are those of 1.2.
pub(super) const RECENT: Versions = Versions::FROM_1_2;

#[cfg(test)]
mod tests {
    use super::*;

    fn collection(path: &str) -> &'static Collection {
        COLLECTIONS.iter().find(|it| it.path == path).unwrap()
    }

    #[test]
    fn collections_are_in_load_order() {
        assert!(COLLECTIONS.is_sorted_by_key(|it| it.entity));
    }

    #[test]
    fn fields_are_those_of_the_standard_without_passwords() {
        let check = |path, version, expected: &str| {
            assert_eq!(collection(path).fields(version).join(","), expected, "{path}");
        };
        check(
            "classes",
            Version::V1_1,
            "sourcedId,status,dateLastModified,title,grades,course,classCode,classType,location,school,terms,\
             subjects,subjectCodes,periods,resources,metadata",
        );
        check(
            "users",
            Version::V1_1,
            "sourcedId,status,dateLastModified,enabledUser,orgs,role,username,userIds,givenName,familyName,\
             middleName,identifier,email,sms,phone,agents,grades,roles,metadata",
        );
        check(
            "users",
            Version::V1_2_1,
            "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,\
             identifier,email,sms,phone,agents,grades,userMasterIdentifier,preferredGivenName,\
             preferredMiddleName,preferredFamilyName,primaryOrg,pronouns,roles,userProfiles,resources,metadata",
        );
    }

    #[test]
    fn properties_are_found_under_all_their_names() {
        let check = |path: &str, name: &str, expected: &[&str]| {
            let columns = collection(path).file().columns.iter().filter(|it| fills(name, it));
            assert_eq!(columns.map(|it| it.name).collect::<Vec<_>>(), expected, "{path} {name}");
        };
        check("classes", "terms", &["termSourcedIds"]);
        check("classes", "termSourcedIds", &["termSourcedIds"]);
        check("classes", "term", &["termSourcedIds"]);
        check("enrollments", "user", &["userSourcedId"]);
        check("courses", "schoolYear", &["schoolYearSourcedId"]);
        check("academicSessions", "schoolYear", &["schoolYear"]);
        check("lineItems", "gradingPeriod", &["academicSessionSourcedId"]);
        check("users", "agents", &["agentSourcedIds"]);
        check("users", "unheardOf", &[]);
    }
}
