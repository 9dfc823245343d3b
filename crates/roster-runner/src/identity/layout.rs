//! What is kept of an entity's rows: which fields as hashes, which as references.

use super::rounds::{Round, compares_everything, rounds};
use roster_core::{EntityKind, model::EntitySchema, value::FieldType};

/// Fields of people that [`super::people`] compares.
const OF_USERS: &[&str] =
    &["given_name", "family_name", "email", "username", "phone", "sms", "grades"];
/// Fields of other entities that tell of people.
const OF_OTHERS: &[(EntityKind, &str)] =
    &[(EntityKind::Role, "role"), (EntityKind::Demographics, "birth_date")];
/// Fields that are identifiers in a numbering scheme of their own, beside the list of identifiers.
const OWN_SCHEMES: &[&str] = &["identifier", "master_identifier"];

/// A value that is kept of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All fields that are neither key, extension nor reference.
    Content,
    /// The extension fields.
    Extensions,
    /// A field, by its place in [`Layout::hashed`].
    Field(usize),
    /// A reference, by its place in [`Layout::references`].
    Reference(usize),
    /// The list of references, whatever its order.
    List,
}

/// What the list that is kept of a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// There is none.
    Nothing,
    /// References to an entity, from this field.
    References(usize, EntityKind),
    /// Identifiers, as scheme and value.
    Identifiers(usize),
}

/// What is kept of an entity's rows.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) schema: &'static EntitySchema,
    /// Fields that [`Part::Content`] is made of; none where it is not compared.
    pub(super) content: Vec<usize>,
    pub(super) hashed: Vec<usize>,
    pub(super) references: Vec<(usize, EntityKind)>,
    pub(super) list: List,
    /// Fields that are identifiers beside the list.
    pub(super) own_schemes: Vec<usize>,
}

impl Layout {
    pub(super) fn new(entity: EntityKind) -> Self {
        let schema = entity.schema();
        let everything = compares_everything(entity) || entity == EntityKind::User;
        let list = list_of(schema);
        let own = |it: &&str| (list_is_of_identifiers(list)).then(|| schema.field(it)).flatten();
        Self {
            schema,
            content: if everything { content_of(schema) } else { Vec::new() },
            hashed: hashed(entity),
            references: references(schema),
            list,
            own_schemes: OWN_SCHEMES.iter().filter_map(own).collect(),
        }
    }

    /// The part that a field is.
    ///
    /// # Panics
    ///
    /// When the field is not kept.
    pub(super) fn part(&self, name: &str) -> Part {
        let number = self.schema.field(name).expect("rounds name fields of the schema");
        if let Some(place) = self.references.iter().position(|it| it.0 == number) {
            return Part::Reference(place);
        }
        if matches!(self.list, List::References(field, _) if field == number) {
            return Part::List;
        }
        let place = self.hashed.iter().position(|it| *it == number);
        Part::Field(place.expect("fields of rounds are kept"))
    }

    /// All references, the list of them among them.
    pub(super) fn all_references(&self) -> impl Iterator<Item = Part> {
        let list = matches!(self.list, List::References(..)).then_some(Part::List);
        (0..self.references.len()).map(Part::Reference).chain(list)
    }
}

fn list_is_of_identifiers(list: List) -> bool {
    matches!(list, List::Identifiers(_))
}

fn list_of(schema: &EntitySchema) -> List {
    let list = schema.fields.iter().enumerate().find_map(|(number, field)| {
        match (field.reference, field.field_type) {
            (Some(to), _) if to.many => Some(List::References(number, to.entity)),
            (_, FieldType::Identifiers) => Some(List::Identifiers(number)),
            _ => None,
        }
    });
    list.unwrap_or(List::Nothing)
}

fn content_of(schema: &EntitySchema) -> Vec<usize> {
    let left_out = [EntitySchema::SOURCE_ID, EntitySchema::EXTENSIONS];
    let fields = schema.fields.iter().enumerate().filter(|(_, it)| it.reference.is_none());
    fields.map(|it| it.0).filter(|it| !left_out.contains(it)).collect()
}

fn references(schema: &EntitySchema) -> Vec<(usize, EntityKind)> {
    let fields = schema.fields.iter().enumerate();
    fields
        .filter_map(|(number, it)| Some((number, it.reference.filter(|to| !to.many)?.entity)))
        .collect()
}

/// Fields that rounds compare by themselves and that are no references.
fn hashed(entity: EntityKind) -> Vec<usize> {
    let of_users = OF_USERS.iter().filter(|_| entity == EntityKind::User);
    let of_others = OF_OTHERS.iter().filter(|it| it.0 == entity).map(|it| &it.1);
    let of_round = |it: &'static Round| it.fields.iter().chain(it.agree);
    let names = rounds(entity).iter().flat_map(of_round).chain(of_users).chain(of_others);
    let schema = entity.schema();
    let numbers = names.filter_map(|it| schema.field(it));
    let mut fields: Vec<_> = numbers.filter(|it| schema.fields[*it].reference.is_none()).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_a_round_names_is_kept() {
        for entity in EntityKind::ALL {
            let layout = Layout::new(*entity);
            for round in rounds(*entity) {
                let parts: Vec<_> =
                    round.fields.iter().chain(round.agree).map(|it| layout.part(it)).collect();
                assert!(!parts.is_empty(), "{}", entity.table());
                let identified = matches!(layout.list, List::Identifiers(_));
                assert!(!round.identifiers || identified, "{}", entity.table());
            }
        }
    }
}
