//! What is known of an entity without knowing its Rust type.

use crate::{EntityKind, Row, RowBuilder, value::FieldType};

/// An entity's table and fields.
#[derive(Debug)]
pub struct EntitySchema {
    /// Which entity.
    pub kind: EntityKind,
    /// Table name, also its name in reports.
    pub table: &'static str,
    /// What it is, as Markdown.
    pub doc: &'static str,
    /// Fields in storage order.
    pub fields: &'static [FieldSchema],
}

impl EntitySchema {
    /// Number of the field `source_id`.
    pub const SOURCE_ID: usize = 0;
    /// Number of the field `extensions`.
    pub const EXTENSIONS: usize = 1;

    /// Number of the field called `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|it| it.name == name)
    }

    /// Number of the field that names the record this one belongs to and cannot outlive: a role's user, say.
    ///
    /// It is the first required reference.
    #[must_use]
    pub fn owner(&self) -> Option<usize> {
        self.fields.iter().position(|it| it.required && it.reference.is_some())
    }

    /// True when records of this entity refer to others of the same.
    #[must_use]
    pub fn refers_to_itself(&self) -> bool {
        self.fields.iter().any(|it| it.reference.is_some_and(|to| to.entity == self.kind))
    }
}

/// A field of an entity.
#[derive(Clone, Copy, Debug)]
pub struct FieldSchema {
    /// Name in tables, JSON and reports.
    pub name: &'static str,
    /// What it is, as Markdown.
    pub doc: &'static str,
    /// How its text is to be read.
    pub field_type: FieldType,
    /// A record without it is rejected.
    pub required: bool,
    /// What it refers to.
    pub reference: Option<Reference>,
}

/// What a field refers to, by the other's `source_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The entity.
    pub entity: EntityKind,
    /// Whether the field is a list of references.
    pub many: bool,
}

/// A row struct that borrows from a batch.
pub trait TypedRow<'a>: Sized {
    /// Its entity.
    const ENTITY: EntityKind;

    /// Reads it; a missing required text reads as empty.
    fn read(row: &Row<'a>) -> Self;

    /// Appends all its fields.
    fn write(&self, out: &mut RowBuilder<'_>);
}
