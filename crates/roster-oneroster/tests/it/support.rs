//! Small sets of made-up people, changed and read.

use roster_core::{
    Batch, BatchLimits, Completion, Diagnostic, EntityKind, EntityRequest, Error, ExtractEvent,
    ExtractRequest, RunContext, SyncMode,
};
use roster_oneroster::FilesetReader;
use roster_tabular::{Bundle, BundleLimits, CsvLimits};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
};
use tempfile::TempDir;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Files by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// How a set is handed over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Packing {
    Folder,
    Deflated,
    Stored,
}

/// What a reading gave.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub batches: Vec<Batch>,
    pub done: Vec<Completion>,
    pub diagnostics: Vec<Diagnostic>,
    pub error: Option<Error>,
}

impl Reading {
    pub(crate) fn rejected(&self) -> u64 {
        self.batches.iter().map(|it| it.records_rejected).sum()
    }

    /// Keys of an entity's rows, in order.
    pub(crate) fn keys(&self, entity: EntityKind) -> Vec<&str> {
        let batches = self.batches.iter().filter(|it| it.rows.entity() == entity);
        batches.flat_map(|it| it.rows.iter().map(|row| row.source_id())).collect()
    }

    /// Keys of the records of an entity that are gone.
    pub(crate) fn gone(&self, entity: EntityKind) -> Vec<&str> {
        let batches = self.batches.iter().filter(|it| it.rows.entity() == entity);
        batches.flat_map(|it| it.tombstones.iter().map(|it| &*it.source_id)).collect()
    }

    /// Owners all of whose rows of an entity a delta gives.
    pub(crate) fn replaced(&self, entity: EntityKind) -> Vec<&str> {
        let batches = self.batches.iter().filter(|it| it.rows.entity() == entity);
        batches.flat_map(|it| it.replaced_owners.iter().map(|it| &**it)).collect()
    }

    /// The canonical text of a field.
    pub(crate) fn value(&self, entity: EntityKind, source_id: &str, field: &str) -> Option<&str> {
        let index = entity.schema().field(field).expect("the field is one of the entity's");
        let rows = self.batches.iter().filter(|it| it.rows.entity() == entity);
        let mut rows = rows.flat_map(|it| it.rows.iter());
        let row = rows.find(|it| it.source_id() == source_id);
        row.unwrap_or_else(|| panic!("no {} {source_id}", entity.table())).get(index)
    }
}

/// Writes files as a set.
pub(crate) fn pack(files: &Files, packing: Packing) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("set");
    let method = match packing {
        Packing::Deflated => CompressionMethod::Deflated,
        Packing::Stored => CompressionMethod::Stored,
        Packing::Folder => {
            for (name, content) in files {
                let file = path.join(name);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, content).unwrap();
            }
            return (folder, path);
        }
    };
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    for (name, content) in files {
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
    (folder, path)
}

/// Puts one text in a file in place of another.
pub(crate) fn swap(files: &mut Files, name: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[name].clone()).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    files.insert(name.to_owned(), text.replacen(from, to, 1).into_bytes());
}

/// Everything there is, in batches of so many rows.
pub(crate) fn everything(max_rows: usize) -> ExtractRequest {
    let wanted = |entity: &EntityKind| EntityRequest {
        entity: *entity,
        mode: SyncMode::Snapshot,
        resume: None,
    };
    let max_rows = max_rows.try_into().expect("a batch has at least one row");
    let limits = BatchLimits { max_rows, ..BatchLimits::default() };
    ExtractRequest { entities: EntityKind::ALL.iter().map(wanted).collect(), limits }
}

/// Reads a set.
pub(crate) fn read(files: &Files, packing: Packing) -> Reading {
    let (_folder, path) = pack(files, packing);
    read_path(&path, everything(2))
}

/// Reads what is asked for of a set.
pub(crate) fn read_path(path: &std::path::Path, request: ExtractRequest) -> Reading {
    let mut reading = Reading::default();
    let bundle = match Bundle::open(path, &BundleLimits::default()) {
        Ok(bundle) => bundle,
        Err(error) => return Reading { error: Some(error), ..reading },
    };
    let context = RunContext::detached();
    for event in FilesetReader::new(bundle, CsvLimits::default(), context, request) {
        assert!(reading.error.is_none(), "something comes after the error");
        match event {
            Ok(ExtractEvent::Batch(batch)) => {
                assert!(batch.adds_up(), "{batch:?}");
                reading.diagnostics.extend(batch.diagnostics.iter().cloned());
                reading.batches.push(batch);
            }
            Ok(ExtractEvent::Done(completion)) => reading.done.push(completion),
            Err(error) => reading.error = Some(error),
        }
    }
    reading
}

/// A small set of an edition that has nothing odd.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Base {
    /// The seven files of 1.0.
    V1_0,
    V1_1,
    V1_2,
    /// Users, roles and enrollments of 1.2 as a delta.
    Delta,
    /// Nothing.
    Empty,
}

impl Base {
    pub(crate) fn files(self) -> Files {
        let texts: &[(&str, &str)] = match self {
            Self::V1_0 => SET_1_0,
            Self::V1_1 => SET_1_1,
            Self::V1_2 => SET_1_2,
            Self::Delta => DELTA,
            Self::Empty => &[],
        };
        texts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }
}

const SET_1_0: &[(&str, &str)] = &[
    (
        "orgs.csv",
        "sourcedId,status,dateLastModified,name,type,identifier,metadata.boarding,parentSourcedId\n\
         d1,,,Lakeside,district,,,\ns1,,,Lakeside High,school,,no,d1\n",
    ),
    (
        "academicSessions.csv",
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId\n\
         y1,,,2026,schoolYear,2026-08-01,2027-06-01,\n",
    ),
    (
        "courses.csv",
        "sourcedId,status,dateLastModified,schoolYearId,metadata.duration,title,courseCode,grade,\
         orgSourcedId,subjects\nc1,,,y1,,Algebra,ALG,09,d1,Math\n",
    ),
    (
        "classes.csv",
        "sourcedId,status,dateLastModified,title,grade,courseSourcedId,classCode,classType,location,\
         schoolSourcedId,termSourcedId,subjects\nk1,,,Algebra 1,09,c1,A1,scheduled,,s1,y1,Math\n",
    ),
    (
        "users.csv",
        "sourcedId,status,dateLastModified,orgSourcedIds,role,username,userId,givenName,familyName,\
         identifier,email,sms,phone,agents\nu1,,,s1,student,ada,7,Ada,Moss,,,,,u3\n\
         u3,,,s1,parent,cy,,Cy,Moss,,,,,\n",
    ),
    (
        "enrollments.csv",
        "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,status,dateLastModified,primary\n\
         e1,k1,s1,u1,student,,,\n",
    ),
    (
        "demographics.csv",
        "userSourcedId,status,dateLastModified,birthdate,sex,americanIndianOrAlaskaNative,asian,\
         blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,\
         demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,\
         stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus\n\
         u1,,,2012-05-30,female,,,,,,,,,,,\n",
    ),
];

const SET_1_1: &[(&str, &str)] = &[
    (
        "manifest.csv",
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n\
         file.academicSessions,bulk\nfile.categories,absent\nfile.classes,bulk\n\
         file.classResources,absent\nfile.courses,bulk\nfile.courseResources,absent\n\
         file.demographics,bulk\nfile.enrollments,bulk\nfile.lineItems,absent\nfile.orgs,bulk\n\
         file.resources,absent\nfile.results,absent\nfile.users,bulk\n\
         source.systemName,SIS\nsource.systemCode,sis\n",
    ),
    (
        "orgs.csv",
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n\
         d1,,,Lakeside,district,,\ns1,,,Lakeside High,school,0042,d1\n",
    ),
    (
        "academicSessions.csv",
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n\
         y1,,,2026,schoolYear,2026-08-01,2027-06-01,,2027\n",
    ),
    (
        "courses.csv",
        "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,\
         subjects,subjectCodes\nc1,,,y1,Algebra,ALG,09,d1,Math,02052\n",
    ),
    (
        "classes.csv",
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,\
         schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n\
         k1,,,Algebra 1,09,c1,A1,scheduled,,s1,y1,Math,02052,1\n",
    ),
    (
        "users.csv",
        "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,\
         givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n\
         u1,,,true,s1,student,ada,{LDAP:7},Ada,Moss,,0007,,,,u3,09,\n\
         u2,,,true,s1,teacher,ben,,Ben,Reed,,,,,,,,\n\
         u3,,,true,s1,parent,cy,,Cy,Moss,,,,,,,,\n",
    ),
    (
        "enrollments.csv",
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,\
         beginDate,endDate\ne1,,,k1,s1,u1,student,,2026-08-01,2027-06-01\n\
         e2,,,k1,s1,u2,teacher,true,,\n",
    ),
    (
        "demographics.csv",
        "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,\
         blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,\
         demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,\
         stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus\n\
         u1,,,2012-05-30,female,false,true,,,,,,US,TX,,\n",
    ),
];

const MANIFEST_1_2: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n\
    file.academicSessions,bulk\nfile.categories,absent\nfile.classes,bulk\n\
    file.classResources,absent\nfile.courseResources,absent\nfile.courses,bulk\n\
    file.demographics,absent\nfile.enrollments,bulk\nfile.lineItemLearningObjectiveIds,absent\n\
    file.lineItems,absent\nfile.lineItemScoreScales,absent\nfile.orgs,bulk\n\
    file.resources,absent\nfile.resultLearningObjectiveIds,absent\nfile.results,absent\n\
    file.resultScoreScales,absent\nfile.roles,bulk\nfile.scoreScales,absent\n\
    file.userProfiles,absent\nfile.userResources,absent\nfile.users,bulk\n";

const USERS_1_2: &str = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,\
    familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,\
    userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,\
    primaryOrgSourcedId,pronouns\n\
    u1,,,true,ada,{LDAP:7},Ada,Moss,,0007,,,,u3,09,,,,,,s1,she/her\n\
    u2,,,true,ben,,Ben,Reed,,,,,,,,,,,,,s1,\n\
    u3,,,true,cy,,Cy,Moss,,,,,,,,,,,,,,\n";

const SET_1_2: &[(&str, &str)] = &[
    ("manifest.csv", MANIFEST_1_2),
    ("orgs.csv", SET_1_1[1].1),
    ("academicSessions.csv", SET_1_1[2].1),
    ("courses.csv", SET_1_1[3].1),
    ("classes.csv", SET_1_1[4].1),
    ("users.csv", USERS_1_2),
    (
        "roles.csv",
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,\
         orgSourcedId,userProfileSourcedId\nr1,,,u1,primary,student,,,s1,\n\
         r2,,,u2,primary,teacher,2026-08-01,,s1,\nr3,,,u3,primary,parent,,,s1,\n",
    ),
    ("enrollments.csv", SET_1_1[6].1),
];

const DELTA: &[(&str, &str)] = &[
    (
        "manifest.csv",
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.users,delta\n\
         file.roles,delta\nfile.enrollments,delta\n",
    ),
    (
        "users.csv",
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,\
         familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,\
         userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,\
         primaryOrgSourcedId,pronouns\n\
         u1,active,2026-09-01T01:02:03.000Z,true,ada,,Ada,Moss,,,,,,u3,09,,,,,,s1,\n",
    ),
    (
        "roles.csv",
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,\
         orgSourcedId,userProfileSourcedId\n\
         r2,active,2026-09-01T01:02:03.000Z,u2,primary,teacher,,,s1,\n",
    ),
    (
        "enrollments.csv",
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,\
         beginDate,endDate\ne1,active,2026-09-01T01:02:03.000Z,k1,s1,u1,student,,,\n",
    ),
];
