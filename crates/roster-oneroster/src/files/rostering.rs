//! The files of the rostering part.

use super::{
    Column, ColumnType, Content, FileSpec, Group,
    vocabularies::{CLASS_TYPE, ENROLLMENT_ROLE, ORG_TYPE, ROLE, SESSION_TYPE, SEX, USER_ROLE},
};
use crate::version::Versions;
use roster_core::EntityKind;

/// Organizations.
pub(super) const ORGS: FileSpec = FileSpec {
    name: "orgs.csv",
    property: "file.orgs",
    aliases: &[],
    group: Group::Rostering,
    entity: EntityKind::Org,
    versions: Versions::ALL,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("name", &["name"]).required(),
        Column::term("type", &ORG_TYPE, &["org_type"]).required(),
        Column::text("identifier", &["identifier"]),
        Column::reference("parentSourcedId", "orgs.csv", &["parent_source_id"]),
    ],
};

/// Academic sessions.
pub(super) const ACADEMIC_SESSIONS: FileSpec = FileSpec {
    name: "academicSessions.csv",
    property: "file.academicSessions",
    aliases: &[],
    group: Group::Rostering,
    entity: EntityKind::AcademicSession,
    versions: Versions::ALL,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("title", &["title"]).required(),
        Column::term("type", &SESSION_TYPE, &["session_type"]).required(),
        Column::date("startDate", &["start_date"]).required(),
        Column::date("endDate", &["end_date"]).required(),
        Column::reference("parentSourcedId", "academicSessions.csv", &["parent_source_id"]),
        Column::field("schoolYear", ColumnType::Year, &["school_year"])
            .of(Versions::FROM_1_1)
            .required(),
    ],
};

/// Courses.
pub(super) const COURSES: FileSpec = FileSpec {
    name: "courses.csv",
    property: "file.courses",
    aliases: &[],
    group: Group::Rostering,
    entity: EntityKind::Course,
    versions: Versions::ALL,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::reference(
            "schoolYearSourcedId",
            "academicSessions.csv",
            &["school_year_source_id"],
        )
        .formerly(Versions::ONLY_1_0, &["schoolYearId"]),
        Column::text("title", &["title"]).required(),
        Column::text("courseCode", &["course_code"]),
        Column::list("grades", &["grades"]).formerly(Versions::ONLY_1_0, &["grade"]),
        Column::reference("orgSourcedId", "orgs.csv", &["org_source_id"]).required(),
        Column::list("subjects", &["subjects"]),
        Column::list("subjectCodes", &["subject_codes"]).of(Versions::FROM_1_1),
    ],
};

/// Classes, the model's sections.
pub(super) const CLASSES: FileSpec = FileSpec {
    name: "classes.csv",
    property: "file.classes",
    aliases: &[],
    group: Group::Rostering,
    entity: EntityKind::Section,
    versions: Versions::ALL,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("title", &["title"]).required(),
        Column::list("grades", &["grades"]).formerly(Versions::ONLY_1_0, &["grade"]),
        Column::reference("courseSourcedId", "courses.csv", &["course_source_id"]).required(),
        Column::text("classCode", &["section_code"]),
        Column::term("classType", &CLASS_TYPE, &["section_type"]).required(),
        Column::text("location", &["location"]),
        Column::reference("schoolSourcedId", "orgs.csv", &["school_source_id"]).required(),
        Column::field("termSourcedIds", ColumnType::GuidList, &["academic_session_source_ids"])
            .to("academicSessions.csv")
            .formerly(Versions::ONLY_1_0, &["termSourcedId"])
            .required(),
        Column::list("subjects", &["subjects"]),
        Column::list("subjectCodes", &["subject_codes"]).of(Versions::FROM_1_1),
        Column::list("periods", &["periods"]).of(Versions::FROM_1_1),
    ],
};

/// Users.
pub(super) const USERS: FileSpec = FileSpec {
    name: "users.csv",
    property: "file.users",
    aliases: &[],
    group: Group::Rostering,
    entity: EntityKind::User,
    versions: Versions::ALL,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::boolean("enabledUser", &["enabled"]).of(Versions::FROM_1_1).required(),
        Column::new("orgSourcedIds", ColumnType::GuidList, Content::OrgsOfUser)
            .to("orgs.csv")
            .of(Versions::UP_TO_1_1)
            .required(),
        Column::new("role", ColumnType::Term(&USER_ROLE), Content::RoleOfUser)
            .of(Versions::UP_TO_1_1)
            .required(),
        Column::text("username", &["username"]).required(),
        Column::field("userIds", ColumnType::Identifiers, &["identifiers"])
            .formerly(Versions::ONLY_1_0, &["userId"]),
        Column::text("givenName", &["given_name"]).required(),
        Column::text("familyName", &["family_name"]).required(),
        Column::text("middleName", &["middle_name"]).of(Versions::FROM_1_1),
        Column::text("identifier", &["identifier"]),
        Column::text("email", &["email"]),
        Column::text("sms", &["sms"]),
        Column::text("phone", &["phone"]),
        Column::new("agentSourcedIds", ColumnType::GuidList, Content::Agents)
            .to("users.csv")
            .formerly(Versions::ONLY_1_0, &["agents"]),
        Column::list("grades", &["grades"]).of(Versions::FROM_1_1).also(&["grade"]),
        Column::password().of(Versions::FROM_1_1),
        Column::text("userMasterIdentifier", &["master_identifier"]).of(Versions::FROM_1_2),
        Column::new("resourceSourcedIds", ColumnType::GuidList, Content::Extension)
            .to("resources.csv")
            .of(Versions::ONLY_1_2_0),
        Column::text("preferredGivenName", &["preferred_given_name"])
            .of(Versions::FROM_1_2)
            .also(&["prefferedGivenName"]),
        Column::text("preferredMiddleName", &["preferred_middle_name"])
            .of(Versions::FROM_1_2)
            .also(&["prefferedMiddleName"]),
        Column::text("preferredFamilyName", &["preferred_family_name"])
            .of(Versions::FROM_1_2)
            .also(&["prefferedFamilyName"]),
        Column::reference("primaryOrgSourcedId", "orgs.csv", &["primary_org_source_id"])
            .of(Versions::FROM_1_2),
        Column::text("pronouns", &["pronouns"]).of(Versions::FROM_1_2),
    ],
};

/// Accounts in other systems.
pub(super) const USER_PROFILES: FileSpec = FileSpec {
    name: "userProfiles.csv",
    property: "file.userProfiles",
    aliases: &[],
    group: Group::Rostering,
    entity: EntityKind::UserProfile,
    versions: Versions::FROM_1_2,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::reference("userSourcedId", "users.csv", &["user_source_id"]).required(),
        Column::text("profileType", &["profile_type"]).required(),
        Column::text("vendorId", &["vendor_id"]).required(),
        Column::text("applicationId", &["application_id"]),
        Column::text("description", &["description"]),
        Column::text("credentialType", &["credential_type"]).required(),
        Column::text("username", &["username"]).required(),
        Column::password(),
    ],
};

/// Roles.
pub(super) const ROLES: FileSpec = FileSpec {
    name: "roles.csv",
    property: "file.roles",
    aliases: &[],
    group: Group::Rostering,
    entity: EntityKind::Role,
    versions: Versions::FROM_1_2,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::reference("userSourcedId", "users.csv", &["user_source_id"]).required(),
        Column::field("roleType", ColumnType::Primary, &["is_primary"]).required(),
        Column::term("role", &ROLE, &["role"]).required(),
        Column::date("beginDate", &["begin_date"]),
        Column::date("endDate", &["end_date"]),
        Column::reference("orgSourcedId", "orgs.csv", &["org_source_id"]).required(),
        Column::reference("userProfileSourcedId", "userProfiles.csv", &["user_profile_source_id"]),
    ],
};

/// Demographics; the key is the user's.
pub(super) const DEMOGRAPHICS: FileSpec = FileSpec {
    name: "demographics.csv",
    property: "file.demographics",
    aliases: &[],
    group: Group::Rostering,
    entity: EntityKind::Demographics,
    versions: Versions::ALL,
    columns: &[
        Column::reference("sourcedId", "users.csv", &["source_id", "user_source_id"])
            .formerly(Versions::ONLY_1_0, &["userSourcedId", "sourceId"])
            .required(),
        Column::status(),
        Column::date_last_modified(),
        Column::date("birthDate", &["birth_date"]).formerly(Versions::ONLY_1_0, &["birthdate"]),
        Column::term("sex", &SEX, &["sex"]),
        Column::boolean("americanIndianOrAlaskaNative", &["american_indian_or_alaska_native"]),
        Column::boolean("asian", &["asian"]),
        Column::boolean("blackOrAfricanAmerican", &["black_or_african_american"]),
        Column::boolean(
            "nativeHawaiianOrOtherPacificIslander",
            &["native_hawaiian_or_other_pacific_islander"],
        )
        .also(&["nativeAmericanOrOtherPacificIslander"]),
        Column::boolean("white", &["white"]),
        Column::boolean("demographicRaceTwoOrMoreRaces", &["demographic_race_two_or_more_races"]),
        Column::boolean("hispanicOrLatinoEthnicity", &["hispanic_or_latino_ethnicity"]),
        Column::text("countryOfBirthCode", &["country_of_birth_code"]),
        Column::text("stateOfBirthAbbreviation", &["state_of_birth_abbreviation"]),
        Column::text("cityOfBirth", &["city_of_birth"]),
        Column::text("publicSchoolResidenceStatus", &["public_school_residence_status"]),
    ],
};

/// Enrollments.
pub(super) const ENROLLMENTS: FileSpec = FileSpec {
    name: "enrollments.csv",
    property: "file.enrollments",
    aliases: &[],
    group: Group::Rostering,
    entity: EntityKind::Enrollment,
    versions: Versions::ALL,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::reference("classSourcedId", "classes.csv", &["section_source_id"]).required(),
        Column::reference("schoolSourcedId", "orgs.csv", &["school_source_id"]).required(),
        Column::reference("userSourcedId", "users.csv", &["user_source_id"]).required(),
        Column::term("role", &ENROLLMENT_ROLE, &["role"]).required(),
        Column::boolean("primary", &["is_primary"]),
        Column::date("beginDate", &["begin_date"]).of(Versions::FROM_1_1),
        Column::date("endDate", &["end_date"]).of(Versions::FROM_1_1),
    ],
};
