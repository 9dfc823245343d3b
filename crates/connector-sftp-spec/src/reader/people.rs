//! What is remembered of the people, and of the keys of other files, while a set is read.

use super::keys::{HashedMap, Hashes, hash};
use std::collections::{HashMap, HashSet};

/// What is known from the files that were read before.
#[derive(Debug, Default)]
pub(super) struct Known {
    people: HashedMap<Person>,
    /// Roles of people beyond their first.
    more_roles: Hashes,
    /// Schools, so that a person needs only a number.
    schools: Vec<Box<str>>,
    school_numbers: HashMap<Box<str>, u32>,
    /// Keys of files that are not of people.
    keys: HashMap<&'static str, Hashes>,
    /// Files that were read from end to end as full ones.
    whole: HashSet<&'static str>,
}

/// A person.  Names and details are hashes: what matters is whether two rows have the same.
#[derive(Clone, Copy, Debug)]
struct Person {
    names: u32,
    details: u32,
    role: u32,
    /// Number of the main school; [`NO_SCHOOL`] where there is none.
    school: u32,
    /// The file of the first row.
    file: u8,
}

const NO_SCHOOL: u32 = u32::MAX;

/// What a row says of a person.
#[derive(Clone, Copy, Debug)]
pub(super) struct PersonRow<'a> {
    pub(super) key: &'a str,
    /// Hash of the names; `None` where the row has none.
    pub(super) names: Option<u32>,
    /// Hash of what else it says of the person.
    pub(super) details: u32,
    /// The first of the schools.
    pub(super) school: Option<&'a str>,
    /// Which file it is in.
    pub(super) file: u8,
}

/// How a row stands to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The person's first row.
    First,
    /// A further row of the same person.
    Further,
    /// A further row in the same file that says something else of the person.
    Differs,
    /// The key is another person's.
    Shared,
}

impl Known {
    /// How a row stands to those before it; remembers nothing.
    pub(super) fn standing(&self, row: &PersonRow<'_>) -> Standing {
        let Some(person) = self.people.get(&hash(row.key)) else { return Standing::First };
        if row.names.is_some_and(|it| it != person.names) {
            Standing::Shared
        } else if row.file == person.file && row.details != person.details {
            Standing::Differs
        } else {
            Standing::Further
        }
    }

    /// Remembers a person by the first row.
    pub(super) fn see(&mut self, row: &PersonRow<'_>) {
        let school = row.school.map_or(NO_SCHOOL, |it| self.number(it));
        let PersonRow { names, details, file, .. } = *row;
        let person = Person { names: names.unwrap_or_default(), details, role: 0, school, file };
        self.people.insert(hash(row.key), person);
    }

    /// Remembers a role of a person by its key; false if it was there before.
    pub(super) fn see_role(&mut self, person: &str, role: &str) -> bool {
        let full = hash(role);
        // Zero stands for none.
        let short = short(full).max(1);
        match self.people.get_mut(&hash(person)) {
            Some(person) if person.role == 0 => {
                person.role = short;
                true
            }
            Some(person) if person.role == short => false,
            _ => self.more_roles.insert(full),
        }
    }

    /// The main school of a person.
    pub(super) fn school_of(&self, person: &str) -> Option<&str> {
        let person = self.people.get(&hash(person))?;
        self.schools.get(usize::try_from(person.school).ok()?).map(|it| &**it)
    }

    /// Remembers a key of a file that is not of people.
    pub(super) fn see_key(&mut self, file: &'static str, key: &str) {
        self.keys.entry(file).or_default().insert(hash(key));
    }

    /// Remembers that all of a file was read.
    pub(super) fn see_whole(&mut self, file: &'static str) {
        self.whole.insert(file);
    }

    /// Whether all keys of a file are known.
    pub(super) fn is_whole(&self, file: &str) -> bool {
        self.whole.contains(file)
    }

    /// Whether a file has a key.
    pub(super) fn has(&self, file: &str, key: &str) -> bool {
        match self.keys.get(file) {
            Some(keys) => keys.contains(&hash(key)),
            None => self.people.contains_key(&hash(key)),
        }
    }

    fn number(&mut self, school: &str) -> u32 {
        if let Some(number) = self.school_numbers.get(school) {
            return *number;
        }
        let number = u32::try_from(self.schools.len()).unwrap_or(NO_SCHOOL);
        self.schools.push(school.into());
        self.school_numbers.insert(school.into(), number);
        number
    }
}

/// Half of a hash.
pub(super) fn short(hash: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    let half = hash as u32;
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_apart_by_key_and_names() {
        let mut known = Known::default();
        let row = |key, names, details, file| PersonRow {
            key,
            names,
            details,
            school: Some("0110"),
            file,
        };
        let first = row("1", Some(7), 1, 0);
        assert_eq!(known.standing(&first), Standing::First);
        known.see(&first);
        assert_eq!(known.standing(&first), Standing::Further);
        assert_eq!(known.standing(&row("1", None, 1, 0)), Standing::Further);
        assert_eq!(known.standing(&row("1", Some(7), 2, 0)), Standing::Differs);
        assert_eq!(known.standing(&row("1", Some(7), 2, 1)), Standing::Further);
        assert_eq!(known.standing(&row("1", Some(8), 1, 1)), Standing::Shared);
        assert_eq!(known.school_of("1"), Some("0110"));
        assert_eq!(known.school_of("2"), None);
    }

    #[test]
    fn a_role_comes_once() {
        let mut known = Known::default();
        known.see(&PersonRow { key: "1", names: None, details: 0, school: None, file: 0 });
        for (role, new) in [("a", true), ("a", false), ("b", true), ("b", false), ("c", true)] {
            assert_eq!(known.see_role("1", role), new, "{role}");
        }
    }
}
