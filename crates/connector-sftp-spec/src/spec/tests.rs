//! The table agrees with itself and with the model.

use super::*;
use roster_core::value::FieldType;
use roster_tabular::folded_name;
use std::collections::BTreeSet;

/// Whether values of a kind are those of a field.
fn fits(kind: Kind, field: FieldType) -> bool {
    match kind {
        Kind::Key | Kind::Reference(_) | Kind::Text => field == FieldType::Text,
        Kind::References(_) | Kind::List | Kind::Grades => field == FieldType::TextList,
        Kind::Identifiers => field == FieldType::Identifiers,
        Kind::Date | Kind::LastDay => field == FieldType::Date,
        Kind::Boolean => field == FieldType::Boolean,
        Kind::Year | Kind::Number => field == FieldType::Integer,
        Kind::Term(_) => matches!(field, FieldType::Vocabulary(_)),
        Kind::Deleted => false,
    }
}

#[test]
fn every_column_fills_a_field_of_its_type() {
    for file in FILES {
        for table in file.tables {
            let schema = table.entity.schema();
            for (name, fill) in table.fields {
                let field = schema.field(name).map(|it| &schema.fields[it]);
                let field = field.unwrap_or_else(|| panic!("{} fills {name}", file.name));
                let (Fill::Column(column) | Fill::ColumnOr(column, _)) = fill else { continue };
                let column = &file.columns[file.column(column).expect("the file has the column")];
                assert!(fits(column.kind, field.field_type), "{}: {name}", file.name);
            }
        }
    }
}

#[test]
fn every_field_that_the_model_needs_is_filled_by_a_column_that_is_needed() {
    for file in FILES {
        for table in file.tables {
            for field in table.entity.schema().fields.iter().filter(|it| it.required) {
                let fill = table.fields.iter().find(|it| it.0 == field.name).map(|it| it.1);
                let is_needed = match fill {
                    _ if field.name == "source_id" => true,
                    Some(Fill::Column(name)) => {
                        let column = &file.columns[file.column(name).expect("the file has it")];
                        // A contact of nobody has no relationship.
                        column.required || table.entity == EntityKind::Relationship
                    }
                    Some(Fill::ColumnOr(..) | Fill::Constant(_) | Fill::ContactRole) => true,
                    // A contact without a school has no role.
                    Some(Fill::ContactSchool) => table.entity == EntityKind::Role,
                    _ => false,
                };
                assert!(is_needed, "{}: {}", file.name, field.name);
            }
        }
    }
}

#[test]
fn names_and_aliases_of_a_file_are_distinct_however_they_are_written() {
    for file in FILES {
        let all = file.columns.iter().flat_map(|it| it.aliases.iter().chain([&it.name]));
        let names: Vec<_> = all.map(|it| folded_name(it)).collect();
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{} {names:?}", file.name);
    }
}

#[test]
fn references_point_to_files_that_are_read_before_or_to_their_own() {
    for (index, file) in FILES.iter().enumerate() {
        for target in file.columns.iter().filter_map(Column::target) {
            let before = FILES[..=index].iter().any(|it| it.name == target);
            assert!(before, "{} refers to {target}", file.name);
        }
        assert!(file.key.iter().all(|it| file.column(it).is_some()), "{}", file.name);
    }
}

#[test]
fn words_mean_terms_of_the_model() {
    for file in FILES {
        for table in file.tables {
            let schema = table.entity.schema();
            for (name, fill) in table.fields {
                let Some(FieldType::Vocabulary(terms)) =
                    schema.field(name).map(|it| schema.fields[it].field_type)
                else {
                    continue;
                };
                let (Fill::Column(column) | Fill::ColumnOr(column, _)) = fill else { continue };
                let index = file.column(column).expect("the file has the column");
                let Kind::Term(vocabulary) = file.columns[index].kind else { continue };
                for word in vocabulary.words {
                    assert!(terms.contains(&word.term), "{column}: {}", word.word);
                    assert_eq!(vocabulary.term(word.word), Some(word.term));
                    for also in word.also {
                        assert_eq!(vocabulary.term(also), Some(word.term), "{column}: {also}");
                    }
                }
            }
        }
    }
}

#[test]
fn reports_name_columns_in_the_words_of_the_specification() {
    let check = |entity, field, expected| assert_eq!(column_name(entity, field), expected);
    check(EntityKind::User, "given_name", Some("first_name"));
    check(EntityKind::User, "primary_org_source_id", Some("school_id"));
    check(EntityKind::Role, "role", Some("role"));
    check(EntityKind::Org, "source_id", Some("school_id"));
    check(EntityKind::Enrollment, "section_source_id", Some("section_id"));
    check(EntityKind::Resource, "title", None);
    assert_eq!(file_name(EntityKind::Org), Some("schools.csv"));
    assert_eq!(file_name(EntityKind::Resource), None);
}

#[test]
fn every_file_and_column_came_with_an_edition() {
    let known = |it: &str| EDITIONS.iter().any(|edition| edition.number == it);
    for file in FILES {
        assert!(
            known(file.since) && file.columns.iter().all(|it| known(it.since)),
            "{}",
            file.name
        );
    }
    assert!(EDITIONS.is_sorted_by(|newer, older| newer.published > older.published));
}
