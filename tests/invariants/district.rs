//! The made-up district as it is at the source, and what happens to it from night to night.

use crate::case::Step;
use roster_core::{EntityKind, derived_id};
use roster_testkit::Record;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the tests need to know of an entity.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) entity: EntityKind,
    /// Its file in OneRoster.
    pub(crate) file: &'static str,
    /// Columns of the file and the fields they hold, but for the key.
    pub(crate) columns: &'static [(&'static str, &'static str)],
    /// The field without which a record is rejected.
    pub(crate) required: &'static str,
    /// A text that may change.
    pub(crate) text: &'static str,
    /// A field that may be empty, and is some nights.
    pub(crate) optional: Option<(&'static str, &'static str)>,
    /// A date, which may be none.
    pub(crate) date: Option<&'static str>,
}

/// All entities of the district, in load order.
pub(crate) const TABLES: [Table; 12] = [
    Table {
        entity: EntityKind::Org,
        file: "orgs.csv",
        columns: &[
            ("name", "name"),
            ("type", "org_type"),
            ("identifier", "identifier"),
            ("parentSourcedId", "parent_source_id"),
        ],
        required: "name",
        text: "name",
        optional: Some(("identifier", "NCES-1")),
        date: None,
    },
    Table {
        entity: EntityKind::AcademicSession,
        file: "academicSessions.csv",
        columns: &[
            ("title", "title"),
            ("type", "session_type"),
            ("startDate", "start_date"),
            ("endDate", "end_date"),
            ("parentSourcedId", "parent_source_id"),
            ("schoolYear", "school_year"),
        ],
        required: "title",
        text: "title",
        optional: None,
        date: Some("start_date"),
    },
    Table {
        entity: EntityKind::Course,
        file: "courses.csv",
        columns: &[
            ("schoolYearSourcedId", "school_year_source_id"),
            ("title", "title"),
            ("courseCode", "course_code"),
            ("orgSourcedId", "org_source_id"),
        ],
        required: "title",
        text: "title",
        optional: Some(("course_code", "MATH-7")),
        date: None,
    },
    Table {
        entity: EntityKind::Section,
        file: "classes.csv",
        columns: &[
            ("title", "title"),
            ("courseSourcedId", "course_source_id"),
            ("classCode", "section_code"),
            ("classType", "section_type"),
            ("schoolSourcedId", "school_source_id"),
            ("termSourcedIds", "academic_session_source_ids"),
        ],
        required: "title",
        text: "title",
        optional: Some(("section_code", "7-B")),
        date: None,
    },
    Table {
        entity: EntityKind::User,
        file: "users.csv",
        columns: &[
            ("enabledUser", "enabled"),
            ("username", "username"),
            ("givenName", "given_name"),
            ("familyName", "family_name"),
            ("email", "email"),
            ("grades", "grades"),
        ],
        required: "given_name",
        text: "family_name",
        optional: Some(("email", "someone@lakeside.example")),
        date: None,
    },
    Table {
        entity: EntityKind::Role,
        file: "roles.csv",
        columns: &[
            ("userSourcedId", "user_source_id"),
            ("roleType", "is_primary"),
            ("role", "role"),
            ("beginDate", "begin_date"),
            ("orgSourcedId", "org_source_id"),
        ],
        required: "role",
        text: "",
        optional: Some(("begin_date", "2026-09-01")),
        date: Some("begin_date"),
    },
    Table {
        entity: EntityKind::Relationship,
        file: "",
        columns: &[],
        required: "contact_source_id",
        text: "",
        optional: None,
        date: None,
    },
    Table {
        entity: EntityKind::Demographics,
        file: "demographics.csv",
        columns: &[("birthDate", "birth_date"), ("sex", "sex"), ("cityOfBirth", "city_of_birth")],
        required: "",
        text: "city_of_birth",
        optional: Some(("sex", "female")),
        date: Some("birth_date"),
    },
    Table {
        entity: EntityKind::Enrollment,
        file: "enrollments.csv",
        columns: &[
            ("classSourcedId", "section_source_id"),
            ("schoolSourcedId", "school_source_id"),
            ("userSourcedId", "user_source_id"),
            ("role", "role"),
            ("primary", "is_primary"),
            ("beginDate", "begin_date"),
        ],
        required: "role",
        text: "",
        optional: Some(("begin_date", "2026-09-07")),
        date: Some("begin_date"),
    },
    Table {
        entity: EntityKind::Category,
        file: "categories.csv",
        columns: &[("title", "title")],
        required: "title",
        text: "title",
        optional: None,
        date: None,
    },
    Table {
        entity: EntityKind::LineItem,
        file: "lineItems.csv",
        columns: &[
            ("title", "title"),
            ("description", "description"),
            ("assignDate", "assign_date"),
            ("dueDate", "due_date"),
            ("classSourcedId", "section_source_id"),
            ("categorySourcedId", "category_source_id"),
            ("resultValueMax", "result_value_max"),
        ],
        required: "title",
        text: "title",
        optional: Some(("description", "Pages 3 to 5")),
        date: Some("due_date"),
    },
    Table {
        entity: EntityKind::Result,
        file: "results.csv",
        columns: &[
            ("lineItemSourcedId", "line_item_source_id"),
            ("studentSourcedId", "student_source_id"),
            ("score", "score"),
            ("scoreDate", "score_date"),
            ("comment", "comment"),
        ],
        required: "line_item_source_id",
        text: "comment",
        optional: None,
        date: Some("score_date"),
    },
];

/// What is known of an entity.
pub(crate) fn table(entity: EntityKind) -> &'static Table {
    TABLES.iter().find(|it| it.entity == entity).expect("the district has the entity")
}

/// No limit on how much may change in a night is reached by so few records.
const MOST_RECORDS: usize = 20;

/// The district at the source.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) records: BTreeMap<EntityKind, Vec<Record>>,
    /// What was taken out, in order; it may come back.
    pub(crate) removed: Vec<(EntityKind, Record)>,
    added: usize,
}

impl Truth {
    /// The district on its first night.
    pub(crate) fn new() -> Self {
        let mut truth = Self { records: BTreeMap::new(), removed: Vec::new(), added: 0 };
        truth.structure();
        truth.people();
        truth.gradebook();
        truth
    }

    /// What happens at the source itself; other operations are those of one night's feed.
    pub(crate) fn apply(&mut self, step: &Step) {
        match *step {
            Step::Remove { entity, nth } => self.remove(entity, nth),
            Step::Restore { nth } => self.restore(nth),
            Step::Change { entity, nth } => self.change(entity, nth),
            Step::Blank { entity, nth } => self.toggle(entity, nth),
            Step::Refer { entity, nth, to } => self.refer(entity, nth, to),
            Step::Add { entity, nth } => self.add(entity, nth),
            Step::Reorder { entity, by } => {
                let records = self.records.entry(entity).or_default();
                let by = by % records.len().max(1);
                records.rotate_left(by);
            }
            _ => {}
        }
    }

    fn remove(&mut self, entity: EntityKind, nth: usize) {
        let records = self.records.entry(entity).or_default();
        if !records.is_empty() {
            let record = records.remove(nth % records.len());
            self.removed.push((entity, record));
        }
    }

    fn restore(&mut self, nth: usize) {
        if self.removed.is_empty() {
            return;
        }
        let (entity, record) = self.removed.remove(nth % self.removed.len());
        self.push(entity, record);
    }

    fn change(&mut self, entity: EntityKind, nth: usize) {
        self.added += 1;
        let text = format!("Changed {}", self.added);
        let field = table(entity).text;
        if let Some(record) = self.nth(entity, nth)
            && !field.is_empty()
        {
            record.set_text(field, &text);
        }
    }

    /// Fills the optional field, or empties it.
    fn toggle(&mut self, entity: EntityKind, nth: usize) {
        let Some((field, text)) = table(entity).optional else { return };
        let Some(record) = self.nth(entity, nth) else { return };
        let text = if record.text(field).is_empty() { text } else { "" };
        record.set_text(field, text);
    }

    /// Lets one of a record's references name another record.
    fn refer(&mut self, entity: EntityKind, nth: usize, to: usize) {
        let references = references(entity);
        if is_named_by_its_references(entity) || references.is_empty() {
            return;
        }
        let (field, target) = references[to % references.len()];
        let targets = self.keys(target);
        let Some(record) = self.nth(entity, nth) else { return };
        if targets.is_empty() || record.source_id() == targets[to % targets.len()] {
            return;
        }
        // The parents stay as they are: a circle of them is not what these tests are about.
        if target != entity {
            record.set_text(field, &targets[to % targets.len()]);
        }
    }

    fn add(&mut self, entity: EntityKind, nth: usize) {
        self.added += 1;
        let (users, orgs) = (self.keys(EntityKind::User), self.keys(EntityKind::Org));
        let record = match entity {
            EntityKind::Role if !users.is_empty() && !orgs.is_empty() => {
                role(&users[nth % users.len()], &orgs[(nth / 3) % orgs.len()])
            }
            EntityKind::Relationship | EntityKind::Demographics | EntityKind::Role => return,
            _ => {
                let id = format!("{}-new-{}", entity.table(), self.added);
                let name = format!("Added {}", self.added);
                let Some(model) = self.nth(entity, nth) else { return };
                let mut record = model.clone();
                record.set_text("source_id", &id);
                if !table(entity).text.is_empty() {
                    record.set_text(table(entity).text, &name);
                }
                record
            }
        };
        self.push(entity, record);
    }

    /// Adds a record, unless there is one with its key or the table is full.
    fn push(&mut self, entity: EntityKind, record: Record) {
        let records = self.records.entry(entity).or_default();
        let known = records.iter().any(|it| it.source_id() == record.source_id());
        if !known && records.len() < MOST_RECORDS {
            records.push(record);
        }
    }

    fn nth(&mut self, entity: EntityKind, nth: usize) -> Option<&mut Record> {
        let records = self.records.entry(entity).or_default();
        let index = nth.checked_rem(records.len())?;
        records.get_mut(index)
    }

    fn keys(&self, entity: EntityKind) -> Vec<String> {
        let records = self.records.get(&entity).map(Vec::as_slice).unwrap_or_default();
        records.iter().map(|it| it.source_id().to_owned()).collect()
    }

    fn structure(&mut self) {
        self.push(
            EntityKind::Org,
            record(json!({"source_id": "district", "name": "Lakeside", "org_type": "district"})),
        );
        for school in ["north", "south", "west"] {
            let name = format!("{school} school");
            let org = json!({"source_id": school, "name": name, "org_type": "school", "parent_source_id": "district"});
            self.push(EntityKind::Org, record(org));
        }
        let year = json!({"source_id": "year", "title": "2026-2027", "session_type": "schoolYear",
            "start_date": "2026-08-01", "end_date": "2027-07-31", "school_year": 2027});
        self.push(EntityKind::AcademicSession, record(year));
        for (term, start, end) in
            [("fall", "2026-08-01", "2027-01-10"), ("spring", "2027-01-11", "2027-07-31")]
        {
            let session = json!({"source_id": term, "title": term, "session_type": "term", "start_date": start,
                "end_date": end, "parent_source_id": "year", "school_year": 2027});
            self.push(EntityKind::AcademicSession, record(session));
        }
        for course in ["algebra", "biology", "chorus"] {
            let row = json!({"source_id": course, "title": course, "school_year_source_id": "year",
                "org_source_id": "district"});
            self.push(EntityKind::Course, record(row));
        }
        let courses = ["algebra", "biology", "chorus"];
        for (number, school) in ["north", "north", "south", "south", "west"].iter().enumerate() {
            let row = json!({"source_id": format!("section-{number}"), "title": format!("Section {number}"),
                "section_type": "scheduled", "course_source_id": courses[number % 3], "school_source_id": school,
                "academic_session_source_ids": if number % 2 == 0 { vec!["fall"] } else { vec!["fall", "spring"] }});
            self.push(EntityKind::Section, record(row));
        }
    }

    fn people(&mut self) {
        let schools = ["north", "south", "west"];
        for number in 0..8 {
            let id = format!("student-{number}");
            self.person(&id, number);
            self.push(EntityKind::Role, role(&id, schools[number % 3]));
            let born = format!("2013-0{}-1{number}", number + 1);
            let row = json!({"source_id": id, "user_source_id": id, "birth_date": born, "city_of_birth": "Lakeside"});
            self.push(EntityKind::Demographics, record(row));
            for section in [number % 5, (number + 2) % 5] {
                self.enroll(&id, section, "student");
            }
        }
        for number in 0..3 {
            let id = format!("teacher-{number}");
            self.person(&id, 20 + number);
            self.push(EntityKind::Role, role(&id, schools[number]));
            self.push(EntityKind::Role, role(&id, schools[(number + 1) % 3]));
            self.enroll(&id, number, "teacher");
        }
        for number in 0..3 {
            let id = format!("guardian-{number}");
            self.person(&id, 30 + number);
            self.push(EntityKind::Role, role(&id, "district"));
            for student in [number, number + 3] {
                self.push(
                    EntityKind::Relationship,
                    relationship(&format!("student-{student}"), &id),
                );
            }
        }
    }

    fn person(&mut self, id: &str, number: usize) {
        let mut row = json!({"source_id": id, "given_name": format!("Given{number}"),
            "family_name": format!("Family{number}"), "username": id, "enabled": number % 4 != 3});
        if id.starts_with("student") {
            row["grades"] = json!(["07"]);
        }
        self.push(EntityKind::User, record(row));
    }

    fn enroll(&mut self, user: &str, section: usize, role: &str) {
        let school = ["north", "north", "south", "south", "west"][section];
        let row = json!({"source_id": format!("{user}-in-{section}"), "user_source_id": user,
            "section_source_id": format!("section-{section}"), "school_source_id": school, "role": role,
            "is_primary": role == "teacher"});
        self.push(EntityKind::Enrollment, record(row));
    }

    fn gradebook(&mut self) {
        for category in ["homework", "exam"] {
            self.push(
                EntityKind::Category,
                record(json!({"source_id": category, "title": category})),
            );
        }
        for number in 0..4 {
            let id = format!("item-{number}");
            let category = ["homework", "exam"][number % 2];
            let row = json!({"source_id": id, "title": format!("Item {number}"), "assign_date": "2026-10-01",
                "due_date": "2026-10-08", "section_source_id": format!("section-{number}"),
                "category_source_id": category, "result_value_max": 10.5});
            self.push(EntityKind::LineItem, record(row));
            for student in [number, number + 1] {
                let row = json!({"source_id": format!("{id}-of-{student}"), "line_item_source_id": id,
                    "student_source_id": format!("student-{student}"), "score": 7.5, "score_date": "2026-10-09",
                    "comment": "Well done"});
                self.push(EntityKind::Result, record(row));
            }
        }
    }
}

/// Roles and relationships have no key of their own in some formats.
pub(crate) fn is_named_by_its_references(entity: EntityKind) -> bool {
    matches!(entity, EntityKind::Role | EntityKind::Relationship | EntityKind::Demographics)
}

/// Fields that refer to one record, with what they refer to.
pub(crate) fn references(entity: EntityKind) -> Vec<(&'static str, EntityKind)> {
    let single = entity.schema().fields.iter().filter_map(|field| {
        let reference = field.reference.filter(|it| !it.many)?;
        let kept = TABLES.iter().any(|it| it.entity == reference.entity);
        let written = entity == EntityKind::Relationship
            || matches!(field.name, "user_source_id" | "primary_org_source_id")
            || table(entity).columns.iter().any(|it| it.1 == field.name);
        (kept && written).then_some((field.name, reference.entity))
    });
    single.collect()
}

/// What a person is by their key.
fn role_of(user: &str) -> &'static str {
    ["student", "teacher", "guardian"]
        .into_iter()
        .find(|it| user.starts_with(it))
        .unwrap_or("student")
}

fn role(user: &str, org: &str) -> Record {
    let role = role_of(user);
    record(
        json!({"source_id": derived_id(&[user, org, role]), "user_source_id": user, "org_source_id": org,
        "role": role, "is_primary": true}),
    )
}

fn relationship(student: &str, contact: &str) -> Record {
    record(json!({"source_id": derived_id(&[student, contact]), "student_source_id": student,
        "contact_source_id": contact}))
}

fn record(value: Value) -> Record {
    match value {
        Value::Object(fields) => Record(fields),
        _ => Record::default(),
    }
}
