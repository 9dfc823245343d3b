//! The files of the resources part.

use super::{
    Column, ColumnType, FileSpec, Group,
    vocabularies::{IMPORTANCE, USER_ROLE},
};
use crate::version::Versions;
use roster_core::EntityKind;

/// Learning resources.
pub(super) const RESOURCES: FileSpec = FileSpec {
    name: "resources.csv",
    property: "file.resources",
    aliases: &[],
    group: Group::Resources,
    entity: EntityKind::Resource,
    versions: Versions::FROM_1_1,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("vendorResourceId", &["vendor_resource_id"]).required(),
        Column::text("title", &["title"]),
        Column::field("roles", ColumnType::TermList(&USER_ROLE), &["roles"]),
        Column::term("importance", &IMPORTANCE, &["importance"]),
        Column::text("vendorId", &["vendor_id"]),
        Column::text("applicationId", &["application_id"]),
    ],
};

/// Resources of classes.
pub(super) const CLASS_RESOURCES: FileSpec = FileSpec {
    name: "classResources.csv",
    property: "file.classResources",
    aliases: &[],
    group: Group::Resources,
    entity: EntityKind::SectionResource,
    versions: Versions::FROM_1_1,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("title", &["title"]),
        Column::reference("classSourcedId", "classes.csv", &["section_source_id"]).required(),
        Column::reference("resourceSourcedId", "resources.csv", &["resource_source_id"]).required(),
    ],
};

/// Resources of courses.
pub(super) const COURSE_RESOURCES: FileSpec = FileSpec {
    name: "courseResources.csv",
    property: "file.courseResources",
    // The list of files in the 1.2 document prints this.
    aliases: &["courseResourses.csv"],
    group: Group::Resources,
    entity: EntityKind::CourseResource,
    versions: Versions::FROM_1_1,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("title", &["title"]),
        Column::reference("courseSourcedId", "courses.csv", &["course_source_id"]).required(),
        Column::reference("resourceSourcedId", "resources.csv", &["resource_source_id"]).required(),
    ],
};

/// Resources of users.
pub(super) const USER_RESOURCES: FileSpec = FileSpec {
    name: "userResources.csv",
    property: "file.userResources",
    aliases: &[],
    group: Group::Resources,
    entity: EntityKind::UserResource,
    versions: Versions::FROM_1_2,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::reference("userSourcedId", "users.csv", &["user_source_id"]).required(),
        Column::reference("orgSourcedId", "orgs.csv", &["org_source_id"]),
        Column::reference("classSourcedId", "classes.csv", &["section_source_id"]),
        Column::reference("resourceSourcedId", "resources.csv", &["resource_source_id"]).required(),
    ],
};
