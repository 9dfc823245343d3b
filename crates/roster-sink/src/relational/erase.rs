//! Emptying fields of records that are no longer shared.

use super::table::Content;
use super::table::{Table, content, quoted};
use crate::{Erased, Erasure};
use roster_core::model::EntitySchema;

/// Names of the columns that an erasure empties, quoted.
pub(crate) fn columns(erasure: &Erasure) -> Vec<String> {
    let schema = Table::of(erasure.entity).schema;
    fields(erasure).into_iter().map(|it| quoted(schema.fields[it].name)).collect()
}

/// Numbers of the fields that an erasure empties.  Keys stay: the row stands for a record that was there.
pub(crate) fn fields(erasure: &Erasure) -> Vec<usize> {
    let fields = Table::of(erasure.entity).schema.fields.iter().enumerate();
    let wanted = |number: usize| match &erasure.what {
        Erased::Fields(numbers) => numbers.contains(&number),
        Erased::DeletedRows | Erased::Rows(_) => true,
    };
    fields
        .filter(|(number, field)| {
            *number != EntitySchema::SOURCE_ID
                && content(field) != Content::Reference
                && wanted(*number)
        })
        .map(|(number, _)| number)
        .collect()
}

/// `UPDATE … SET …` of an erasure, as far as both databases write it alike; the district is `district`.
pub(crate) fn update(name: &str, columns: &[String], district: &str) -> String {
    let sets: Vec<_> = columns.iter().map(|it| format!("{it} = NULL")).collect();
    let filled: Vec<_> = columns.iter().map(|it| format!("{it} IS NOT NULL")).collect();
    format!(
        "UPDATE {name} SET {} WHERE district_id = {district} AND ({})",
        sets.join(", "),
        filled.join(" OR ")
    )
}
