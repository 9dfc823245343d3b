//! Cases about cells, values and people.

use super::{
    Case,
    Edit::{Bytes, Put, Start, Swap, Utf16},
    MANIFEST,
    Shows::{Keys, Reads},
    USERS, case,
};
use crate::support::Base::{Delta, V1_1, V1_2};
use roster_core::EntityKind as Kind;

/// More cells than a record may have.
const RUNAWAY: &str = match str::from_utf8(&[b','; 5_000]) {
    Ok(text) => text,
    Err(_) => "",
};

pub(super) const CASES: &[Case] = &[
    case(
        "byte_order_mark",
        V1_1,
        &[Start(USERS, b"\xef\xbb\xbf"), Start(MANIFEST, b"\xef\xbb\xbf")],
        &[Keys(Kind::User, &["u1", "u2", "u3"])],
    ),
    case(
        "all_quoted",
        V1_1,
        &[Put(
            "orgs.csv",
            "\"sourcedId\",\"status\",\"dateLastModified\",\"name\",\"type\",\"identifier\",\
             \"parentSourcedId\"\r\n\"d1\",\"\",\"\",\"Lakeside\",\"district\",\"\",\"\"\r\n",
        )],
        &[
            Reads(Kind::Org, "d1", "name", Some("Lakeside")),
            Reads(Kind::Org, "d1", "identifier", None),
        ],
    ),
    case(
        "utf_16",
        V1_1,
        &[Swap("demographics.csv", "TX,,", "TX,漢,"), Utf16("demographics.csv")],
        &[Reads(Kind::Demographics, "u1", "city_of_birth", Some("漢"))],
    ),
    case(
        "windows_1252",
        V1_1,
        &[Bytes(
            "orgs.csv",
            b"sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n\
              d1,,,Lac d'\xc9t\xe9,district,,\ns1,,,\xc3\x89cole,school,,d1\n",
        )],
        &[
            Reads(Kind::Org, "d1", "name", Some("Lac d'Été")),
            Reads(Kind::Org, "s1", "name", Some("École")),
        ],
    ),
    case(
        "semicolons",
        V1_1,
        &[Put(
            "orgs.csv",
            "sourcedId;status;dateLastModified;name;type;identifier;parentSourcedId\n\
             d1;;;Lakeside;district;;\ns1;;;Lakeside, High;school;;d1\n",
        )],
        &[Reads(Kind::Org, "s1", "name", Some("Lakeside, High"))],
    ),
    case(
        "line_ends",
        V1_1,
        &[Put(
            "orgs.csv",
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\r\
             d1,,,Lakeside,district,,\r\rs1,,,Lakeside High,school,,d1\r,,,,,,\r",
        )],
        &[Keys(Kind::Org, &["d1", "s1"])],
    ),
    case(
        "spaces",
        V1_1,
        &[Swap("orgs.csv", "s1,,,Lakeside High,school", " s1 ,,,\"Lakeside High  \",school ")],
        &[Reads(Kind::Org, "s1", "name", Some("Lakeside High"))],
    ),
    case(
        "null",
        V1_1,
        &[Swap("orgs.csv", "school,0042,d1", "school,NULL,d1")],
        &[Reads(Kind::Org, "s1", "identifier", None)],
    ),
    case(
        "named_null",
        V1_1,
        &[Swap(USERS, "Ben,Reed", "BEN,NULL")],
        &[Reads(Kind::User, "u2", "family_name", Some("NULL"))],
    ),
    case(
        "line_break",
        V1_1,
        &[Swap("orgs.csv", "Lakeside High", "\"Lakeside\r\nHigh\"")],
        &[Reads(Kind::Org, "s1", "name", Some("Lakeside High"))],
    ),
    case(
        "control_character",
        V1_1,
        &[Swap("orgs.csv", "Lakeside High", "Lake\0side High")],
        &[Reads(Kind::Org, "s1", "name", Some("Lakeside High"))],
    ),
    case(
        "quote_within",
        V1_1,
        &[Swap("orgs.csv", "d1,,,Lakeside", "d1,,,Lake\"side")],
        &[Keys(Kind::Org, &["s1"])],
    ),
    case(
        "quote_open",
        V1_1,
        &[Swap("orgs.csv", "d1,,,Lakeside", "d1,,,\"Lakeside")],
        &[Keys(Kind::Org, &["s1"])],
    ),
    case(
        "row_narrow",
        V1_1,
        &[Swap("orgs.csv", "d1,,,Lakeside,district,,", "d1,,,Lakeside,district")],
        &[Keys(Kind::Org, &["d1", "s1"])],
    ),
    case(
        "row_wide_empty",
        V1_1,
        &[Swap("orgs.csv", "d1,,,Lakeside,district,,", "d1,,,Lakeside,district,,,")],
        &[Keys(Kind::Org, &["d1", "s1"])],
    ),
    case(
        "row_wide",
        V1_1,
        &[Swap("orgs.csv", "s1,,,Lakeside High", "s1,,,Lakeside, High")],
        &[Keys(Kind::Org, &["d1"])],
    ),
    case(
        "row_long",
        V1_1,
        &[Swap("orgs.csv", "s1,,,Lakeside High", RUNAWAY)],
        &[Keys(Kind::Org, &["d1"])],
    ),
    case(
        "value_long",
        V1_1,
        &[Swap(
            "orgs.csv",
            "Lakeside High",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
             aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
             aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaz",
        )],
        &[Keys(Kind::Org, &["d1", "s1"])],
    ),
    case(
        "key_characters",
        V1_1,
        &[Swap("orgs.csv", "d1,,,", "a:b c,,,"), Swap("orgs.csv", "0042,d1", "0042,a:b c")],
        &[Keys(Kind::Org, &["a:b c", "s1"])],
    ),
    case(
        "required_missing",
        V1_1,
        &[Swap(USERS, "Ben,Reed", "Ben,")],
        &[
            Keys(Kind::User, &["u1", "u3"]),
            Keys(Kind::Role, &["u1/s1/student", "u2/s1/teacher", "u3/s1/parent"]),
        ],
    ),
    case(
        "expected_missing",
        V1_1,
        &[Swap(USERS, "teacher,ben", "teacher,")],
        &[Reads(Kind::User, "u2", "username", None)],
    ),
    case(
        "date_form",
        V1_1,
        &[Swap("enrollments.csv", "2026-08-01,2027-06-01", "8/1/2026,06/01/27")],
        &[
            Reads(Kind::Enrollment, "e1", "begin_date", Some("2026-08-01")),
            Reads(Kind::Enrollment, "e1", "end_date", Some("2027-06-01")),
        ],
    ),
    case(
        "date_invalid",
        V1_1,
        &[Swap("enrollments.csv", "2026-08-01", "soon")],
        &[Reads(Kind::Enrollment, "e1", "begin_date", None)],
    ),
    case(
        "date_required_invalid",
        V1_1,
        &[Swap("academicSessions.csv", "2026-08-01", "2026-02-30")],
        &[Keys(Kind::AcademicSession, &[])],
    ),
    case(
        "date_order",
        V1_1,
        &[Swap("enrollments.csv", "2026-08-01,2027-06-01", "2027-06-01,2026-08-01")],
        &[Reads(Kind::Enrollment, "e1", "end_date", Some("2026-08-01"))],
    ),
    case(
        "boolean_form",
        V1_1,
        &[Swap("demographics.csv", "false,true", "FALSE,Y")],
        &[Reads(Kind::Demographics, "u1", "asian", Some("true"))],
    ),
    case(
        "boolean_invalid",
        V1_1,
        &[Swap(USERS, "true,s1,teacher", "perhaps,s1,teacher")],
        &[Reads(Kind::User, "u2", "enabled", None)],
    ),
    case(
        "year_form",
        V1_1,
        &[Swap("academicSessions.csv", ",2027\n", ",2026-2027\n")],
        &[Reads(Kind::AcademicSession, "y1", "school_year", Some("2027"))],
    ),
    case(
        "year_invalid",
        V1_1,
        &[Swap("academicSessions.csv", ",2027\n", ",20X7\n")],
        &[Reads(Kind::AcademicSession, "y1", "school_year", None)],
    ),
    case(
        "number_invalid",
        V1_2,
        &[
            Swap(MANIFEST, "file.categories,absent", "file.categories,bulk"),
            Put(
                "categories.csv",
                "sourcedId,status,dateLastModified,title,weight\nq1,,,Homework,half\nq2,,,Tests,60.5\n",
            ),
        ],
        &[
            Reads(Kind::Category, "q1", "weight", None),
            Reads(Kind::Category, "q2", "weight", Some("60.5")),
        ],
    ),
    case(
        "term_case",
        V1_1,
        &[
            Swap("classes.csv", "scheduled", "Scheduled"),
            Swap("demographics.csv", "female", "Female"),
            Swap(USERS, "s1,teacher", "s1,Teacher"),
        ],
        &[
            Reads(Kind::Section, "k1", "section_type", Some("scheduled")),
            Reads(Kind::Demographics, "u1", "sex", Some("female")),
            Reads(Kind::Role, "u2/s1/teacher", "role", Some("teacher")),
        ],
    ),
    case(
        "term_unknown",
        V1_1,
        &[Swap("orgs.csv", "district", "academy"), Swap(USERS, "s1,teacher", "s1,wizard")],
        &[
            Reads(Kind::Org, "d1", "org_type", Some("academy")),
            Reads(Kind::Role, "u2/s1/wizard", "role", Some("wizard")),
        ],
    ),
    case(
        "term_extension",
        V1_2,
        &[Swap("orgs.csv", "district", "ext:academy"), Swap("roles.csv", "teacher", "ext:coach")],
        &[
            Reads(Kind::Org, "d1", "org_type", Some("ext:academy")),
            Reads(Kind::Role, "r2", "role", Some("ext:coach")),
        ],
    ),
    case(
        "term_extension_in_1_1",
        V1_1,
        &[Swap("orgs.csv", "district", "ext:academy")],
        &[Reads(Kind::Org, "d1", "org_type", Some("ext:academy"))],
    ),
    case(
        "term_later",
        V1_1,
        &[Swap("demographics.csv", "female", "other")],
        &[Reads(Kind::Demographics, "u1", "sex", Some("other"))],
    ),
    case(
        "aide_in_class",
        V1_1,
        &[Swap("enrollments.csv", "u1,student", "u1,Aide")],
        &[Reads(Kind::Enrollment, "e1", "role", Some("aide"))],
    ),
    case(
        "role_type_unknown",
        V1_2,
        &[Swap("roles.csv", "u2,primary", "u2,main")],
        &[
            Reads(Kind::Role, "r2", "is_primary", None),
            Reads(Kind::Role, "r1", "is_primary", Some("true")),
        ],
    ),
    case(
        "list_spaces",
        V1_1,
        &[Swap("courses.csv", "Math,02052", "\"Math, Logic\",\"02052 , 02053\"")],
        &[Reads(Kind::Course, "c1", "subjects", Some(r#"["Math","Logic"]"#))],
    ),
    case(
        "list_empty_items",
        V1_1,
        &[Swap("classes.csv", "y1,Math", "\"y1,,\",Math")],
        &[Reads(Kind::Section, "k1", "academic_session_source_ids", Some(r#"["y1"]"#))],
    ),
    case(
        "list_json",
        V1_1,
        &[Swap("courses.csv", "ALG,09", "ALG,\"[\"\"09\"\",\"\"10\"\"]\"")],
        &[Reads(Kind::Course, "c1", "grades", Some(r#"["09","10"]"#))],
    ),
    case(
        "list_lengths",
        V1_1,
        &[Swap("courses.csv", "Math,02052", "\"Math,Logic\",02052")],
        &[Reads(Kind::Course, "c1", "subjects", Some(r#"["Math","Logic"]"#))],
    ),
    case(
        "subjects_without_codes",
        V1_1,
        &[Swap("courses.csv", "Math,02052", "Math,")],
        &[Reads(Kind::Course, "c1", "subject_codes", None)],
    ),
    case(
        "user_ids_bare",
        V1_1,
        &[Swap(USERS, "{LDAP:7}", "7")],
        &[Reads(Kind::User, "u1", "identifiers", Some(r#"[{"type":"","identifier":"7"}]"#))],
    ),
    case(
        "user_ids_json",
        V1_1,
        &[Swap(
            USERS,
            "{LDAP:7}",
            "\"[{\"\"type\"\":\"\"LDAP\"\",\"\"identifier\"\":\"\"7\"\"}]\"",
        )],
        &[Reads(Kind::User, "u1", "identifiers", Some(r#"[{"type":"LDAP","identifier":"7"}]"#))],
    ),
    case(
        "grades_any",
        V1_1,
        &[Swap("courses.csv", "ALG,09", "ALG,\"9,K,-1\"")],
        &[Reads(Kind::Course, "c1", "grades", Some(r#"["9","K","-1"]"#))],
    ),
    case(
        "zeros_lost",
        V1_1,
        &[Swap("orgs.csv", "0042", "42")],
        &[Reads(Kind::Org, "s1", "identifier", Some("42"))],
    ),
    case(
        "primary_student",
        V1_1,
        &[Swap("enrollments.csv", "u1,student,", "u1,student,true")],
        &[Reads(Kind::Enrollment, "e1", "is_primary", Some("true"))],
    ),
    case(
        "username_twice",
        V1_1,
        &[Swap(USERS, "parent,cy", "parent,ben")],
        &[Reads(Kind::User, "u3", "username", Some("ben"))],
    ),
    case(
        "no_role",
        V1_2,
        &[Swap("roles.csv", "r2,,,u2,primary,teacher,2026-08-01,,s1,\n", "")],
        &[Keys(Kind::Role, &["r1", "r3"])],
    ),
    case(
        "org_twice",
        V1_1,
        &[Swap(USERS, "true,s1,teacher", "true,\"s1, d1,s1\",teacher")],
        &[
            Keys(Kind::Role, &["u1/s1/student", "u2/s1/teacher", "u2/d1/teacher", "u3/s1/parent"]),
            Reads(Kind::User, "u2", "primary_org_source_id", Some("s1")),
            Reads(Kind::Role, "u2/s1/teacher", "is_primary", Some("true")),
            Reads(Kind::Role, "u2/d1/teacher", "is_primary", Some("false")),
        ],
    ),
    case(
        "class_twice",
        V1_1,
        &[Swap("enrollments.csv", "e2,,,k1,s1,u2,teacher,true,,", "e2,,,k1,s1,u1,student,,,")],
        &[Keys(Kind::Enrollment, &["e1", "e2"])],
    ),
    case(
        "agents_both_sides",
        V1_1,
        &[Swap(USERS, "Cy,Moss,,,,,,,,", "Cy,Moss,,,,,,\"u2,u1\",,")],
        &[
            Keys(Kind::Relationship, &["u1/u3", "u2/u3"]),
            Reads(Kind::Relationship, "u1/u3", "sequence", Some("1")),
            Reads(Kind::Relationship, "u2/u3", "sequence", None),
        ],
    ),
    case(
        "agents_of_contact",
        V1_2,
        &[Swap(USERS, "u3,09", ",09"), Swap(USERS, "Cy,Moss,,,,,,,", "Cy,Moss,,,,,,u1,")],
        &[
            Keys(Kind::Relationship, &["u1/u3"]),
            Reads(Kind::Relationship, "u1/u3", "student_source_id", Some("u1")),
            Reads(Kind::Relationship, "u1/u3", "sequence", None),
        ],
    ),
    case(
        "agents_unclear",
        Delta,
        &[Swap(USERS, "u3,09,", "u3,,")],
        &[Keys(Kind::Relationship, &[])],
    ),
];
