//! How the records of one file become rows: worked out once a file, followed for every record.

use crate::{
    files::{ColumnType, Content, vocabularies::Vocabulary},
    fileset::{Found, Header, SetFile},
    manifest::Mode,
    version::Version,
};
use roster_core::{
    EntityKind,
    model::{EntitySchema, FieldSchema},
    value::{FieldType, push_json_string},
};
pub(super) use roster_tabular::ColumnPlace as Place;
use std::sync::Arc;

/// The plan for the records of one file.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(super) file: Arc<str>,
    pub(super) entity: EntityKind,
    pub(super) version: Version,
    pub(super) mode: Mode,
    pub(super) mode_is_clear: bool,
    pub(super) width: usize,
    pub(super) key: Step,
    pub(super) status: Option<Place>,
    pub(super) last_modified: Option<Place>,
    /// What fills the fields after key and extensions, in schema order.
    pub(super) steps: Vec<Step>,
    /// Position and `"name":` of the columns that are kept as extensions, by name.
    pub(super) extensions: Vec<(usize, String)>,
    /// All columns that are read, by position.
    pub(super) columns: Vec<Place>,
    pub(super) roles: Option<UserRoles>,
    pub(super) agents: Option<Place>,
    /// Position of a user's grades.
    pub(super) grades: Option<usize>,
}

/// Where a user's roles are, as 1.0 and 1.1 have them.
#[derive(Debug)]
pub(super) struct UserRoles {
    pub(super) organizations: Place,
    pub(super) role: Place,
    pub(super) vocabulary: &'static Vocabulary,
}

/// What fills a field.
#[derive(Debug)]
pub(crate) struct Step {
    /// `None` leaves the field empty.
    pub(super) position: Option<usize>,
    pub(super) name: Arc<str>,
    pub(super) parser: Parser,
    pub(super) need: Need,
    pub(super) note: Note,
    /// `NULL` can be the value itself.
    pub(super) keeps_null: bool,
}

/// How a cell becomes canonical text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parser {
    Key,
    FirstKey,
    KeyList,
    Text,
    List,
    Identifiers,
    Boolean,
    Primary,
    Date,
    Year,
    Float,
    /// The standard's terms, then those of the model.
    Term(&'static Vocabulary, &'static [&'static str]),
    TermList(&'static Vocabulary),
}

/// What an empty cell means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing.
    Optional,
    /// The standard asks for a value, the model does not.
    Expected,
    /// The record cannot be used.
    Required,
}

/// What is remembered of a field for the checks of the whole record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    Nothing,
    Start,
    End,
    Subjects,
    SubjectCodes,
    Role,
    Primary,
}

impl Layout {
    pub(crate) fn new(file: &SetFile, version: Version, roles_in_users: bool) -> Self {
        let entity = file.spec.entity;
        let schema = entity.schema();
        let header = &file.header;
        let step = |index: usize| Step::new(header, &schema.fields[index], version);
        let first = EntitySchema::EXTENSIONS + 1;
        let extensions = extensions(header, roles_in_users);
        let mut layout = Self {
            file: file.entry.name.clone(),
            entity,
            version,
            mode: file.mode,
            mode_is_clear: file.mode_is_clear,
            width: header.width,
            key: step(EntitySchema::SOURCE_ID),
            status: place(header, |it| matches!(it, Content::Status)),
            last_modified: place(header, |it| matches!(it, Content::DateLastModified)),
            steps: (first..schema.fields.len()).map(step).collect(),
            extensions: extensions.iter().map(|it| (it.0.position, json_key(&it.1))).collect(),
            columns: Vec::new(),
            roles: if roles_in_users { user_roles(header) } else { None },
            agents: place(header, |it| matches!(it, Content::Agents)),
            grades: header
                .found()
                .find(|it| it.column.fields() == ["grades"])
                .map(|it| it.position),
        };
        let extensions: Vec<_> = extensions.into_iter().map(|it| it.0).collect();
        layout.columns = layout.places(&extensions);
        layout
    }

    /// The columns that are read, by position; never one of a credential.
    fn places(&self, extensions: &[Place]) -> Vec<Place> {
        let of_step = |it: &Step| Some(Place { position: it.position?, name: it.name.clone() });
        let steps = std::iter::once(&self.key).chain(&self.steps).filter_map(of_step);
        let roles = self.roles.iter().flat_map(|it| [&it.organizations, &it.role]);
        let others = self.status.iter().chain(&self.last_modified).chain(&self.agents).chain(roles);
        let mut places: Vec<_> = steps.chain(others.chain(extensions).cloned()).collect();
        places.sort_by_key(|it| it.position);
        places.dedup_by_key(|it| it.position);
        places
    }
}

impl Step {
    fn new(header: &Header, field: &'static FieldSchema, version: Version) -> Self {
        let fills = |it: &&Found| it.column.fields().contains(&field.name);
        let found: Vec<_> = header.found().collect();
        // Where an old and a new column fill the same field, the new one stands last and counts.
        let found = found.iter().rfind(fills);
        let expected = found.is_some_and(|it| it.column.required.contains(version));
        let need = match (field.required, expected) {
            (true, _) => Need::Required,
            (false, true) => Need::Expected,
            (false, false) => Need::Optional,
        };
        Self {
            position: found.map(|it| it.position),
            name: found.map_or_else(|| field.name.into(), |it| it.name.clone()),
            parser: found.map_or(Parser::Text, |it| parser(it.column.column_type, field)),
            need,
            note: note(field.name),
            keeps_null: field.name.ends_with("_name"),
        }
    }
}

fn parser(column_type: ColumnType, field: &FieldSchema) -> Parser {
    match column_type {
        ColumnType::Guid => Parser::Key,
        ColumnType::GuidList if field.field_type == FieldType::Text => Parser::FirstKey,
        ColumnType::GuidList => Parser::KeyList,
        ColumnType::Text | ColumnType::DateTime => Parser::Text,
        ColumnType::TextList => Parser::List,
        ColumnType::Identifiers => Parser::Identifiers,
        ColumnType::Boolean => Parser::Boolean,
        ColumnType::Date => Parser::Date,
        ColumnType::Year => Parser::Year,
        ColumnType::Float => Parser::Float,
        ColumnType::Primary => Parser::Primary,
        ColumnType::TermList(vocabulary) => Parser::TermList(vocabulary),
        ColumnType::Term(vocabulary) => match field.field_type {
            FieldType::Vocabulary(terms) => Parser::Term(vocabulary, terms),
            _ => Parser::Term(vocabulary, &[]),
        },
    }
}

fn note(field: &str) -> Note {
    match field {
        "start_date" | "begin_date" | "assign_date" => Note::Start,
        "end_date" | "due_date" => Note::End,
        "subjects" => Note::Subjects,
        "subject_codes" => Note::SubjectCodes,
        "role" => Note::Role,
        "is_primary" => Note::Primary,
        _ => Note::Nothing,
    }
}

fn place(header: &Header, wanted: impl Fn(&Content) -> bool) -> Option<Place> {
    let found = header.found().find(|it| wanted(&it.column.content))?;
    Some(Place { position: found.position, name: found.name })
}

fn user_roles(header: &Header) -> Option<UserRoles> {
    let (organizations, role) = header.roles()?;
    let ColumnType::Term(vocabulary) = role.column.column_type else { return None };
    let place = |it: Found| Place { position: it.position, name: it.name };
    Some(UserRoles { organizations: place(organizations), role: place(role), vocabulary })
}

/// The columns kept under their own name, in the order of their names.
fn extensions(header: &Header, roles_in_users: bool) -> Vec<(Place, String)> {
    let own = |it: &Found| match it.column.content {
        Content::Extension => true,
        // Beside a file of roles nothing else would keep it.
        Content::RoleOfUser => !roles_in_users,
        _ => false,
    };
    let own = header
        .found()
        .filter(own)
        .map(|it| (Place { position: it.position, name: it.name }, it.column.name.to_owned()));
    let extras = header
        .extensions
        .iter()
        .map(|it| (Place { position: it.position, name: it.told.clone() }, it.name.clone()));
    let mut columns: Vec<_> = extras.chain(own).collect();
    columns.sort_by(|one, other| one.1.cmp(&other.1));
    columns.dedup_by(|one, other| one.1 == other.1);
    columns
}

/// `"name":`.
fn json_key(name: &str) -> String {
    let mut key = String::new();
    push_json_string(&mut key, name);
    key.push(':');
    key
}
