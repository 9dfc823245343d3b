//! Names the setting that leaves a record out.

use super::apply::{Sharer, Status, listed, matches, required, text};
use roster_core::{EntityKind, Row};

/// Why a record is not shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Keys of the sharing settings; those of which one or more leave it out.
    pub(crate) settings: Vec<&'static str>,
    /// The record that it cannot do without and that is not shared.
    pub(crate) through: Option<Through>,
}

/// A reference to what is not shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Through {
    /// The field.
    pub(crate) field: &'static str,
    /// What it names.
    pub(crate) entity: EntityKind,
    /// Its key.
    pub(crate) source_id: String,
}

impl Sharer {
    /// Why a row is left out; `None` when it is shared.  All rows it cannot do without have been decided on.
    pub(crate) fn reason(&self, row: &Row<'_>) -> Option<Reason> {
        let entity = row.entity();
        if self.settings.excluded_entities.iter().any(|it| it == entity.table()) {
            return Some(Reason { settings: vec!["excluded_entities"], through: None });
        }
        if !self.is_selected(row) {
            return Some(Reason { settings: self.settings_against(row), through: None });
        }
        let withheld = |it: &(EntityKind, &str)| self.status(it.0, it.1) == Status::NotShared;
        let (target, source_id) = required(row).find(withheld)?;
        let names = |it: &&roster_core::model::FieldSchema| {
            it.required && it.reference.is_some_and(|to| to.entity == target)
        };
        let field = row.schema().fields.iter().find(names).map_or("", |it| it.name);
        let through = Through { field, entity: target, source_id: source_id.to_owned() };
        Some(Reason { settings: self.settings_of(target), through: Some(through) })
    }

    /// The settings that do not select a row.
    fn settings_against(&self, row: &Row<'_>) -> Vec<&'static str> {
        let settings = &self.settings;
        match row.entity() {
            EntityKind::Section if !listed(settings.sections.as_ref(), row.source_id()) => {
                vec!["sections"]
            }
            EntityKind::Relationship => {
                let of = |list, field| !matches(list, text(row, field));
                let kinds = of(settings.contact_types.as_ref(), "contact_type");
                let relations = of(settings.contact_relationships.as_ref(), "relationship");
                named([("contact_types", kinds), ("contact_relationships", relations)])
            }
            entity => self.settings_of(entity),
        }
    }

    /// The settings that can leave records of an entity out.
    fn settings_of(&self, entity: EntityKind) -> Vec<&'static str> {
        let settings = &self.settings;
        if !settings.includes(entity) {
            return vec!["excluded_entities"];
        }
        let schools = ("schools", settings.schools.is_some());
        let sections = ("sections", settings.sections.is_some());
        let staff = ("staff", !settings.staff);
        let kinds = ("contact_types", settings.contact_types.is_some());
        let relations = ("contact_relationships", settings.contact_relationships.is_some());
        match entity {
            EntityKind::Org | EntityKind::Course | EntityKind::AcademicSession => named([schools]),
            EntityKind::Section => named([schools, sections]),
            EntityKind::Role => named([staff]),
            EntityKind::Relationship => named([kinds, relations]),
            EntityKind::Program => named([("programs", settings.programs.is_some())]),
            EntityKind::User => named([schools, sections, staff, kinds, relations]),
            _ => named([schools, sections, staff]),
        }
    }
}

fn named<const N: usize>(settings: [(&'static str, bool); N]) -> Vec<&'static str> {
    settings.into_iter().filter(|it| it.1).map(|it| it.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sharing;
    use roster_core::{
        Rows,
        model::{
            DemographicsRow, OrgRow, OrgType, ProgramRow, RelationshipRow, RoleRow, RoleType,
            SectionRow, TypedRow, UserRow,
        },
    };

    /// A district with two schools, of which `s` is shared, and who is in them.
    fn sharer() -> Sharer {
        let settings = Sharing {
            schools: Some(vec!["s".into()]),
            staff: false,
            contact_types: Some(vec!["emergency".into()]),
            programs: Some(vec!["ell".into()]),
            excluded_entities: vec!["line_items".into()],
            ..Sharing::default()
        };
        let mut sharer = Sharer::new(&settings);
        for source_id in ["s", "t"] {
            let org_type = Some(OrgType::School);
            select(&mut sharer, &OrgRow { source_id, org_type, ..OrgRow::default() });
        }
        for (source_id, school_source_id) in [("in s", "s"), ("in t", "t")] {
            select(
                &mut sharer,
                &SectionRow { source_id, school_source_id, ..SectionRow::default() },
            );
        }
        for (user_source_id, org_source_id) in [("ana", "s"), ("ben", "t")] {
            let role = Some(RoleType::Student);
            let row = RoleRow { user_source_id, org_source_id, role, ..RoleRow::default() };
            select(&mut sharer, &row);
        }
        sharer.finish_selection([].into_iter());
        sharer
    }

    fn select<'a, T: TypedRow<'a>>(sharer: &mut Sharer, row: &T) {
        sharer.select(&rows(row).get(0).unwrap());
    }

    fn rows<'a, T: TypedRow<'a>>(row: &T) -> Rows {
        let mut rows = Rows::new(T::ENTITY);
        rows.push(0, row);
        rows
    }

    #[track_caller]
    fn check<'a, T: TypedRow<'a>>(row: &T, settings: &[&str], through: Option<(&str, &str)>) {
        let mut sharer = sharer();
        let rows = rows(row);
        let row = rows.get(0).unwrap();
        let reason = sharer.reason(&row);
        let left_out = matches!(
            sharer.decide(&row, &mut Rows::new(T::ENTITY)),
            super::super::Decision::Withhold
        );
        assert_eq!(left_out, reason.is_some(), "the reason and the decision agree");
        let reason = reason.unwrap_or(Reason { settings: vec![], through: None });
        assert_eq!(reason.settings, settings);
        let found = reason.through.map(|it| (it.field, it.source_id));
        let expected = through.map(|it| (it.0, it.1.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn setting_that_leaves_a_record_out_is_named() {
        let user = |source_id| UserRow { source_id, ..UserRow::default() };
        check(&user("ana"), &[], None);
        check(&user("ben"), &["schools", "staff", "contact_types"], None);
        check(&OrgRow { source_id: "t", ..OrgRow::default() }, &["schools"], None);
        let section = |source_id, school_source_id| SectionRow {
            source_id,
            school_source_id,
            ..SectionRow::default()
        };
        check(&section("in s", "s"), &[], None);
        check(&section("in t", "t"), &["schools"], None);
        let demographics = |source_id, user_source_id| DemographicsRow {
            source_id,
            user_source_id,
            ..DemographicsRow::default()
        };
        check(&demographics("ana", "ana"), &[], None);
        let through = Some(("user_source_id", "ben"));
        check(&demographics("ben", "ben"), &["schools", "staff", "contact_types"], through);
        let role = Some(RoleType::from_term("aide"));
        let row = RoleRow { user_source_id: "ana", org_source_id: "s", role, ..RoleRow::default() };
        check(&row, &["staff"], None);
        let relationship = RelationshipRow {
            student_source_id: "ana",
            contact_source_id: "ana",
            ..RelationshipRow::default()
        };
        check(&relationship, &["contact_types"], None);
        let program = ProgramRow { user_source_id: "ana", ..ProgramRow::default() };
        check(&program, &["programs"], None);
    }
}
