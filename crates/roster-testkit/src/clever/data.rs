//! The records of a made-up Clever.

use crate::{Failed, district::district_folder};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// What a district shares in a made-up Clever.
#[derive(Clone, Debug)]
pub struct CleverData {
    /// Id of the application.
    pub client_id: String,
    /// The district's token.
    pub token: String,
    /// What the token allows.
    pub scopes: Vec<String>,
    /// Records of each list of the API by id, ascending; without their wrappers.
    pub lists: BTreeMap<String, Vec<(String, Value)>>,
    /// Tokens of other districts that have connected.
    pub others: Vec<Value>,
}

const LISTS: [&str; 7] =
    ["districts", "schools", "terms", "courses", "sections", "users", "events"];

/// Everything.
const SCOPES: [&str; 12] = [
    "read:district_admins",
    "read:districts",
    "read:resources",
    "read:school_admins",
    "read:schools",
    "read:sections",
    "read:student_contacts",
    "read:students",
    "read:teachers",
    "read:user_id",
    "read:ell_status",
    "read:iep_status",
];

impl CleverData {
    /// The secret of the application.
    pub const CLIENT_SECRET: &str = "canary-client-secret";

    /// Nothing, but all of it shared.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            client_id: "application".to_owned(),
            token: "canary-token-1".to_owned(),
            scopes: SCOPES.map(str::to_owned).into(),
            lists: LISTS.map(|it| (it.to_owned(), Vec::new())).into(),
            others: Vec::new(),
        }
    }

    /// The fixture district, from `tests/district/clever/<list>.json`; nothing has happened in it.
    ///
    /// # Errors
    ///
    /// When its files cannot be read.
    pub fn district() -> Result<Self, Failed> {
        let folder = district_folder().join("clever");
        let mut data = Self::empty();
        for list in LISTS.into_iter().filter(|it| *it != "events") {
            let file = folder.join(format!("{list}.json"));
            let text =
                fs::read_to_string(&file).map_err(|err| format!("{}: {err}", file.display()))?;
            let records: Vec<Value> =
                serde_json::from_str(&text).map_err(|err| format!("{}: {err}", file.display()))?;
            data.set(list, records);
        }
        Ok(data)
    }

    /// The recorded district of `folder` (`clever-go` below `HOMEROOM_FIXTURES`): its districts, sections and users.
    /// Schools, terms and courses were not recorded; there is one for each id that the others name.
    ///
    /// # Errors
    ///
    /// When the files cannot be read.
    pub fn recorded(folder: &Path) -> Result<Self, Failed> {
        let mut data = Self::empty();
        for list in ["districts", "sections", "users"] {
            let file = folder.join(format!("{list}.json"));
            let text =
                fs::read_to_string(&file).map_err(|err| format!("{}: {err}", file.display()))?;
            let recorded: Value = serde_json::from_str(&text)?;
            let items = recorded["data"].as_array().ok_or("a recording without data")?;
            data.set(list, items.iter().map(|it| it["data"].clone()).collect());
        }
        data.add_named();
        Ok(data)
    }

    /// Replaces a list.
    pub fn set(&mut self, list: &str, records: Vec<Value>) {
        let id = |it: &Value| it["id"].as_str().unwrap_or_default().to_owned();
        let mut records: Vec<_> = records.into_iter().map(|it| (id(&it), it)).collect();
        records.sort_by(|a, b| a.0.cmp(&b.0));
        self.lists.insert(list.to_owned(), records);
    }

    /// Adds a record as it is, behind all others.
    pub fn push(&mut self, list: &str, id: &str, record: Value) {
        self.lists.entry(list.to_owned()).or_default().push((id.to_owned(), record));
    }

    /// Takes records away.
    pub fn retain(&mut self, list: &str, keep: impl Fn(&Value) -> bool) {
        self.lists.entry(list.to_owned()).or_default().retain(|it| keep(&it.1));
    }

    /// Changes every record of a list.
    pub fn edit(&mut self, list: &str, mut edit: impl FnMut(&mut Value)) {
        self.lists.entry(list.to_owned()).or_default().iter_mut().for_each(|it| edit(&mut it.1));
    }

    /// The records of a list.
    pub fn records(&self, list: &str) -> impl Iterator<Item = &Value> {
        self.lists.get(list).into_iter().flatten().map(|it| &it.1)
    }

    /// The id of the district.
    #[must_use]
    pub fn district_id(&self) -> String {
        let id = self.records("districts").next().and_then(|it| it["id"].as_str());
        id.unwrap_or_default().to_owned()
    }

    /// The tokens as the service lists them.
    pub(super) fn tokens(&self) -> Vec<Value> {
        let own = json!({
            "id": "2345b13db7c601000705ab5d",
            "created": "2021-02-24T22:24:55.985Z",
            "owner": {"type": "district", "id": self.district_id()},
            "access_token": self.token,
            "scopes": self.scopes,
        });
        std::iter::once(own).chain(self.others.iter().cloned()).collect()
    }

    /// The header of the application.
    pub(super) fn basic(&self) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let both = format!("{}:{}", self.client_id, Self::CLIENT_SECRET);
        format!("Basic {}", STANDARD.encode(both))
    }

    /// Adds schools, terms and courses for the ids that sections and users name.
    fn add_named(&mut self) {
        let district = self.district_id();
        let mut named = BTreeMap::<&str, BTreeSet<String>>::new();
        let mut name = |list: &'static str, id: &Value| {
            if let Some(id) = id.as_str().filter(|it| !it.is_empty()) {
                named.entry(list).or_default().insert(id.to_owned());
            }
        };
        for section in self.records("sections") {
            name("schools", &section["school"]);
            name("terms", &section["term_id"]);
            name("courses", &section["course"]);
        }
        for user in self.records("users") {
            for role in ["student", "teacher"] {
                for school in user["roles"][role]["schools"].as_array().into_iter().flatten() {
                    name("schools", school);
                }
            }
        }
        for (list, ids) in named {
            let record = |id: String| {
                json!({
                    "id": id, "district": district, "name": format!("Made up for {id}"),
                    "start_date": "2020-08-01", "end_date": "2021-06-30",
                })
            };
            self.set(list, ids.into_iter().map(record).collect());
        }
    }
}
