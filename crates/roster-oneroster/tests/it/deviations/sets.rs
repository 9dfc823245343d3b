//! Cases about sets, manifests, modes and columns.

use super::{
    Case,
    Edit::{Move, Put, Remove, Swap},
    MANIFEST,
    Shows::{Gone, Keys, Reads},
    USERS, case,
};
use crate::support::Base::{Delta, Empty, V1_0, V1_1, V1_2};
use roster_core::EntityKind as Kind;

pub(super) const CASES: &[Case] = &[
    case(
        "manifest_only",
        Empty,
        &[Put(
            MANIFEST,
            "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,absent\n",
        )],
        &[Keys(Kind::Org, &[])],
    ),
    case("no_compression", V1_1, &[], &[Keys(Kind::Org, &["d1", "s1"])]),
    case("plain_folder", V1_1, &[], &[Keys(Kind::Org, &["d1", "s1"])]),
    case(
        "folder_in_archive",
        V1_1,
        &[
            Move(MANIFEST, "OneRoster/manifest.csv"),
            Move("orgs.csv", "OneRoster/orgs.csv"),
            Move("academicSessions.csv", "OneRoster/academicSessions.csv"),
            Move("courses.csv", "OneRoster/courses.csv"),
            Move("classes.csv", "OneRoster/classes.csv"),
            Move(USERS, "OneRoster/users.csv"),
            Move("enrollments.csv", "OneRoster/enrollments.csv"),
            Move("demographics.csv", "OneRoster/demographics.csv"),
        ],
        &[Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case(
        "copy_in_folder",
        V1_1,
        &[
            Swap(MANIFEST, "file.enrollments,bulk", "file.enrollments,absent"),
            Move("enrollments.csv", "archive/enrollments.csv"),
            Put("backup/manifest.csv", "propertyName,value\n"),
        ],
        &[Keys(Kind::Enrollment, &[]), Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case(
        "copy_without_manifest",
        V1_0,
        &[Move("enrollments.csv", "archive/enrollments.csv"), Put("a/users.csv", "sourcedId\n")],
        &[Keys(Kind::Enrollment, &[]), Keys(Kind::User, &["u1", "u3"])],
    ),
    case(
        "file_name_case",
        V1_1,
        &[Move(USERS, "Users.CSV")],
        &[Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case(
        "file_name_as_printed",
        V1_1,
        &[
            Swap(MANIFEST, "file.courseResources,absent", "file.courseResources,bulk"),
            Put(
                "courseResourses.csv",
                "sourcedId,status,dateLastModified,title,courseSourcedId,resourceSourcedId\n\
                 x1,,,,c1,b1\n",
            ),
        ],
        &[Keys(Kind::CourseResource, &["x1"])],
    ),
    case("unknown_file", V1_1, &[Put("lunches.csv", "sourcedId\n1\n")], &[]),
    case(
        "clutter",
        V1_1,
        &[Put("__MACOSX/._users.csv", "x"), Put(".DS_Store", "x"), Put("Thumbs.db", "x")],
        &[Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case("two_sets", V1_1, &[Move(MANIFEST, "a/manifest.csv"), Put("b/manifest.csv", "x\n")], &[]),
    case("archive_in_archive", Empty, &[Put("oneroster.zip", "PK")], &[]),
    case("empty_archive", Empty, &[], &[]),
    case(
        "no_manifest",
        V1_1,
        &[Remove(MANIFEST)],
        &[Reads(Kind::Section, "k1", "academic_session_source_ids", Some(r#"["y1"]"#))],
    ),
    case(
        "no_manifest_in_part",
        V1_1,
        &[Remove(MANIFEST), Remove("orgs.csv")],
        &[Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case(
        "manifest_version_1",
        V1_1,
        &[Swap(MANIFEST, "manifest.version,1.0", "manifest.version,1")],
        &[],
    ),
    case("property_misspelt", V1_1, &[Swap(MANIFEST, "file.users", "fiel.users")], &[]),
    case("property_starred", V1_2, &[Swap(MANIFEST, "file.roles", "file.roles*")], &[]),
    case("property_unknown", V1_1, &[Swap(MANIFEST, "source.systemName", "contact.name")], &[]),
    case(
        "system_name_as_file",
        V1_1,
        &[Swap(MANIFEST, "source.systemName", "file.systemName")],
        &[],
    ),
    case(
        "property_twice",
        V1_1,
        &[Swap(MANIFEST, "file.users,bulk", "file.users,bulk\nfile.users,bulk")],
        &[],
    ),
    case(
        "property_contradicted",
        V1_1,
        &[Swap(MANIFEST, "file.users,bulk", "file.users,bulk\nfile.users,delta")],
        &[Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case(
        "value_empty",
        V1_1,
        &[Swap(MANIFEST, "file.users,bulk", "file.users,")],
        &[Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case("value_case", V1_1, &[Swap(MANIFEST, "file.users,bulk", "file.users,Bulk")], &[]),
    case(
        "value_header",
        V1_1,
        &[Swap(MANIFEST, "propertyName,value", "propertyName,propertyValue")],
        &[],
    ),
    case("header_missing", V1_1, &[Swap(MANIFEST, "propertyName,value\n", "")], &[]),
    case(
        "edition_odd",
        V1_1,
        &[Swap(MANIFEST, "oneroster.version,1.1", "oneroster.version,1.1.1")],
        &[],
    ),
    case("system_code_absent", V1_1, &[Swap(MANIFEST, "systemCode,sis", "systemCode,absent")], &[]),
    case(
        "any_order",
        V1_1,
        &[Swap(
            MANIFEST,
            "manifest.version,1.0\noneroster.version,1.1",
            "\"oneroster.version\",\"1.1\"\n\"manifest.version\",\"1.0\"",
        )],
        &[],
    ),
    case("lines_missing", V1_1, &[Swap(MANIFEST, "file.categories,absent\n", "")], &[]),
    case("file_missing", V1_1, &[Remove("demographics.csv")], &[Keys(Kind::Demographics, &[])]),
    case(
        "file_marked_absent",
        V1_1,
        &[Swap(MANIFEST, "file.users,bulk", "file.users,absent")],
        &[Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case(
        "file_not_named",
        V1_1,
        &[Swap(MANIFEST, "file.users,bulk\n", "")],
        &[Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case(
        "set_of_1_0",
        V1_0,
        &[],
        &[
            Reads(Kind::Course, "c1", "school_year_source_id", Some("y1")),
            Reads(Kind::Course, "c1", "grades", Some(r#"["09"]"#)),
            Reads(Kind::Section, "k1", "academic_session_source_ids", Some(r#"["y1"]"#)),
            Reads(Kind::User, "u1", "identifiers", Some(r#"[{"type":"","identifier":"7"}]"#)),
            Reads(Kind::User, "u1", "enabled", None),
            Reads(Kind::Relationship, "u1/u3", "sequence", Some("1")),
            Reads(Kind::Demographics, "u1", "user_source_id", Some("u1")),
            Reads(Kind::Demographics, "u1", "birth_date", Some("2012-05-30")),
            Reads(Kind::Org, "s1", "extensions", Some(r#"{"metadata.boarding":"no"}"#)),
        ],
    ),
    case(
        "names_of_1_0",
        V1_1,
        &[
            Swap("classes.csv", "title,grades,", "title,grade,"),
            Swap("classes.csv", "termSourcedIds", "termSourcedId"),
            Swap("courses.csv", "schoolYearSourcedId", "schoolYearId"),
            Swap(USERS, "userIds", "userId"),
            Swap(USERS, "agentSourcedIds", "agents"),
            Swap("demographics.csv", "sourcedId", "userSourcedId"),
            Swap("demographics.csv", "birthDate", "birthdate"),
        ],
        &[
            Reads(Kind::Section, "k1", "grades", Some(r#"["09"]"#)),
            Reads(Kind::Section, "k1", "academic_session_source_ids", Some(r#"["y1"]"#)),
            Reads(Kind::Course, "c1", "school_year_source_id", Some("y1")),
            Reads(Kind::User, "u1", "identifiers", Some(r#"[{"type":"LDAP","identifier":"7"}]"#)),
            Keys(Kind::Relationship, &["u1/u3"]),
            Reads(Kind::Demographics, "u1", "birth_date", Some("2012-05-30")),
        ],
    ),
    case(
        "users_of_1_2_0",
        V1_2,
        &[Put(
            USERS,
            "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,\
             middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,\
             userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,\
             preferredFamilyName,primaryOrgSourcedId,pronouns\n\
             u1,,,true,ada,,Ada,Moss,,,,,,,09,,m1,\"b1,b2\",,,,s1,\n",
        )],
        &[
            Reads(Kind::User, "u1", "extensions", Some(r#"{"resourceSourcedIds":"b1,b2"}"#)),
            Reads(Kind::User, "u1", "master_identifier", Some("m1")),
        ],
    ),
    case(
        "later_file",
        V1_1,
        &[Put(
            "userResources.csv",
            "sourcedId,status,dateLastModified,userSourcedId,orgSourcedId,classSourcedId,\
             resourceSourcedId\nx1,,,u1,s1,k1,b1\n",
        )],
        &[Keys(Kind::UserResource, &["x1"])],
    ),
    case(
        "later_column",
        V1_1,
        &[
            Swap(USERS, ",grades,password\n", ",grades,pronouns\n"),
            Swap(USERS, "u3,09,\n", "u3,09,they\n"),
        ],
        &[Reads(Kind::User, "u1", "pronouns", Some("they"))],
    ),
    case(
        "roles_in_users",
        V1_2,
        &[
            Remove("roles.csv"),
            Swap(MANIFEST, "file.roles,bulk", "file.roles,absent"),
            Swap(USERS, "enabledUser,username", "enabledUser,orgSourcedIds,role,username"),
            Swap(USERS, "true,ada", "true,s1,student,ada"),
            Swap(USERS, "true,ben", "true,s1,teacher,ben"),
            Swap(USERS, "true,cy", "true,s1,parent,cy"),
        ],
        &[Keys(Kind::Role, &["u1/s1/student", "u2/s1/teacher", "u3/s1/parent"])],
    ),
    case(
        "status_in_bulk",
        V1_1,
        &[
            Swap("orgs.csv", "d1,,,", "d1,active,2026-09-01T00:00:00.000Z,"),
            Swap("orgs.csv", "s1,,,", "s1,active,,"),
        ],
        &[Keys(Kind::Org, &["d1", "s1"])],
    ),
    case(
        "deleted_in_bulk",
        V1_1,
        &[Swap("enrollments.csv", "e2,,", "e2,tobedeleted,")],
        &[Keys(Kind::Enrollment, &["e1"]), Gone(Kind::Enrollment, &["e2"])],
    ),
    case(
        "inactive_in_1_0",
        V1_0,
        &[Swap(USERS, "u3,,", "u3,inactive,")],
        &[Keys(Kind::User, &["u1"]), Gone(Kind::User, &["u3"])],
    ),
    case(
        "inactive_in_delta",
        Delta,
        &[Swap("enrollments.csv", "e1,active", "e1,inactive")],
        &[Gone(Kind::Enrollment, &["e1"])],
    ),
    case(
        "modes_mixed",
        Delta,
        &[
            Swap(MANIFEST, "file.users,delta", "file.users,delta\nfile.orgs,bulk"),
            Put(
                "orgs.csv",
                "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n\
                 s1,,,Lakeside High,school,,\n",
            ),
        ],
        &[Keys(Kind::Org, &["s1"]), Keys(Kind::User, &["u1"])],
    ),
    case(
        "deletion_bare",
        Delta,
        &[Swap(
            "enrollments.csv",
            "e1,active,2026-09-01T01:02:03.000Z,k1,s1,u1,student,,,",
            "e1,tobedeleted,2026-09-01T01:02:03.000Z,,,,,,,",
        )],
        &[Gone(Kind::Enrollment, &["e1"])],
    ),
    case("status_missing", Delta, &[Swap(USERS, "u1,active", "u1,")], &[Keys(Kind::User, &["u1"])]),
    case(
        "status_case",
        Delta,
        &[Swap(USERS, "u1,active", "u1,toBeDeleted")],
        &[Gone(Kind::User, &["u1"])],
    ),
    case(
        "status_unknown",
        Delta,
        &[Swap("enrollments.csv", "e1,active", "e1,A")],
        &[Keys(Kind::Enrollment, &[])],
    ),
    case(
        "stamp_missing",
        Delta,
        &[Swap(USERS, "2026-09-01T01:02:03.000Z", "")],
        &[Keys(Kind::User, &["u1"])],
    ),
    case(
        "stamp_form",
        Delta,
        &[Swap(USERS, "2026-09-01T01:02:03.000Z", "2026-09-01")],
        &[Keys(Kind::User, &["u1"])],
    ),
    case(
        "stamp_invalid",
        Delta,
        &[Swap(USERS, "2026-09-01T01:02:03.000Z", "yesterday")],
        &[Keys(Kind::User, &["u1"])],
    ),
    case(
        "header_only",
        V1_1,
        &[Put(
            "orgs.csv",
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n",
        )],
        &[Keys(Kind::Org, &[])],
    ),
    case("no_line", V1_1, &[Put("orgs.csv", "")], &[Keys(Kind::Org, &[])]),
    case(
        "column_case",
        V1_1,
        &[
            Swap("courses.csv", "subjectCodes", "SubjectCodes"),
            Swap("orgs.csv", "sourcedId", "SourcedID"),
        ],
        &[
            Reads(Kind::Course, "c1", "subject_codes", Some(r#"["02052"]"#)),
            Keys(Kind::Org, &["d1", "s1"]),
        ],
    ),
    case(
        "column_misspelt",
        V1_2,
        &[
            Swap(USERS, "dateLastModified", "dataLastModified"),
            Swap(USERS, "preferredGivenName", "prefferedGivenName"),
            Swap("roles.csv", "sourcedId", "sourceId"),
            Swap(USERS, "u3,09,,,,,,s1", "u3,09,,,Addie,,,s1"),
        ],
        &[Reads(Kind::User, "u1", "preferred_given_name", Some("Addie"))],
    ),
    case(
        "column_order",
        V1_1,
        &[Put(
            "orgs.csv",
            "sourcedId,name,type,status,dateLastModified,identifier,parentSourcedId\n\
             d1,Lakeside,district,,,,\ns1,Lakeside High,school,,,,d1\n",
        )],
        &[Reads(Kind::Org, "s1", "parent_source_id", Some("d1"))],
    ),
    case(
        "extension_between",
        V1_1,
        &[Put(
            "orgs.csv",
            "sourcedId,status,dateLastModified,metadata.city,name,type,identifier,parentSourcedId\n\
             d1,,,Marsh,Lakeside,district,,\ns1,,,,Lakeside High,school,,d1\n",
        )],
        &[
            Reads(Kind::Org, "d1", "extensions", Some(r#"{"metadata.city":"Marsh"}"#)),
            Reads(Kind::Org, "s1", "extensions", None),
        ],
    ),
    case(
        "column_missing",
        V1_1,
        &[Put("orgs.csv", "sourcedId,name,type\nd1,Lakeside,district\ns1,Lakeside High,school\n")],
        &[Keys(Kind::Org, &["d1", "s1"])],
    ),
    case("key_missing", V1_1, &[Put("orgs.csv", "id,name,type\nd1,Lakeside,district\n")], &[]),
    case(
        "columns_unnamed",
        V1_1,
        &[
            Swap("orgs.csv", "parentSourcedId\n", "parentSourcedId,,\n"),
            Swap("orgs.csv", "district,,\n", "district,,,,\n"),
            Swap("orgs.csv", "0042,d1\n", "0042,d1,,\n"),
        ],
        &[Reads(Kind::Org, "s1", "identifier", Some("0042"))],
    ),
    case(
        "column_twice",
        V1_1,
        &[Put(
            "orgs.csv",
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,name\n\
             d1,,,Lakeside,district,,,Other\n",
        )],
        &[Reads(Kind::Org, "d1", "name", Some("Lakeside"))],
    ),
    case(
        "extension",
        V1_1,
        &[Put(
            "orgs.csv",
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,metadata.b,\
             metadata.a\nd1,,,Lakeside,district,,,\"say \"\"x\"\"\",é\n",
        )],
        &[Reads(
            Kind::Org,
            "d1",
            "extensions",
            Some(r#"{"metadata.a":"é","metadata.b":"say \"x\""}"#),
        )],
    ),
    case(
        "extension_unmarked",
        V1_1,
        &[Put(
            "orgs.csv",
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,ext_region\n\
             d1,,,Lakeside,district,,,West\n",
        )],
        &[Reads(Kind::Org, "d1", "extensions", Some(r#"{"ext_region":"West"}"#))],
    ),
    case(
        "password",
        V1_1,
        &[Swap(USERS, "u3,09,\n", "u3,09,hunter2\n")],
        &[Reads(Kind::User, "u1", "extensions", None)],
    ),
    case(
        "password_extension",
        V1_1,
        &[
            Swap(USERS, ",grades,password\n", ",grades,password,metadata.Password\n"),
            Swap(USERS, "u3,09,\n", "u3,09,,hunter2\n"),
            Swap(USERS, "Reed,,,,,,,,\n", "Reed,,,,,,,,,\n"),
            Swap(USERS, "Cy,Moss,,,,,,,,\n", "Cy,Moss,,,,,,,,,\n"),
        ],
        &[Reads(Kind::User, "u1", "extensions", None)],
    ),
    case(
        "sds_2_1",
        Empty,
        &[
            Put("orgs.csv", "sourcedId,name,type,parentSourcedId\n1,Lakeside,school,\n"),
            Put(USERS, "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId\n"),
            Put("roles.csv", "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary\n"),
        ],
        &[],
    ),
    case(
        "sds_1",
        Empty,
        &[
            Put("School.csv", "SIS ID,Name\n"),
            Put("StudentEnrollment.csv", "Section SIS ID,SIS ID\n"),
        ],
        &[],
    ),
    case(
        "clever",
        Empty,
        &[
            Put("students.csv", "School_id,Student_id\n"),
            Put("schools.csv", "School_id\n"),
            Put("enrollments.csv", "School_id\n"),
        ],
        &[],
    ),
    case(
        "workbook",
        Empty,
        &[Put("[Content_Types].xml", "<Types/>"), Put("xl/workbook.xml", "<workbook/>")],
        &[],
    ),
    case("workbook_in_set", Empty, &[Put("Roster.xlsx", "PK")], &[]),
    case("xml", V1_1, &[Put(USERS, "<!DOCTYPE html><html>Please sign in</html>")], &[]),
];
