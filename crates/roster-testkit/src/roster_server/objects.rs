//! The objects of a service, made from the files of a district.

use crate::{Failed, FileSet};
use csv::ReaderBuilder;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The base paths of an edition, and the collections behind each.
const V1_1: &[(&str, &[(&str, &str)])] = &[("/ims/oneroster/v1p1/", ALL)];
const V1_2: &[(&str, &[(&str, &str)])] = &[
    ("/ims/oneroster/rostering/v1p2/", ROSTERING),
    ("/ims/oneroster/resources/v1p2/", RESOURCES),
    ("/ims/oneroster/gradebook/v1p2/", GRADEBOOK),
];

/// Collections and their files.
const ROSTERING: &[(&str, &str)] = &[
    ("orgs", "orgs.csv"),
    ("academicSessions", "academicSessions.csv"),
    ("courses", "courses.csv"),
    ("classes", "classes.csv"),
    ("users", "users.csv"),
    ("demographics", "demographics.csv"),
    ("enrollments", "enrollments.csv"),
];
const RESOURCES: &[(&str, &str)] = &[("resources", "resources.csv")];
const GRADEBOOK: &[(&str, &str)] = &[
    ("categories", "categories.csv"),
    ("lineItems", "lineItems.csv"),
    ("scoreScales", "scoreScales.csv"),
    ("results", "results.csv"),
];
const ALL: &[(&str, &str)] = &[
    ROSTERING[0],
    ROSTERING[1],
    ROSTERING[2],
    ROSTERING[3],
    ROSTERING[4],
    ROSTERING[5],
    ROSTERING[6],
    RESOURCES[0],
    GRADEBOOK[0],
    GRADEBOOK[1],
    GRADEBOOK[2],
    GRADEBOOK[3],
];

/// Host in every `href`: not the one that answers.
const ELSEWHERE: &str = "https://elsewhere.example/ims/oneroster";

type Row = BTreeMap<String, String>;

/// The objects of a service by collection.
#[derive(Clone, Debug)]
pub struct RosterData {
    recent: bool,
    collections: BTreeMap<&'static str, Vec<Value>>,
}

impl RosterData {
    /// The objects of a set of files: of OneRoster 1.1, or of 1.2 where the set has `roles.csv`.
    ///
    /// # Errors
    ///
    /// When a file is no CSV.
    pub fn of(files: &FileSet) -> Result<Self, Failed> {
        let recent = files.get("roles.csv").is_some();
        let mut collections = BTreeMap::new();
        for (name, file) in ALL.iter().filter(|it| files.get(it.1).is_some()) {
            let rows = rows(files, file)?;
            let mut objects: Vec<_> = rows.iter().map(|it| object(it, recent)).collect();
            for (object, row) in objects.iter_mut().zip(&rows) {
                add_links(name, &row["sourcedId"], object, files, recent)?;
            }
            collections.insert(*name, objects);
        }
        Ok(Self { recent, collections })
    }

    /// The records of a collection, to change them.
    ///
    /// # Panics
    ///
    /// When there is no such collection.
    pub fn records_mut(&mut self, name: &str) -> &mut Vec<Value> {
        self.collections.get_mut(name).unwrap_or_else(|| panic!("there is no collection {name}"))
    }

    /// The collection at a path.
    pub(super) fn find(&self, path: &str) -> Option<(&'static str, &[Value])> {
        let bases = if self.recent { V1_2 } else { V1_1 };
        let (names, rest) =
            bases.iter().find_map(|(base, names)| Some((names, path.strip_prefix(base)?)))?;
        let (name, _) = names.iter().find(|it| it.0 == rest)?;
        Some((*name, self.collections.get(name)?))
    }
}

fn rows(files: &FileSet, name: &str) -> Result<Vec<Row>, Failed> {
    let Some(bytes) = files.get(name) else { return Ok(Vec::new()) };
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = reader.headers()?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let cell = |(index, name): (usize, &str)| {
            (name.to_owned(), record.get(index).unwrap_or_default().to_owned())
        };
        rows.push(header.iter().enumerate().map(cell).collect());
    }
    Ok(rows)
}

/// The rows of a file that belong to a record, those that cannot be read left out: lists in an object have no keys.
fn rows_of(files: &FileSet, name: &str, column: &str, owner: &str) -> Result<Vec<Row>, Failed> {
    let own = |it: &Row| it[column] == owner && !it["sourcedId"].starts_with(crate::Seed::CANARY);
    Ok(rows(files, name)?.into_iter().filter(own).collect())
}

fn object(row: &Row, recent: bool) -> Value {
    let mut object = Map::new();
    let mut metadata = Map::new();
    for (column, text) in row {
        let value = match column.as_str() {
            "status" if text.is_empty() => json!("active"),
            "dateLastModified" => json!("2026-11-20T04:05:06.000Z"),
            name if name.starts_with("metadata.") => {
                if !text.is_empty() {
                    metadata.insert(name["metadata.".len()..].to_owned(), json!(text));
                }
                continue;
            }
            name if text.is_empty() => {
                // Services of 1.1 write empty texts and lists.
                if !recent && !name.ends_with("SourcedId") {
                    let empty = if is_list(name) { json!([]) } else { json!("") };
                    object.insert(property(name), empty);
                }
                continue;
            }
            name => value(name, text, recent),
        };
        object.insert(property(column), value);
    }
    if !metadata.is_empty() {
        object.insert("metadata".to_owned(), Value::Object(metadata));
    }
    Value::Object(object)
}

fn property(column: &str) -> String {
    match column.strip_suffix("SourcedIds") {
        Some(many) => format!("{many}s"),
        None if column == "sourcedId" => column.to_owned(),
        None => column.strip_suffix("SourcedId").unwrap_or(column).to_owned(),
    }
}

fn is_list(column: &str) -> bool {
    let lists = ["grades", "subjects", "subjectCodes", "periods", "userIds", "scoreScaleValue"];
    column.ends_with("SourcedIds") || lists.contains(&column) || column == "roles"
}

fn value(column: &str, text: &str, recent: bool) -> Value {
    match column {
        "userIds" => text.split(',').map(|it| pair(it, ["type", "identifier"])).collect(),
        "scoreScaleValue" => {
            text.split(',').map(|it| pair(it, ["itemValueLHS", "itemValueRHS"])).collect()
        }
        "primary" if !recent => text.parse().map_or(json!(text), |it: bool| json!(it)),
        "score" | "weight" | "resultValueMin" | "resultValueMax" => {
            text.parse().map_or(json!(text), |it: f64| json!(it))
        }
        _ if column.ends_with("SourcedIds") => {
            text.split(',').map(|it| reference(column, it)).collect()
        }
        "sourcedId" => json!(text),
        _ if column.ends_with("SourcedId") => reference(column, text),
        _ if is_list(column) => text.split(',').map(|it| json!(it)).collect(),
        _ => json!(text),
    }
}

/// `{a:b}` as an object.
fn pair(text: &str, [first, second]: [&str; 2]) -> Value {
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
    let (one, other) = inner.split_once(':').unwrap_or(("", inner));
    json!({first: one, second: other})
}

fn reference(column: &str, key: &str) -> Value {
    let kind = column.trim_end_matches('s').trim_end_matches("SourcedId");
    let kind = match kind {
        "parent" | "school" | "primaryOrg" => "org",
        "agent" | "student" => "user",
        "term" | "schoolYear" | "gradingPeriod" => "academicSession",
        other => other,
    };
    json!({"href": format!("{ELSEWHERE}/{kind}s/{key}"), "sourcedId": key, "type": kind})
}

/// Adds the lists of an object that are files of their own in a set.
fn add_links(
    collection: &str,
    key: &str,
    object: &mut Value,
    files: &FileSet,
    recent: bool,
) -> Result<(), Failed> {
    match collection {
        "courses" => {
            object["resources"] = resources(files, "courseResources.csv", "courseSourcedId", key)?
        }
        "classes" => {
            object["resources"] = resources(files, "classResources.csv", "classSourcedId", key)?
        }
        "users" if recent => add_people(key, object, files)?,
        "lineItems" if recent => {
            add_scale(
                object,
                &rows_of(files, "lineItemScoreScales.csv", "lineItemSourcedId", key)?,
            );
            let rows =
                rows_of(files, "lineItemLearningObjectiveIds.csv", "lineItemSourcedId", key)?;
            let set = |it: &Row| json!({"source": it["source"], "learningObjectiveIds": [it["learningObjectiveId"]]});
            object["learningObjectiveSet"] = rows.iter().map(set).collect();
        }
        "results" if recent => {
            add_scale(object, &rows_of(files, "resultScoreScales.csv", "resultSourcedId", key)?);
            let rows = rows_of(files, "resultLearningObjectiveIds.csv", "resultSourcedId", key)?;
            let set = |it: &Row| {
                let score = it["score"].parse().map_or(Value::Null, |it: f64| json!(it));
                json!({"source": it["source"], "learningObjectiveResults": [{
                    "learningObjectiveId": it["learningObjectiveId"], "score": score, "textScore": it["textScore"],
                }]})
            };
            object["learningObjectiveSet"] = rows.iter().map(set).collect();
        }
        _ => {}
    }
    Ok(())
}

fn add_people(key: &str, object: &mut Value, files: &FileSet) -> Result<(), Failed> {
    let role = |it: &Row| {
        json!({
            "roleType": it["roleType"], "role": it["role"], "org": reference("orgSourcedId", &it["orgSourcedId"]),
            "beginDate": it["beginDate"], "endDate": it["endDate"], "userProfile": it["userProfileSourcedId"],
        })
    };
    let profile = |it: &Row| {
        json!({
            "profileId": it["sourcedId"], "profileType": it["profileType"], "vendorId": it["vendorId"],
            "applicationId": it["applicationId"], "description": it["description"],
            "credentials": [{"type": it["credentialType"], "username": it["username"], "password": it["password"]}],
        })
    };
    object["roles"] = rows_of(files, "roles.csv", "userSourcedId", key)?.iter().map(role).collect();
    let profiles = rows_of(files, "userProfiles.csv", "userSourcedId", key)?;
    object["userProfiles"] = profiles.iter().map(profile).collect();
    object["resources"] = resources(files, "userResources.csv", "userSourcedId", key)?;
    Ok(())
}

fn resources(files: &FileSet, file: &str, column: &str, key: &str) -> Result<Value, Failed> {
    let rows = rows_of(files, file, column, key)?;
    Ok(rows.iter().map(|it| reference("resourceSourcedId", &it["resourceSourcedId"])).collect())
}

fn add_scale(object: &mut Value, rows: &[Row]) {
    if let Some(row) = rows.first() {
        object["scoreScale"] = reference("scoreScaleSourcedId", &row["scoreScaleSourcedId"]);
    }
}
