//! Who is shared, when the settings leave people out: those whom a role, an enrollment or a relationship lets in.

use std::collections::HashSet;

/// What a record says of the person it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It makes the person shared.
    Counts,
    /// It is of what is not shared.
    Against,
    /// It says nothing either way.
    Neutral,
}

/// Who is shared, by the hashes of their keys.
#[derive(Debug, Default)]
pub(super) struct People {
    shared: HashSet<u128>,
    /// People with records of what is not shared; whoever is shared as well is shared.
    others: HashSet<u128>,
    /// Student and contact of every relationship that is shared if the student is.
    contacts: Vec<(u128, u128)>,
}

impl People {
    pub(super) fn includes(&self, person: u128) -> bool {
        self.shared.contains(&person)
    }

    pub(super) fn note(&mut self, person: u128, standing: Standing) {
        match standing {
            Standing::Counts => _ = self.shared.insert(person),
            Standing::Against => _ = self.others.insert(person),
            Standing::Neutral => {}
        }
    }

    pub(super) fn contact(&mut self, student: u128, contact: u128) {
        self.contacts.push((student, contact));
    }

    /// Ends the collecting.  `in_doubt` are published people who stay shared unless something speaks against it, because
    /// the records that would let them in may be missing tonight.
    pub(super) fn finish(&mut self, in_doubt: impl Iterator<Item = u128>) {
        let contacts = std::mem::take(&mut self.contacts);
        let of_shared = contacts.iter().filter(|it| self.shared.contains(&it.0));
        let of_shared: Vec<_> = of_shared.map(|it| it.1).collect();
        self.shared.extend(of_shared);
        let others = std::mem::take(&mut self.others);
        let stay: HashSet<u128> =
            in_doubt.filter(|it| !self.includes(*it) && !others.contains(it)).collect();
        let stays = |it: &u128| self.includes(*it) || stay.contains(it);
        let of = |student_stays: bool| -> HashSet<u128> {
            contacts.iter().filter(|it| stays(&it.0) == student_stays).map(|it| it.1).collect()
        };
        let (kept, refused) = (of(true), of(false));
        self.shared.extend(stay.iter().filter(|it| kept.contains(it) || !refused.contains(it)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_go_with_their_students_and_doubt_keeps_whom_nothing_speaks_against() {
        let mut people = People::default();
        people.note(1, Standing::Counts);
        people.note(1, Standing::Against);
        people.note(2, Standing::Against);
        people.note(3, Standing::Neutral);
        for (student, contact) in [(1, 11), (2, 12), (3, 13), (4, 14), (2, 13), (3, 15)] {
            people.contact(student, contact);
        }
        people.finish([2, 3, 12, 13].into_iter());
        let shared: Vec<_> = (1..20).filter(|it| people.includes(*it)).collect();
        assert_eq!(shared, [1, 3, 11, 13]);
    }
}
