//! What of a shared record is not shared: excluded fields, other extension fields, references to what is not shared.

use super::{
    Sharing,
    apply::{Sharer, Status},
};
use roster_core::{
    EntityKind, Row, Rows,
    model::EntitySchema,
    value::{ExtensionMap, Extensions, TextList},
};
use std::collections::HashMap;

/// The number of a field and what takes the place of its value.
pub(crate) type Replacement = (usize, Option<String>);

/// Appends a row with some fields replaced.
pub(crate) fn replace(row: &Row<'_>, replaced: &[Replacement], rows: &mut Rows) {
    let mut out = rows.begin();
    for (number, field) in row.fields().enumerate() {
        match replaced.iter().find(|it| it.0 == number) {
            Some((_, value)) => out.push(value.as_deref()),
            None => out.push(field),
        }
    }
    out.finish(row.position());
}

impl Sharer {
    /// The fields that are not shared as they are.
    pub(crate) fn replacements(&self, row: &Row<'_>) -> Vec<Replacement> {
        let fields = row.schema().fields.iter().zip(row.fields()).enumerate();
        let excluded = self.excluded_fields.get(&row.entity());
        fields
            .filter_map(|(number, (field, value))| {
                let value = value?;
                if excluded.is_some_and(|it| it.contains(&number)) {
                    return Some((number, None));
                }
                match field.reference {
                    Some(to) if to.many => self.without_unshared(number, to.entity, value),
                    Some(to) => self.is_unshared(to.entity, value).then_some((number, None)),
                    None if number == EntitySchema::EXTENSIONS => self.allowed(number, value),
                    None => None,
                }
            })
            .collect()
    }

    fn is_unshared(&self, entity: EntityKind, source_id: &str) -> bool {
        self.status(entity, source_id) == Status::NotShared
    }

    /// A list of references without those to what is not shared; `None` when it stays.
    fn without_unshared(
        &self,
        number: usize,
        entity: EntityKind,
        value: &str,
    ) -> Option<Replacement> {
        let mut items: Vec<String> = serde_json::from_str(value).unwrap_or_default();
        let before = items.len();
        items.retain(|it| !self.is_unshared(entity, it));
        (items.len() < before).then(|| (number, TextList::new(&items).json().map(str::to_owned)))
    }

    /// The extension fields that are shared; `None` when all are.
    fn allowed(&self, number: usize, value: &str) -> Option<Replacement> {
        let allowed = self.settings.extension_fields.as_ref()?;
        let mut extensions: ExtensionMap = serde_json::from_str(value).unwrap_or_default();
        extensions.retain(|name, _| allowed.contains(name));
        Some((number, Extensions::new(&extensions).json().map(str::to_owned)))
    }
}

impl Sharing {
    pub(super) fn excluded_field_numbers(&self) -> HashMap<EntityKind, Vec<usize>> {
        let mut excluded: HashMap<EntityKind, Vec<usize>> = HashMap::new();
        for name in &self.excluded_fields {
            let Some((table, field)) = name.split_once('.') else { continue };
            let Some(entity) = EntityKind::from_table(table) else { continue };
            excluded.entry(entity).or_default().extend(entity.schema().field(field));
        }
        excluded
    }
}
