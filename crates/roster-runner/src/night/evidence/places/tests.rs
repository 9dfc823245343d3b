//! Feeds in any order and form, and where their records stood.

use super::*;
use proptest::prelude::*;
use roster_sink::key_of;
use std::{fs, ops::Range};

/// What a night says of a record.
#[derive(Clone, Debug)]
struct Told {
    slot: Option<Slot>,
    key: String,
    fate: Fate,
    place: Option<(Origin, u64)>,
}

/// The bytes that a night keeps.
fn written(told: &[Told]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("places");
    let file = BufWriter::new(File::create(&path).unwrap());
    let mut writer = PlaceWriter::new(file).unwrap();
    for Told { slot, key, fate, place } in told {
        if let Some((origin, _)) = place {
            writer.origin(origin).unwrap();
        }
        let position = place.as_ref().map_or(0, |it| it.1);
        match slot {
            Some(slot) => writer.known(*fate, *slot, position).unwrap(),
            None => writer.new_key(*fate, key_of(key), position).unwrap(),
        }
    }
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

/// Every record is found where it was told, and one that was not told is nowhere.
#[track_caller]
fn check(told: &[Told]) {
    let bytes = written(told);
    for one in told {
        let expected: Vec<Stood> = told
            .iter()
            .filter(|it| {
                if one.slot.is_some() {
                    it.slot == one.slot
                } else {
                    it.slot.is_none() && it.key == one.key
                }
            })
            .map(|it| Stood { fate: it.fate, place: it.place.clone() })
            .collect();
        // A record of an earlier night is looked for by its entry too, which it did not have then.
        let slot = one.slot.or(Some(9_999_999));
        let key = if one.slot.is_some() { "nowhere" } else { &*one.key };
        assert_eq!(find(&bytes, slot, key_of(key)).unwrap(), expected, "{one:?}");
    }
    assert_eq!(find(&bytes, Some(8_888_888), key_of("nowhere")).unwrap(), []);
}

fn file(name: &str) -> Origin {
    Origin::File(name.into())
}

/// Records that were published before, in the order of their entries.
fn in_order(slots: Range<Slot>) -> Vec<Told> {
    let told = |slot: Slot| Told {
        slot: Some(slot),
        key: String::new(),
        fate: Fate::Accepted,
        place: Some((file("users.csv"), u64::from(slot) + 2)),
    };
    slots.map(told).collect()
}

fn new_records(numbers: Range<u64>) -> Vec<Told> {
    let told = |number: u64| Told {
        slot: None,
        key: format!("k{number}"),
        fate: Fate::Accepted,
        place: Some((file("users.csv"), number + 2)),
    };
    numbers.map(told).collect()
}

#[test]
fn usual_feed_takes_some_bytes_and_a_first_one_five_a_record() {
    let check = |told: Vec<Told>, most: usize| {
        let bytes = written(&told).len();
        assert!(bytes <= most, "{bytes} bytes for {} records", told.len());
    };
    check(in_order(0..100_000), 25);
    check(new_records(0..100_000), 5 * 100_000 + 100);
    let rejected = |mut it: Told| {
        if it.slot.is_some_and(|it| it % 1000 == 500) {
            it.fate = Fate::Rejected;
        }
        it
    };
    check(in_order(0..100_000).into_iter().map(rejected).collect(), 100 * 5 + 25);
    let mut slots: Vec<Slot> = (0..100_000).collect();
    slots.sort_by_key(|it| key_of(&it.to_string()));
    let shuffled = in_order(0..100_000).into_iter().zip(slots);
    let shuffled = shuffled.map(|(told, slot)| Told { slot: Some(slot), ..told });
    check(shuffled.collect(), 100_000 * 4 + 25);
}

#[test]
fn new_records_are_found_past_what_is_gathered() {
    check(&new_records(0..MOST_GATHERED as u64 + 3)[MOST_GATHERED - 3..]);
    let told = new_records(0..MOST_GATHERED as u64 * 2 + 1);
    let bytes = written(&told);
    for number in [0, MOST_GATHERED - 1, MOST_GATHERED, MOST_GATHERED * 2] {
        let found = find(&bytes, None, key_of(&format!("k{number}"))).unwrap();
        assert_eq!(found.len(), 1, "{number}");
        assert_eq!(found[0].place, told[number].place);
    }
}

#[test]
fn damaged_files_are_refused_and_never_a_panic() {
    let told: Vec<_> = in_order(0..5).into_iter().chain(new_records(5..9)).collect();
    let bytes = written(&told);
    assert_eq!(find(b"HRP\x02", None, 0).unwrap_err().kind(), ErrorKind::Damaged);
    let refused = (0..bytes.len()).filter(|it| find(&bytes[..*it], Some(3), 1).is_err()).count();
    assert!(refused > 20, "{refused} of {}", bytes.len());
    for at in 4..bytes.len() {
        for value in [0, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = value;
            _ = find(&changed, Some(3), 1);
        }
    }
}

fn a_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![8 => Just(Fate::Accepted), 2 => Just(Fate::Rejected), 1 => Just(Fate::Said)]
}

/// A record in a stretch of a feed: its entry or none, whether it is told out of order, how far its line is from the
/// last one, whether another file begins.
fn a_record() -> impl Strategy<Value = (bool, Option<Slot>, u64, bool, Fate)> {
    (
        prop::bool::weighted(0.8),
        prop::option::weighted(0.1, 0..500u32),
        prop_oneof![8 => Just(1u64), 1 => Just(0), 1 => 2..40u64],
        prop::bool::weighted(0.03),
        a_fate(),
    )
}

fn a_feed() -> impl Strategy<Value = Vec<Told>> {
    let leaving = prop::collection::vec(
        (500..900u32, prop_oneof![Just(Fate::Absent), Just(Fate::Withdrawn), Just(Fate::Orphaned)]),
        0..30,
    );
    (prop::collection::vec(a_record(), 0..200), leaving).prop_map(|(records, leaving)| {
        let (mut next, mut position, mut number) = (0, 1, 0);
        let mut told = Vec::new();
        for (index, (known, jump, moved, other, fate)) in records.into_iter().enumerate() {
            if other {
                (position, number) = (0, number + 1);
            }
            next = jump.unwrap_or(next + 1);
            position += moved;
            let slot = known.then_some(next);
            let key = format!("k{}", if known { 0 } else { index });
            let origin = match number % 3 {
                0 => file(&format!("{number}.csv")),
                1 => Origin::Page(format!("users?page={number}").into()),
                _ => Origin::Query(format!("q{number}").into()),
            };
            told.push(Told { slot, key, fate, place: Some((origin, position)) });
        }
        let gone = |(slot, fate)| Told { slot: Some(slot), key: String::new(), fate, place: None };
        told.extend(leaving.into_iter().map(gone));
        told
    })
}

proptest! {
    #[test]
    fn every_record_is_found_where_it_stood(told in a_feed()) {
        check(&told);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let file: Vec<u8> = MAGIC.iter().copied().chain(bytes).collect();
        _ = find(&file, Some(3), 1);
    }

    #[test]
    fn numbers_come_back(number in any::<u64>()) {
        let mut bytes = Vec::new();
        write_number(&mut bytes, number).unwrap();
        let mut numbers = Numbers(&bytes);
        prop_assert_eq!(numbers.number().unwrap(), number);
        prop_assert!(numbers.is_empty());
        prop_assert_eq!(unsigned(signed(number)), number);
    }
}
