//! What a district shares: the settings, applied to every connector the same way.
//!
//! What is not shared never reaches disk, and what was published of it before is withdrawn.  The settings decide on
//! what is known: an organization, a section or a person that neither the feed nor what is published tells enough about
//! is not shared.

mod apply;
mod fields;
mod people;
mod places;
mod reason;

pub(crate) use apply::{Decision, Sharer};
pub(crate) use fields::{Replacement, replace};
pub(crate) use reason::Reason;

use crate::config::nearest;
use roster_core::{ConfigProblem, EntityKind};
use schemars::JsonSchema;
use serde::Deserialize;

/// What of the roster is shared.  Nothing set: everything.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sharing {
    /// Only these schools, by their keys at the source, with what belongs to them.  Districts and other organizations
    /// that are not part of a school stay, with their staff; a role at the district shares neither students nor their
    /// contacts.  An organization that is neither listed nor known is not shared.  The night fails when none of them
    /// exists.  Example: `["255901001"]`
    pub schools: Option<Vec<String>>,
    /// Only these sections, by their keys at the source, and the people in them.  The night fails when none of them
    /// exists.  Example: `["algebra-1"]`
    pub sections: Option<Vec<String>>,
    /// Whether people who are neither students nor contacts nor teachers are shared.
    pub staff: bool,
    /// Tables that are left out, with the tables that cannot do without them: without `sections` there are no
    /// `enrollments`.  Other references to them are left empty.  Example: `["demographics", "programs"]`
    pub excluded_entities: Vec<String>,
    /// Fields that are left empty, as `table.field`.  Example: `["users.phone"]`
    pub excluded_fields: Vec<String>,
    /// Only contacts of these types, in the source's words, in any case.  Example: `["emergency"]`
    pub contact_types: Option<Vec<String>>,
    /// Only contacts in these relationships, in the source's words, in any case.  Example: `["mother", "father"]`
    pub contact_relationships: Option<Vec<String>>,
    /// Only these extension fields, by their names at the source.  Example: `["metadata.homeroom"]`
    pub extension_fields: Option<Vec<String>>,
    /// Only these programs, as the model calls them or as the source does.  Example: `["ell", "iep"]`
    pub programs: Option<Vec<String>>,
}

impl Default for Sharing {
    fn default() -> Self {
        Self {
            schools: None,
            sections: None,
            staff: true,
            excluded_entities: Vec::new(),
            excluded_fields: Vec::new(),
            contact_types: None,
            contact_relationships: None,
            extension_fields: None,
            programs: None,
        }
    }
}

impl Sharing {
    /// Whether everything is shared.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether records of the entity are shared at all: neither its table is excluded nor one that it cannot do without.
    #[must_use]
    pub fn includes(&self, entity: EntityKind) -> bool {
        let needed = entity.schema().fields.iter().filter(|it| it.required);
        let mut needed = needed.filter_map(|it| it.reference).map(|it| it.entity);
        !self.excluded_entities.iter().any(|it| it == entity.table())
            && needed.all(|it| it == entity || self.includes(it))
    }

    /// Whether an extension field of this name is shared.
    #[must_use]
    pub(crate) fn includes_extension(&self, name: &str) -> bool {
        self.extension_fields.as_ref().is_none_or(|it| it.iter().any(|it| it == name))
    }

    /// Everything that is wrong with the settings.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let entities = self.excluded_entities.iter().filter_map(|it| entity_problem(it));
        let fields = self.excluded_fields.iter().filter_map(|it| field_problem(it));
        let entities = entities.map(|message| ConfigProblem { key: "excluded_entities", message });
        let fields = fields.map(|message| ConfigProblem { key: "excluded_fields", message });
        let lists = [("schools", &self.schools), ("sections", &self.sections)];
        let empty = lists.into_iter().filter(|it| it.1.as_ref().is_some_and(Vec::is_empty));
        let empty = empty.map(|(key, _)| ConfigProblem {
            key,
            message: format!("{key} lists nothing; leave the key out to share all {key}"),
        });
        entities.chain(fields).chain(empty).collect()
    }

    /// Whether who is shared depends on records that come after the people.
    fn selects_people(&self) -> bool {
        self.selects_sections() || self.selects_contacts() || !self.staff
    }

    fn selects_sections(&self) -> bool {
        self.schools.is_some() || self.sections.is_some()
    }

    fn selects_contacts(&self) -> bool {
        self.contact_types.is_some() || self.contact_relationships.is_some()
    }
}

/// Tables that others cannot do without.
const INDISPENSABLE: [EntityKind; 2] = [EntityKind::Org, EntityKind::User];

fn entity_problem(table: &str) -> Option<String> {
    match EntityKind::from_table(table) {
        Some(entity) if INDISPENSABLE.contains(&entity) => {
            Some(format!("{table} cannot be left out: the rest refers to it"))
        }
        Some(_) => None,
        None => {
            let known = EntityKind::ALL.iter().map(|it| it.table());
            Some(format!("no table is called {table:?}{}", suggestion(table, known)))
        }
    }
}

fn field_problem(name: &str) -> Option<String> {
    let Some((table, field)) = name.split_once('.') else {
        return Some(format!("{name:?} is not written as table.field"));
    };
    let Some(entity) = EntityKind::from_table(table) else { return entity_problem(table) };
    let fields = entity.schema().fields;
    match entity.schema().field(field) {
        Some(number) if fields[number].required => {
            Some(format!("{name} cannot be left out: every record needs it"))
        }
        Some(_) => None,
        None => {
            let known = fields.iter().map(|it| it.name);
            Some(format!("{table} has no field {field:?}{}", suggestion(field, known)))
        }
    }
}

fn suggestion<'k>(found: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.collect();
    match nearest(found, known.iter().copied()) {
        Some(meant) => format!("; did you mean {meant:?}?"),
        None => format!("; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked_and_all_problems_named() {
        let sharing = Sharing {
            excluded_entities: vec!["demografics".into(), "users".into(), "programs".into()],
            excluded_fields: vec![
                "phone".into(),
                "users.phon".into(),
                "users.given_name".into(),
                "users.phone".into(),
            ],
            schools: Some(vec![]),
            ..Sharing::default()
        };
        let messages: Vec<_> = sharing.problems().into_iter().map(|it| it.message).collect();
        assert_eq!(
            messages,
            [
                "no table is called \"demografics\"; did you mean \"demographics\"?",
                "users cannot be left out: the rest refers to it",
                "\"phone\" is not written as table.field",
                "users has no field \"phon\"; did you mean \"phone\"?",
                "users.given_name cannot be left out: every record needs it",
                "schools lists nothing; leave the key out to share all schools",
            ]
        );
    }
}
