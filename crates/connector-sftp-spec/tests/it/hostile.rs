//! Whatever a file holds: an end or an error, no panic, and batches that add up.

use super::{example, read};
use connector_sftp_spec::template;
use proptest::prelude::*;

/// The bytes of a file of the example with some of them changed.
fn damaged() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let file = 0..template::EXAMPLE.len();
    file.prop_flat_map(|file| {
        let content = template::EXAMPLE[file].1.as_bytes();
        let edit = (0..content.len(), prop::collection::vec(any::<u8>(), 0..6), 0..40_usize);
        prop::collection::vec(edit, 1..5).prop_map(move |edits| {
            let mut bytes = content.to_vec();
            for (at, new, gone) in edits {
                let at = at.min(bytes.len());
                let end = (at + gone).min(bytes.len());
                bytes.splice(at..end, new);
            }
            (file, bytes)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_end_or_fail((file, bytes) in damaged()) {
        let mut set = example();
        set.set(template::EXAMPLE[file].0, bytes);
        let extract = read(&set);
        prop_assert!(extract.error.is_some() || !extract.done.is_empty());
        if let Some(error) = extract.error {
            prop_assert!(!error.message().ends_with('.'));
        }
    }

    #[test]
    fn random_bytes_end_or_fail(file in 0..template::EXAMPLE.len(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut set = example();
        set.set(template::EXAMPLE[file].0, bytes);
        let extract = read(&set);
        prop_assert!(extract.error.is_some() || !extract.done.is_empty());
    }

    #[test]
    fn random_values_reject_at_most_their_own_record(value in "\\PC{0,40}", column in 0..12_usize) {
        let mut set = example();
        let header = template::EXAMPLE[4].1.lines().next().expect("a header");
        let name = header.split(',').nth(column).expect("students.csv has so many columns");
        set.set_value("students.csv", "0001003", name, &value);
        let extract = read(&set);
        prop_assert!(extract.error.is_none());
        let users = extract.keys(roster_core::EntityKind::User);
        prop_assert!(users.iter().any(|it| it == "0001001") && users.iter().any(|it| it == "0001002"));
    }
}
