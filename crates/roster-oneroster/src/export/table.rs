//! Writes the rows of one entity as CSV.

use super::{
    ExportReport, LossReason,
    cells::{self, push_cell},
    people::People,
};
use crate::{
    files::{Column, ColumnType, Content, FileSpec, vocabularies::Vocabulary},
    version::Version,
};
use roster_core::{
    EntityKind, Row, Rows,
    model::{EntitySchema, RoleRow, TypedRow},
    value::FieldType,
};
use std::collections::BTreeSet;

/// A file in the course of being written.
pub(super) struct Table<'a> {
    entity: EntityKind,
    version: Version,
    columns: Vec<Cell>,
    /// Names of the extension columns, in order.
    extensions: Vec<String>,
    /// Fields that have no column.
    lost: Vec<usize>,
    people: &'a People,
    report: &'a mut ExportReport,
    text: String,
    cell: String,
    header_due: bool,
    header: Vec<&'static str>,
}

/// What a column is filled with.
#[derive(Clone, Copy, Debug)]
enum Cell {
    Blank,
    Field(usize, Form),
    OrgsOfUser,
    RoleOfUser,
    Agents,
}

/// How canonical text becomes a cell.
#[derive(Clone, Copy, Debug)]
enum Form {
    AsIs,
    List,
    Identifiers,
    Primary,
    Term(&'static Vocabulary),
    RoleTerm,
}

impl<'a> Table<'a> {
    pub(super) fn new(
        file: &'static FileSpec,
        version: Version,
        extensions: BTreeSet<String>,
        people: &'a People,
        report: &'a mut ExportReport,
    ) -> Self {
        let schema = file.entity.schema();
        let columns: Vec<&Column> = file.columns_of(version).collect();
        let header: Vec<_> = columns.iter().map(|it| it.name_in(version)).collect();
        let written = |name: &str| columns.iter().any(|it| it.fields().contains(&name));
        let lost = (EntitySchema::EXTENSIONS + 1..schema.fields.len())
            .filter(|it| !written(schema.fields[*it].name))
            .collect();
        let (taken, free) = extensions
            .into_iter()
            .partition::<Vec<_>, _>(|it| header.iter().any(|name| name.eq_ignore_ascii_case(it)));
        if !taken.is_empty() {
            report.lose(file.entity, Some("extensions"), LossReason::NameTaken);
        }
        Self {
            entity: file.entity,
            version,
            columns: columns.iter().map(|it| Cell::of(it, schema)).collect(),
            extensions: free,
            lost,
            people,
            report,
            text: String::new(),
            cell: String::new(),
            header_due: true,
            header,
        }
    }

    /// The rows as CSV, the first time with the header.
    pub(super) fn encode(&mut self, rows: &Rows) -> &[u8] {
        self.text.clear();
        if self.header_due {
            self.header_due = false;
            self.push_header();
        }
        for row in rows.iter() {
            self.push_row(&row);
        }
        self.text.as_bytes()
    }

    fn push_header(&mut self) {
        let names = self.header.iter().copied().chain(self.extensions.iter().map(String::as_str));
        for (index, name) in names.enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            push_cell(name, &mut self.text);
        }
        self.text.push_str("\r\n");
    }

    fn push_row(&mut self, row: &Row<'_>) {
        for index in 0..self.columns.len() {
            if index > 0 {
                self.text.push(',');
            }
            self.cell.clear();
            self.fill(self.columns[index], row);
            push_cell(&self.cell, &mut self.text);
        }
        self.push_extensions(row);
        self.text.push_str("\r\n");
        let fields = row.schema().fields;
        for index in self.lost.iter().filter(|it| row.get(**it).is_some()) {
            self.report.lose(self.entity, Some(fields[*index].name), LossReason::NoColumn);
        }
    }

    fn push_extensions(&mut self, row: &Row<'_>) {
        if self.extensions.is_empty() {
            return;
        }
        let own = cells::extensions(row);
        for name in &self.extensions {
            self.text.push(',');
            if let Some((_, text)) = own.iter().find(|it| it.0 == *name) {
                push_cell(text, &mut self.text);
            }
        }
    }

    fn fill(&mut self, cell: Cell, row: &Row<'_>) {
        match cell {
            Cell::Blank => {}
            Cell::Field(index, form) => {
                if let Some(text) = row.get(index) {
                    self.fill_field(row, index, form, text);
                }
            }
            Cell::RoleOfUser => self.fill_role(row),
            Cell::OrgsOfUser => {
                let primary = primary_org(row);
                if let Some(role) = self.people.role_1_1(row.source_id(), primary) {
                    self.cell.push_str(&role.organizations.join(","));
                }
            }
            Cell::Agents => {
                for (index, agent) in self.people.agents_of(row.source_id()).enumerate() {
                    if index > 0 {
                        self.cell.push(',');
                    }
                    self.cell.push_str(agent);
                }
            }
        }
    }

    fn fill_field(&mut self, row: &Row<'_>, index: usize, form: Form, text: &str) {
        let changed = match form {
            Form::AsIs => return self.cell.push_str(text),
            Form::Primary => {
                return self.cell.push_str(if text == "true" { "primary" } else { "secondary" });
            }
            Form::RoleTerm => return self.fill_role_term(row, text),
            Form::Term(vocabulary) => return self.fill_term(row, index, vocabulary, text),
            Form::List => cells::list(text, &mut self.cell),
            Form::Identifiers => cells::identifiers(text, &mut self.cell),
        };
        if changed.comma {
            let field = row.schema().fields[index].name;
            self.report.lose(self.entity, Some(field), LossReason::CommaInItem);
        }
    }

    fn fill_term(&mut self, row: &Row<'_>, index: usize, vocabulary: &Vocabulary, text: &str) {
        let substitute = vocabulary.substitute(text, self.version);
        self.cell.push_str(substitute.unwrap_or(text));
        if substitute.is_some() {
            let field = row.schema().fields[index].name;
            self.report.lose(self.entity, Some(field), LossReason::OtherTerm);
        }
    }

    fn fill_role_term(&mut self, row: &Row<'_>, text: &str) {
        let (term, exact) = self.people.term_of_1_2(&RoleRow::read(row), text);
        self.cell.push_str(term);
        if !exact {
            self.report.lose(self.entity, Some("role"), LossReason::OtherTerm);
        }
    }

    fn fill_role(&mut self, row: &Row<'_>) {
        let Some(role) = self.people.role_1_1(row.source_id(), primary_org(row)) else {
            return self.report.lose(EntityKind::User, None, LossReason::NoRole);
        };
        self.cell.push_str(&role.term);
        if !role.exact {
            self.report.lose(EntityKind::Role, Some("role"), LossReason::OtherTerm);
        }
        self.report.lose_many(EntityKind::Role, None, LossReason::OtherRole, role.others);
    }
}

fn primary_org<'r>(row: &Row<'r>) -> Option<&'r str> {
    row.get(row.schema().field("primary_org_source_id")?)
}

impl Cell {
    fn of(column: &Column, schema: &'static EntitySchema) -> Self {
        match column.content {
            Content::Fields(fields) => {
                // Where one column fills two fields, the last is the reference.
                let index = fields.last().and_then(|it| schema.field(it));
                index.map_or(Self::Blank, |it| Self::Field(it, Form::of(column, schema, it)))
            }
            Content::OrgsOfUser => Self::OrgsOfUser,
            Content::RoleOfUser => Self::RoleOfUser,
            Content::Agents => Self::Agents,
            Content::Status
            | Content::DateLastModified
            | Content::Password
            | Content::Extension => Self::Blank,
        }
    }
}

impl Form {
    fn of(column: &Column, schema: &'static EntitySchema, index: usize) -> Self {
        match (column.column_type, schema.fields[index].field_type) {
            (ColumnType::Primary, _) => Self::Primary,
            (_, FieldType::TextList) => Self::List,
            (_, FieldType::Identifiers) => Self::Identifiers,
            (ColumnType::Term(_), _) if schema.kind == EntityKind::Role => Self::RoleTerm,
            (ColumnType::Term(vocabulary), _) => Self::Term(vocabulary),
            _ => Self::AsIs,
        }
    }
}
