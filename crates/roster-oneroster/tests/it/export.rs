//! What is read can be written, and what is written can be read.

use crate::support::{Base, Files, Packing, everything, pack, read_path};
use roster_core::{
    EntityKind as Kind, Result, Rows,
    model::{CourseRow, OrgRow, OrgType, ProgramRow, ProgramType, TypedRow},
    value::{Extensions, TextList},
};
use roster_oneroster::{
    Version,
    export::{ExportReport, LossReason, RowSource, RowsIter, comment_of, write_fileset},
};
use std::{collections::BTreeMap, fs, io::Cursor, path::Path};

/// A comment that readers of the standard pass over.
const COMMENT: &str = "run 7 of dístrict d";

/// Rows in memory.
#[derive(Default)]
struct Memory(BTreeMap<Kind, Vec<Rows>>);

impl Memory {
    fn push<'a, T: TypedRow<'a>>(&mut self, row: &T) {
        let mut rows = Rows::new(T::ENTITY);
        rows.push(1, row);
        self.0.entry(T::ENTITY).or_default().push(rows);
    }
}

impl RowSource for Memory {
    fn rows(&mut self, entity: Kind) -> Result<RowsIter<'_>> {
        Ok(Box::new(self.0.get(&entity).into_iter().flatten().cloned().map(Ok)))
    }
}

/// What is read of a set, and each entity's rows as texts, by key.
fn roster(path: &Path) -> (Memory, BTreeMap<Kind, Vec<Vec<String>>>) {
    let reading = read_path(path, everything(2));
    assert!(reading.error.is_none(), "{:?}", reading.error);
    let mut memory = Memory::default();
    let mut texts: BTreeMap<Kind, Vec<Vec<String>>> = BTreeMap::new();
    for batch in reading.batches.into_iter().filter(|it| !it.rows.is_empty()) {
        let entity = batch.rows.entity();
        let text = |field: Option<&str>| field.unwrap_or("-").to_owned();
        let rows = batch.rows.iter().map(|row| row.fields().map(text).collect());
        texts.entry(entity).or_default().extend(rows);
        memory.0.entry(entity).or_default().push(batch.rows);
    }
    for rows in texts.values_mut() {
        rows.sort();
    }
    (memory, texts)
}

fn exported(memory: &mut Memory, version: Version) -> (Vec<u8>, ExportReport) {
    let (out, report) = write_fileset(Cursor::new(Vec::new()), version, memory, COMMENT).unwrap();
    (out.into_inner(), report)
}

/// Reads, writes and reads again; gives both.
fn there_and_back(files: &Files, version: Version) -> [BTreeMap<Kind, Vec<Vec<String>>>; 2] {
    let (folder, path) = pack(files, Packing::Deflated);
    let (mut memory, before) = roster(&path);
    let copy = folder.path().join("copy.zip");
    fs::write(&copy, exported(&mut memory, version).0).unwrap();
    [before, roster(&copy).1]
}

#[test]
fn what_is_written_is_read_again_as_it_was() {
    let check = |files: Files, version| {
        let [before, after] = there_and_back(&files, version);
        assert!(!before.is_empty());
        assert_eq!(before, after, "{version}");
    };
    check(Base::V1_1.files(), Version::V1_1);
    check(Base::V1_2.files(), Version::V1_2_1);
    check(awkward(), Version::V1_2_1);
}

/// Quotes, commas, extensions, unknown terms, empty lists, contacts on both sides.
fn awkward() -> Files {
    let mut files = Base::V1_2.files();
    let mut put = |name: &str, text: &str| files.insert(name.to_owned(), text.as_bytes().to_vec());
    put(
        "orgs.csv",
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,metadata.b,region\n\
         d1,,,\"Lake, \"\"side\"\"\",academy,,,\"a,b\",\ns1,,,École 漢,school,,d1,,West\n",
    );
    put(
        "users.csv",
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,\
         middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,\
         userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,\
         preferredFamilyName,primaryOrgSourcedId,pronouns\n\
         u1,,,true,ada,\"{LDAP:7},8\",Ada,NULL,,,,,,\"u4,u3\",\"09,10\",,,\"b1,b2\",,,,s1,\n\
         u3,,,true,cy,,Cy,Moss,,,,,,\"u1,u5\",,,,,,,,,\n\
         u4,,,true,di,,Di,Moss,,,,,,,,,,,,,,,\nu5,,,,,,Ed,Moss,,,,,,,,,,,,,,,\n",
    );
    put(
        "roles.csv",
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,\
         orgSourcedId,userProfileSourcedId\nr1,,,u1,primary,student,,,s1,\n\
         r3,,,u3,primary,parent,,,s1,\nr4,,,u4,primary,guardian,,,s1,\n\
         r5,,,u4,secondary,administrator,,,s1,\nr6,,,u5,,student,,,s1,\n",
    );
    files
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let (_folder, path) = pack(&awkward(), Packing::Deflated);
    let (mut memory, _) = roster(&path);
    let first = exported(&mut memory, Version::V1_2_1).0;
    assert_eq!(first, exported(&mut memory, Version::V1_2_1).0);
}

#[test]
fn one_role_a_user_goes_to_1_1_and_the_report_counts_the_others() {
    let (folder, path) = pack(&awkward(), Packing::Deflated);
    let (mut memory, _) = roster(&path);
    let (zip, report) = exported(&mut memory, Version::V1_1);
    let lost: Vec<_> = report.losses.iter().map(|it| (it.entity, it.why, it.records)).collect();
    assert!(lost.contains(&(Kind::Role, LossReason::OtherRole, 1)), "{lost:?}");
    assert!(report.files.contains(&("users.csv", 4)), "{report:?}");
    let copy = folder.path().join("copy.zip");
    fs::write(&copy, zip).unwrap();
    let reading = read_path(&copy, everything(10));
    assert_eq!(
        reading.keys(Kind::Role),
        ["u1/s1/student", "u3/s1/parent", "u4/s1/guardian", "u5/s1/student"]
    );
    assert_eq!(reading.keys(Kind::Relationship), ["u1/u4", "u1/u3", "u5/u3"]);
}

#[test]
fn administrators_of_1_1_are_those_of_a_school_or_a_district_in_1_2() {
    let mut files = Base::V1_1.files();
    let users = String::from_utf8(files["users.csv"].clone()).unwrap();
    let users = users.replace("true,s1,teacher", "true,\"s1,d1\",administrator");
    files.insert("users.csv".into(), users.into_bytes());
    let (folder, path) = pack(&files, Packing::Deflated);
    let (mut memory, _) = roster(&path);
    let copy = folder.path().join("copy.zip");
    fs::write(&copy, exported(&mut memory, Version::V1_2_1).0).unwrap();
    let reading = read_path(&copy, everything(10));
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    let role = |key| reading.value(Kind::Role, key, "role");
    assert_eq!(role("u2/s1/administrator"), Some("siteAdministrator"));
    assert_eq!(role("u2/d1/administrator"), Some("districtAdministrator"));
}

#[test]
fn terms_that_1_1_does_not_know_get_the_nearest_one() {
    let mut files = awkward();
    let orgs = String::from_utf8(files["orgs.csv"].clone()).unwrap();
    files.insert("orgs.csv".into(), orgs.replace("academy", "ext:academy").into_bytes());
    let (folder, path) = pack(&files, Packing::Deflated);
    let (mut memory, _) = roster(&path);
    let (zip, report) = exported(&mut memory, Version::V1_1);
    assert!(report.losses.iter().any(|it| it.why == LossReason::OtherTerm), "{report:?}");
    let copy = folder.path().join("copy.zip");
    fs::write(&copy, zip).unwrap();
    let reading = read_path(&copy, everything(10));
    assert_eq!(reading.value(Kind::Org, "d1", "org_type"), Some("department"));
}

#[test]
fn what_no_edition_has_a_place_for_is_counted() {
    let program = ProgramRow {
        source_id: "p1",
        user_source_id: "u1",
        program: Some(ProgramType::Gifted),
        ..ProgramRow::default()
    };
    let grades = vec!["K, 1".to_owned()];
    let extensions = BTreeMap::from([("title".to_owned(), "x".into())]);
    let course = CourseRow {
        source_id: "c1",
        title: "Algebra",
        grades: TextList::new(&grades),
        extensions: Extensions::new(&extensions),
        ..CourseRow::default()
    };
    let org = OrgRow {
        source_id: "s1",
        name: "Lakeside",
        org_type: Some(OrgType::School),
        city: Some("Marsh"),
        ..OrgRow::default()
    };
    let mut memory = Memory::default();
    memory.push(&program);
    memory.push(&course);
    memory.push(&org);
    let (_, report) = exported(&mut memory, Version::V1_2_1);
    let mut losses: Vec<_> =
        report.losses.iter().map(|it| (it.entity, it.field, it.why, it.records)).collect();
    losses.sort_by_key(|it| (it.0, it.2));
    assert_eq!(
        losses,
        [
            (Kind::Org, Some("city"), LossReason::NoColumn, 1),
            (Kind::Course, Some("grades"), LossReason::CommaInItem, 1),
            (Kind::Course, Some("extensions"), LossReason::NameTaken, 1),
            (Kind::Program, None, LossReason::NoFile, 1),
        ]
    );
}

#[test]
fn edition_1_0_is_not_written() {
    let out = Cursor::new(Vec::new());
    let error = write_fileset(out, Version::V1_0, &mut Memory::default(), "").unwrap_err();
    assert_eq!(error.kind(), roster_core::ErrorKind::Unsupported);
}

#[test]
fn comment_is_read_back_and_of_what_is_no_archive_there_is_none() {
    let (archive, _) = exported(&mut Memory::default(), Version::V1_2_1);
    assert_eq!(comment_of(Cursor::new(&archive)).as_deref(), Some(COMMENT));
    assert_eq!(comment_of(Cursor::new(&archive[..archive.len() - 1])), None);
    assert_eq!(comment_of(Cursor::new(b"no archive")), None);
}
