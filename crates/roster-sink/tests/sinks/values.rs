//! Every field of every entity, there and back.

use crate::{Case, bench::Backend, cases};
use roster_core::{
    EntityKind, Row, Rows,
    model::{CategoryRow, FieldSchema},
    value::FieldType,
};
use roster_sink::content_of;

pub(crate) const CASES: &[Case] = cases![
    every_field_of_every_entity_comes_back_as_it_went_in,
    decimals_come_back_as_the_same_text,
];

pub(crate) fn sample(field: &FieldSchema) -> &'static str {
    match field.field_type {
        FieldType::Text => "é \"x\"|\u{1}'--",
        FieldType::Boolean => "true",
        FieldType::Integer => "-9223372036854775808",
        FieldType::Decimal => "1.5",
        FieldType::Date => "2026-08-27",
        FieldType::DateTime => "2026-08-27T00:00:00Z",
        FieldType::Vocabulary(_) => "ext:own",
        FieldType::TextList => r#"["09","K,1"]"#,
        FieldType::Identifiers => r#"[{"type":"state","identifier":"7"}]"#,
        FieldType::Extensions => r#"{"metadata.a":"b","x":"1, 2"}"#,
    }
}

pub(crate) fn sample_rows(
    entity: EntityKind,
    value: impl Fn(&FieldSchema) -> Option<&'static str>,
) -> Rows {
    let mut rows = Rows::new(entity);
    let mut row = rows.begin();
    for field in entity.schema().fields {
        row.push(value(field));
    }
    row.finish(0);
    rows
}

fn fields<'a>(row: &Row<'a>) -> Vec<Option<&'a str>> {
    row.fields().collect()
}

fn every_field_of_every_entity_comes_back_as_it_went_in(backend: &Backend) {
    for entity in EntityKind::ALL {
        let only_key = |it: &FieldSchema| (it.name == "source_id").then_some("k");
        let empty = |it: &FieldSchema| match it.field_type {
            FieldType::Text if it.name == "source_id" => Some("e"),
            FieldType::Text => Some(""),
            FieldType::Boolean => Some("false"),
            FieldType::Integer => Some("0"),
            FieldType::Decimal => Some("-0.25"),
            _ => None,
        };
        let bench = backend.bench();
        let feed = [
            sample_rows(*entity, |it| Some(sample(it))),
            sample_rows(*entity, only_key),
            sample_rows(*entity, empty),
        ];
        bench.night("d", "r1", &feed);
        let read = bench.rows("d", *entity);
        let read: Vec<_> = read.iter().flat_map(Rows::iter).collect();
        let published = bench.published("d");
        assert_eq!(read.len(), 3);
        for (number, (before, after)) in feed.iter().flat_map(Rows::iter).zip(&read).enumerate() {
            assert_eq!(fields(&before), fields(after), "{}", entity.table());
            assert_eq!(content_of(&before), content_of(after));
            let index = &published.indexes[entity];
            assert_eq!(after.position(), index.locator(u32::try_from(number).unwrap()));
        }
    }
}

fn decimals_come_back_as_the_same_text(backend: &Backend) {
    let numbers = [
        "50",
        "0",
        "0.1",
        "-12.75",
        "1000000000000000000000",
        "123456789012345680000",
        "0.000000000000000000001",
        "9007199254740993",
        "9223372036854775808",
        "100.25",
        "179769313486231570000000000000000000000000",
    ];
    let mut rows = Rows::new(EntityKind::Category);
    for (position, number) in numbers.iter().enumerate() {
        let weight = Some(number.parse::<f64>().unwrap());
        let source_id = number;
        rows.push(
            position as u64,
            &CategoryRow { source_id, title: "t", weight, ..CategoryRow::default() },
        );
    }
    let expected: Vec<_> = rows.iter().map(|it| it.get(3).map(str::to_owned)).collect();
    let bench = backend.bench();
    bench.night("d", "r1", &[rows]);
    let read = bench.rows("d", EntityKind::Category);
    let read: Vec<_> =
        read.iter().flat_map(Rows::iter).map(|it| it.get(3).map(str::to_owned)).collect();
    assert_eq!(read, expected);
}
