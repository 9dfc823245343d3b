//! Traps in the databases of student information systems that cost others whole schools: each is set in the fixture
//! district, and told is what changes against it and nothing else.

mod support;

use connector_odbc::{Database, find_driver};
use libtest_mimic::{Arguments, Completion, Trial};
use roster_testkit::{District, Extracted, Failed, Seed, differences};
use std::process::ExitCode;
use support::{
    places::place,
    sis::Sis::{self, InfiniteCampus, PowerSchool},
};

/// A trap: where it is, how it is set, and what is then told otherwise.
struct Trap {
    name: &'static str,
    sis: Sis,
    set: &'static [&'static str],
    told: &'static [&'static str],
}

const TRAPS: &[Trap] = &[
    Trap {
        name: "terms_id_repeats_in_every_school",
        sis: PowerSchool,
        set: &["UPDATE terms SET name = 'The Peña year' WHERE id = 3600 AND schoolid = 110"],
        told: &[
            r#"academic_sessions term:501: title is "The Peña year", expected "School Year 2026-2027""#,
        ],
    },
    Trap {
        name: "schoolid_points_at_school_number",
        sis: PowerSchool,
        set: &[
            "UPDATE schools SET id = 120, dcid = 130 WHERE school_number = 110",
            "UPDATE schools SET id = 110, dcid = 120 WHERE school_number = 777777",
        ],
        told: &[],
    },
    Trap {
        name: "negative_sectionid_is_a_drop",
        sis: PowerSchool,
        set: &["UPDATE cc SET sectionid = -sectionid, dateleft = '2026-11-02' WHERE dcid = 20010"],
        told: &[r#"enrollments cc:20010: end_date is "2026-11-02", expected "2027-06-12""#],
    },
    Trap {
        name: "a_section_left_on_the_day_it_was_entered_was_never_taken",
        sis: PowerSchool,
        set: &["UPDATE cc SET sectionid = -sectionid, dateleft = dateenrolled WHERE dcid = 20010"],
        told: &["enrollments cc:20010: missing"],
    },
    Trap {
        name: "exit_dates_are_the_day_after_the_last",
        sis: PowerSchool,
        set: &[
            "UPDATE students SET exitdate = '2027-05-01' WHERE dcid = 105",
            "UPDATE terms SET lastday = '2026-10-15' WHERE dcid = 604",
        ],
        told: &[
            r#"academic_sessions term:604: end_date is "2026-10-16", expected "2026-10-17""#,
            r#"roles student:105/120/student: end_date is "2027-05-01", expected "2027-06-12""#,
        ],
    },
    Trap {
        name: "one_row_of_schoolstaff_for_every_school",
        sis: PowerSchool,
        set: &[
            "INSERT INTO schoolstaff (dcid, id, users_dcid, schoolid, status, staffstatus) VALUES (9100, 3500, 24, 130, 1, 1)",
        ],
        told: &["roles user:24/130/teacher: not expected"],
    },
    Trap {
        name: "who_left_a_school_still_works_in_the_other",
        sis: PowerSchool,
        set: &["UPDATE schoolstaff SET status = 2 WHERE dcid = 9005"],
        told: &["roles user:24/110/teacher: missing"],
    },
    Trap {
        name: "school_999999_is_no_school",
        sis: PowerSchool,
        set: &["UPDATE students SET enroll_status = 3, schoolid = 999999 WHERE dcid = 130"],
        told: &[
            "users student:130: enabled is false, expected true",
            r#"users student:130: primary_org_source_id is empty, expected "120""#,
            "roles student:130/120/student: missing",
        ],
    },
    Trap {
        name: "contacts_without_custody_are_no_guardians",
        sis: PowerSchool,
        set: &[
            "UPDATE studentcontactdetail SET iscustodial = 0, liveswithflg = 0, isemergency = 1
             WHERE studentcontactassocid IN (SELECT studentcontactassocid FROM studentcontactassoc WHERE personid = 61010)",
        ],
        told: &[
            "roles person:61010/120/guardian: missing",
            "roles person:61010/120/relative: not expected",
            r#"relationships student:126/person:61010: extensions is {"guardian":"false"}, expected {"guardian":"true"}"#,
            r#"relationships student:126/person:61010: contact_type is "Emergency", expected "Family""#,
            r#"relationships student:127/person:61010: extensions is {"guardian":"false"}, expected {"guardian":"true"}"#,
            r#"relationships student:127/person:61010: contact_type is "Emergency", expected "Family""#,
        ],
    },
    Trap {
        name: "a_draft_that_becomes_active_brings_its_own_sections_alone",
        sis: InfiniteCampus,
        set: &["UPDATE Trial SET active = 1 WHERE trialID = 2901"],
        told: &[
            "sections 4901: not expected",
            "enrollments roster:60901: not expected",
            "enrollments staff:4901/@T002/P: not expected",
        ],
    },
    Trap {
        name: "a_summer_calendar_is_not_where_a_student_is",
        sis: InfiniteCampus,
        set: &[
            "UPDATE Enrollment SET startDate = '2026-09-30', endDate = NULL WHERE enrollmentID = 8034",
        ],
        told: &[],
    },
    Trap {
        name: "active_today_is_not_asked_and_the_future_counts",
        sis: InfiniteCampus,
        set: &[
            "DELETE FROM Student",
            "UPDATE Enrollment SET startDate = '2100-01-04' WHERE personID = 1005 AND calendarID = 102",
        ],
        told: &[
            r#"roles @0001005/school:12/student: begin_date is "2100-01-04", expected "2026-08-17""#,
        ],
    },
    Trap {
        name: "who_never_showed_up_is_not_read",
        sis: InfiniteCampus,
        set: &["UPDATE Enrollment SET noShow = 1 WHERE personID = 1030"],
        told: &[
            "users @0001030: missing",
            "roles @0001030/school:12/student: missing",
            "demographics @0001030: missing",
            "enrollments roster:60089: missing",
            "enrollments roster:60090: missing",
            "enrollments roster:60091: missing",
        ],
    },
    Trap {
        name: "names_of_the_past_are_not_read",
        sis: InfiniteCampus,
        set: &[
            r#"INSERT INTO "Identity" (identityID, personID, lastName, firstName) VALUES (1999, 1005, 'Newname', 'Tobias')"#,
            "UPDATE Person SET currentIdentityID = 1999 WHERE personID = 1005",
        ],
        told: &[
            r#"users @0001005: family_name is "Newname", expected "Ravenscroft""#,
            "demographics @0001005: missing",
        ],
    },
    Trap {
        name: "contacts_without_guardianship_are_no_guardians",
        sis: InfiniteCampus,
        set: &["UPDATE v_CensusContactSummary SET guardian = 0 WHERE relationship = 'Grandmother'"],
        told: &[
            "roles @P010/school:12/guardian: missing",
            "roles @P010/school:12/relative: not expected",
            r#"relationships @0001026/@P010: extensions is {"guardian":"false"}, expected {"guardian":"true"}"#,
            r#"relationships @0001026/@P010: contact_type is "Emergency", expected "Family""#,
            r#"relationships @0001027/@P010: extensions is {"guardian":"false"}, expected {"guardian":"true"}"#,
            r#"relationships @0001027/@P010: contact_type is "Emergency", expected "Family""#,
        ],
    },
    Trap {
        name: "a_guid_is_the_same_in_capitals_and_not",
        sis: InfiniteCampus,
        set: &["UPDATE Person SET personGUID = LOWER(personGUID)"],
        told: &[],
    },
    Trap {
        name: "a_section_in_many_terms_and_periods_is_one",
        sis: InfiniteCampus,
        set: &[
            "INSERT INTO SectionPlacement (sectionPlacementID, sectionID, trialID, termID, periodID)
             SELECT sectionPlacementID + 5000, sectionID, trialID, termID, periodID FROM SectionPlacement",
        ],
        told: &[],
    },
];

fn main() -> ExitCode {
    let trial = |trap: &'static Trap| {
        let name = format!("{}::{}", trap.sis.name(), trap.name);
        match find_driver(Database::Sqlite) {
            Ok(_) => Trial::test(name, || check(trap)),
            Err(error) => {
                Trial::ignorable_test(name, move || Ok(Completion::ignored_with(error.to_string())))
            }
        }
    };
    libtest_mimic::run(&Arguments::from_args(), TRAPS.iter().map(trial).collect()).exit_code()
}

fn check(trap: &Trap) -> Result<(), Failed> {
    let mut told = differing(trap.sis, trap.set)?;
    let expected: Vec<_> = trap.told.iter().map(|it| with_keys(trap.sis, it)).collect();
    let mut expected = expected.into_iter().collect::<Result<Vec<_>, _>>()?;
    told.sort_unstable();
    expected.sort_unstable();
    if told == expected {
        return Ok(());
    }
    Err(format!("told:\n  {}\nexpected:\n  {}", told.join("\n  "), expected.join("\n  ")).into())
}

/// `@` and a key of the canonical district stand for the key that a person has in Infinite Campus.
fn with_keys(sis: Sis, text: &str) -> Result<String, Failed> {
    let mut out = String::new();
    let mut parts = text.split('@');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(['/', ':']).unwrap_or(part.len());
        out.push_str(&sis.person_key(&part[..end])?);
        out.push_str(&part[end..]);
    }
    Ok(out)
}

/// What is told otherwise than the fixture district after some statements.
fn differing(sis: Sis, set: &[&str]) -> Result<Vec<String>, Failed> {
    let mut feed = sis.feed(Database::Sqlite)?;
    feed.statements.extend(set.iter().map(|it| (*it).to_owned()));
    let place = place(None, Seed::Whole, feed)?.ok_or("a file can be made")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let source = place.source();
    let extracted = runtime.block_on(Extracted::everything(&source))?.without_error()?;
    let expected = sis.losses()?.apply(&District::golden()?);
    Ok(match differences(&expected, &extracted.district()) {
        Ok(()) => Vec::new(),
        Err(found) => found.0.iter().map(ToString::to_string).collect(),
    })
}
