//! Contacts whose ids change: Clever keeps the id of a contact only where the student information system sends the
//! contact's own key.
//!
//! A contact without one that comes with a new id is taken for one of last night's if one of their students and the
//! name are the same, the phone or the e-mail too, and last night's id has not come tonight.  It then keeps the key it
//! had.  Of each contact only hashes are kept.

use crate::{
    map::hash,
    wire::{Contact, User},
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// Contacts of a night, as they are kept for the next: one text each, the key and hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Remembered(Vec<Entry>);

/// A contact: Clever's id where it is another than the key, the key, and what tells it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// The key it has here.
    #[serde(rename = "k")]
    key: String,
    /// Clever's id, where it is another.
    #[serde(rename = "i", default, skip_serializing_if = "String::is_empty")]
    id: String,
    /// For each student: hash of student and name.
    #[serde(rename = "s")]
    students: Vec<Hash>,
    /// Of the phone number's digits.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    phone: Option<Hash>,
    /// Of the e-mail address.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    email: Option<Hash>,
}

/// A hash that is written as text, since JSON's numbers do not hold it everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Hash(u64);

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Hash).map_err(serde::de::Error::custom)
    }
}

/// Contacts while they are read.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    before: Vec<Entry>,
    /// Number in `before` by Clever's id.
    by_id: HashMap<String, usize>,
    /// Numbers in `before` by hash of student and name.
    by_student: HashMap<Hash, Vec<usize>>,
    /// Numbers in `before` that have come tonight, under their own id or a new one.
    taken: HashSet<usize>,
    /// Keys given tonight.
    given: HashSet<u64>,
    now: Vec<Entry>,
}

impl Contacts {
    /// With those of the last night.
    pub(crate) fn new(before: Remembered) -> Self {
        let mut contacts = Self::default();
        for (number, entry) in before.0.iter().enumerate() {
            let id = if entry.id.is_empty() { &entry.key } else { &entry.id };
            contacts.by_id.insert(id.clone(), number);
            for student in &entry.students {
                contacts.by_student.entry(*student).or_default().push(number);
            }
        }
        contacts.before = before.0;
        contacts
    }

    /// The key of a contact.
    pub(crate) fn key(&mut self, user: &User<'_>, contact: &Contact<'_>) -> String {
        let id = user.id.get();
        if contact.sis_id.filled().is_some() {
            self.given.insert(hash(id));
            return id.to_owned();
        }
        let mut entry = described(user, contact);
        let number = self.by_id.get(id).copied().or_else(|| self.same_person(&entry));
        if let Some(number) = number.filter(|it| self.taken.insert(*it)) {
            entry.key.clone_from(&self.before[number].key);
        }
        // Two people never share a key, whatever was kept.
        if !self.given.insert(hash(&entry.key)) {
            id.clone_into(&mut entry.key);
            self.given.insert(hash(id));
        }
        if entry.key != id {
            id.clone_into(&mut entry.id);
        }
        let key = entry.key.clone();
        self.now.push(entry);
        key
    }

    /// The key that a contact has here by Clever's id.
    pub(crate) fn key_of(&self, id: &str) -> String {
        self.by_id.get(id).map_or_else(|| id.to_owned(), |it| self.before[*it].key.clone())
    }

    /// The only one of last night's contacts it can be.
    fn same_person(&self, entry: &Entry) -> Option<usize> {
        let reached = |it: &Entry| {
            (entry.phone.is_some() && it.phone == entry.phone)
                || (entry.email.is_some() && it.email == entry.email)
        };
        let mut found: Vec<usize> = entry
            .students
            .iter()
            .filter_map(|it| self.by_student.get(it))
            .flatten()
            .copied()
            .filter(|it| !self.taken.contains(it) && reached(&self.before[*it]))
            .collect();
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// What is kept for the next night; with those that did not come, where not all have come.
    pub(crate) fn remember(self, all_came: bool) -> Remembered {
        let mut now = self.now;
        if !all_came {
            let missing = self.before.into_iter().enumerate();
            now.extend(missing.filter(|it| !self.taken.contains(&it.0)).map(|it| it.1));
        }
        Remembered(now)
    }
}

fn described(user: &User<'_>, contact: &Contact<'_>) -> Entry {
    let name =
        [&user.name.first, &user.name.middle, &user.name.last].map(|it| it.get().to_lowercase());
    let name = name.join(" ");
    let name = name.trim();
    let mut text = String::new();
    let mut student = |student: &str| {
        text.clear();
        _ = write!(text, "{student}\u{1f}{name}");
        Hash(hash(&text))
    };
    let students = contact.student_relationships.0.iter().map(|it| student(it.student.get()));
    let digits: String = contact.phone.get().chars().filter(char::is_ascii_digit).collect();
    // A leading 1 is the country's.
    let digits = digits.strip_prefix('1').filter(|it| it.len() == 10).unwrap_or(&digits);
    Entry {
        key: user.id.get().to_owned(),
        id: String::new(),
        students: students.collect(),
        phone: (digits.len() >= 7).then(|| Hash(hash(digits))),
        email: user.email.filled().map(|it| Hash(hash(&it.to_lowercase()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Id, students, name, phone, e-mail, key at the source.
    type Person<'a> = (&'a str, &'a [&'a str], &'a str, &'a str, &'a str, &'a str);

    fn night(before: Remembered, people: &[Person<'_>]) -> (Vec<String>, Remembered) {
        let mut contacts = Contacts::new(before);
        let keys = people.iter().map(|(id, students, name, phone, email, sis_id)| {
            let students: Vec<_> =
                students.iter().map(|it| format!(r#"{{"student":"{it}"}}"#)).collect();
            let text = format!(
                r#"{{"id":"{id}","email":"{email}","name":{{"last":"{name}"}},"roles":{{"contact":
                {{"sis_id":"{sis_id}","phone":"{phone}","student_relationships":[{}]}}}}}}"#,
                students.join(",")
            );
            let user: User<'_> = serde_json::from_str(&text).unwrap();
            contacts.key(&user, user.roles.contact.as_ref().unwrap())
        });
        let keys = keys.collect();
        let kept = serde_json::to_string(&contacts.remember(true)).unwrap();
        (keys, serde_json::from_str(&kept).unwrap())
    }

    fn check(first: &[Person<'_>], second: &[Person<'_>], expected: &[&str]) {
        let (_, kept) = night(Remembered::default(), first);
        assert_eq!(night(kept, second).0, expected);
    }

    #[test]
    fn contacts_with_new_ids_keep_their_keys() {
        let ana = ("c1", &["s1", "s2"][..], "Ana Ruiz", "(555) 010-0001", "ana@x.example", "");
        let with = |phone, email| ("c1", &["s2"][..], "ana ruiz", phone, email, "");
        let new = |it: Person<'static>, id| (id, it.1, it.2, it.3, it.4, it.5);
        check(&[ana], &[new(with("1-555-010-0001", ""), "c9")], &["c1"]);
        check(&[ana], &[new(with("", "ANA@x.example"), "c9")], &["c1"]);
        check(&[ana], &[new(with("555 010 0002", "else@x.example"), "c9")], &["c9"]);
        check(&[ana], &[new(with("", ""), "c9")], &["c9"]);
        check(&[ana], &[("c9", &["s3"], ana.2, ana.3, ana.4, "")], &["c9"]);
        check(&[ana], &[("c9", ana.1, "Eva Ruiz", ana.3, ana.4, "")], &["c9"]);
        check(&[ana], &[("c9", ana.1, ana.2, ana.3, ana.4, "their-own")], &["c9"]);
        check(&[ana], &[ana, new(ana, "c9")], &["c1", "c9"]);
        let twin = new(ana, "c2");
        check(&[ana, twin], &[new(ana, "c9")], &["c9"]);
    }

    #[test]
    fn keys_are_kept_over_many_nights() {
        let ana = |id| (id, &["s1"][..], "Ana Ruiz", "5550100001", "", "");
        let mut kept = night(Remembered::default(), &[ana("c1")]).1;
        for id in ["c2", "c2", "c3", "c4"] {
            let (keys, next) = night(kept, &[ana(id)]);
            assert_eq!(keys, ["c1"]);
            kept = next;
        }
    }
}
