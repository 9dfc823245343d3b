//! Knows people again: by identifiers, addresses, names with birth dates, and by what they belong to.
//!
//! Names alone never make two records the same person.  Where birth dates or kinds of people differ, weaker evidence is
//! not listened to; where a numbering scheme has kept its numbers, neither is a pair whose numbers differ.

mod identifiers;
mod links;

use super::{
    fields::FieldRound,
    keys::{NOBODY, Night},
    layout::Part,
    pairing::{Keyed, Values, agreed},
    records::{Pair, Records},
    rounds::How,
    text::{NONE, combined, folded},
};
use identifiers::Schemes;
use roster_core::{EntityKind, model::RoleType};
use std::collections::HashMap;

const USER: EntityKind = EntityKind::User;

/// What somebody is, as far as it tells people of the same name apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    #[default]
    Unknown,
    Contact,
    Staff,
    Student,
}

/// Places of the fields that are compared.
#[derive(Clone, Copy, Debug)]
struct Parts {
    given: Part,
    family: Part,
    email: Part,
    username: Part,
    phone: Part,
    sms: Part,
    grades: Part,
}

/// What is known of people beside their own records.
#[derive(Debug)]
pub(super) struct People {
    parts: Parts,
    /// Rows of moving people by the numbers of their keys, for each night.
    rows: [Vec<u32>; 2],
    /// Given and family names together, by row; [`NONE`] where one is missing.
    names: [Vec<u64>; 2],
    births: [Vec<u64>; 2],
    kinds: [Vec<Kind>; 2],
    schemes: Schemes,
}

/// What an old and a new record have in common; `None` where one of them does not tell.
#[derive(Clone, Copy, Debug)]
struct Compared {
    given: bool,
    family: bool,
    birth: Option<bool>,
    kind: Option<bool>,
}

impl Compared {
    /// Nothing says that these are two people.
    fn possible(self) -> bool {
        self.birth != Some(false) && self.kind != Some(false)
    }

    fn names(self) -> bool {
        self.given && self.family
    }

    /// For what members of a family may share.
    fn same_in_family(self) -> bool {
        self.given && (self.family || self.birth == Some(true)) && self.possible()
    }

    /// For what nobody shares.
    fn same_by_number(self) -> bool {
        let changed = self.given && self.birth == Some(true);
        (self.family || changed) && (self.possible() || self.names()) && self.kind != Some(false)
    }
}

/// One way to know people again.
struct PersonRound {
    how: How,
    values: fn(&Records, &People) -> Values,
    same: fn(Compared) -> bool,
    /// Whether numbers that differ speak against a pair.
    by_names: bool,
}

const fn by(
    how: &'static str,
    values: fn(&Records, &People) -> Values,
    same: fn(Compared) -> bool,
) -> PersonRound {
    PersonRound { how: How::new(how), values, same, by_names: false }
}

const fn by_names(how: &'static str, values: fn(&Records, &People) -> Values) -> PersonRound {
    let same = |it: Compared| it.names() && it.possible();
    PersonRound { how: How::new(how), values, same, by_names: true }
}

const ROUNDS: &[PersonRound] = &[
    by("everything but the key", |it, people| people.everything(it, true), Compared::possible),
    by(
        "everything but the key and extension fields",
        |it, people| people.everything(it, false),
        Compared::possible,
    ),
    by(
        "identifier, family name",
        |it, people| people.identifiers(it, true),
        Compared::same_by_number,
    ),
    by("identifier, names", |it, people| people.identifiers(it, false), Compared::same_in_family),
    by("identifier in another scheme, names", People::values_of_any_scheme, |it| {
        it.names() && it.possible()
    }),
    by(
        "e-mail address, names",
        |it, people| People::field(it, people.parts.email),
        Compared::same_in_family,
    ),
    by(
        "user name, names",
        |it, people| People::field(it, people.parts.username),
        Compared::same_in_family,
    ),
    by_names("names, birth date", People::births),
    by_names("names, records that kept their keys", links::kept),
    by_names("names, sections", links::sections),
    by_names("names, contacts", links::contacts),
    by_names("names, telephone number", People::phones),
    by_names("names, school, grade", links::schools),
];

/// What is listed for a person to decide, and never taken for a match.
const NAMES: How = How::new("names");

impl People {
    pub(super) fn new(records: &Records) -> Self {
        let layout = records.layout(USER);
        let parts = Parts {
            given: layout.part("given_name"),
            family: layout.part("family_name"),
            email: layout.part("email"),
            username: layout.part("username"),
            phone: layout.part("phone"),
            sms: layout.part("sms"),
            grades: layout.part("grades"),
        };
        let rows = Night::BOTH.map(|night| rows_by_number(records, night));
        let names = Night::BOTH.map(|night| names(records, parts, night));
        let mut people = Self {
            parts,
            rows,
            names,
            births: Default::default(),
            kinds: Default::default(),
            schemes: Schemes::new(records),
        };
        people.births = Night::BOTH.map(|night| people.births_of(records, night));
        people.kinds = Night::BOTH.map(|night| people.kinds_of(records, night));
        people
    }

    /// Finds pairs of people, given what was found of everything else so far.
    pub(super) fn pair(&self, records: &mut Records) {
        for round in ROUNDS {
            if records.is_settled(USER) {
                return;
            }
            let mut pairs = agreed((round.values)(records, self).votes());
            pairs.retain(|it| (round.same)(self.compare(records, *it)));
            if round.by_names {
                identifiers::retain_unopposed(records, &mut pairs);
            }
            for (old, new) in pairs {
                records.join(USER, Pair { old, new, how: round.how });
            }
        }
    }

    /// All values that people are compared by, strongest first, and at last their names.
    pub(super) fn all_values(&self, records: &Records) -> impl Iterator<Item = (How, Values)> {
        let rounds = ROUNDS.iter().map(|it| (it.how, (it.values)(records, self)));
        let names = || {
            (
                NAMES,
                Values::new(
                    Night::BOTH
                        .map(|night| keyed(records, night, |row| Some(self.names_of(night, row)))),
                ),
            )
        };
        rounds.chain(std::iter::once_with(names))
    }

    /// Whether nothing says that an old and a new record are two people.
    pub(super) fn possible(&self, records: &Records, old: u32, new: u32) -> bool {
        self.compare(records, (old, new)).possible()
    }

    fn compare(&self, records: &Records, (old, new): (u32, u32)) -> Compared {
        let of = |part, night, row| records.side(USER, night).hash(part, row);
        let same = |part| {
            let (old, new) = (of(part, Night::Old, old), of(part, Night::New, new));
            old == new && old != NONE
        };
        let births = (self.births[0][old as usize], self.births[1][new as usize]);
        let kinds = (self.kinds[0][old as usize], self.kinds[1][new as usize]);
        let both_known = kinds.0 != Kind::Unknown && kinds.1 != Kind::Unknown;
        Compared {
            given: same(self.parts.given),
            family: same(self.parts.family),
            birth: (births.0 != NONE && births.1 != NONE).then_some(births.0 == births.1),
            kind: both_known.then_some(kinds.0 == kinds.1),
        }
    }

    /// The row of somebody by the number of their key, unless they stay.
    fn row(&self, night: Night, number: u32) -> Option<u32> {
        let row = self.rows[night as usize].get(number as usize).copied();
        row.filter(|it| *it != NOBODY)
    }

    fn names_of(&self, night: Night, row: u32) -> u64 {
        self.names[night as usize][row as usize]
    }

    fn field(records: &Records, part: Part) -> Values {
        Values::new(Night::BOTH.map(|night| {
            keyed(records, night, |row| Some(records.side(USER, night).hash(part, row)))
        }))
    }

    /// Everything but the key, of people who have more than a name.
    fn everything(&self, records: &Records, extensions: bool) -> Values {
        let [with, without] = FieldRound::everything(records.layout(USER));
        let round = if extensions { with } else { without };
        let values = round.values(records, USER);
        values.retained(|night, row| self.has_more_than_a_name(records, night, row))
    }

    fn has_more_than_a_name(&self, records: &Records, night: Night, row: u32) -> bool {
        let side = records.side(USER, night);
        let Parts { email, username, phone, sms, .. } = self.parts;
        !side.items(row).is_empty()
            || self.births[night as usize][row as usize] != NONE
            || [email, username, phone, sms].iter().any(|it| side.hash(*it, row) != NONE)
    }

    /// Identifiers of schemes in which nobody shares a number, or of the others.
    fn identifiers(&self, records: &Records, personal: bool) -> Values {
        Values::new(Night::BOTH.map(|night| {
            let mut keyed = Vec::new();
            for row in records.moving(USER, night) {
                let items = records.side(USER, night).items(row).chunks_exact(2);
                let items = items.filter(|it| self.schemes.is_personal(it[0]) == personal);
                keyed.extend(items.map(|it| (combined([it[0], it[1]]), row)));
            }
            keyed
        }))
    }

    /// Identifiers whatever their scheme, and keys among them: another source may give the old key as an identifier.
    fn values_of_any_scheme(records: &Records, people: &Self) -> Values {
        _ = people;
        let mut room = String::new();
        Values::new(Night::BOTH.map(|night| {
            let mut keyed = Vec::new();
            let side = records.side(USER, night);
            for row in records.moving(USER, night) {
                keyed.push((folded(side.ids.get(row), &mut room), row));
                keyed.extend(side.items(row).chunks_exact(2).map(|it| (it[1], row)));
            }
            keyed
        }))
    }

    fn births(records: &Records, people: &Self) -> Values {
        Values::new(Night::BOTH.map(|night| {
            keyed(records, night, |row| {
                let birth = people.births[night as usize][row as usize];
                let names = people.names_of(night, row);
                (birth != NONE && names != NONE).then(|| combined([names, birth]))
            })
        }))
    }

    fn phones(records: &Records, people: &Self) -> Values {
        Values::new(Night::BOTH.map(|night| {
            let side = records.side(USER, night);
            let by = |part| {
                keyed(records, night, move |row| {
                    let (names, number) = (people.names_of(night, row), side.hash(part, row));
                    (names != NONE && number != NONE).then(|| combined([names, number]))
                })
            };
            [by(people.parts.phone), by(people.parts.sms)].concat()
        }))
    }

    fn births_of(&self, records: &Records, night: Night) -> Vec<u64> {
        let mut births = vec![NONE; self.names[night as usize].len()];
        let birth = records.layout(EntityKind::Demographics).part("birth_date");
        let side = records.side(EntityKind::Demographics, night);
        links::each(records, night, EntityKind::Demographics, "user_source_id", |row, number| {
            if let Some(person) = self.row(night, number) {
                births[person as usize] = side.hash(birth, row);
            }
        });
        births
    }

    /// What people are: of several roles the one that says most.
    fn kinds_of(&self, records: &Records, night: Night) -> Vec<Kind> {
        let mut kinds = vec![Kind::Unknown; self.names[night as usize].len()];
        let known = kinds_by_hash();
        let role = records.layout(EntityKind::Role).part("role");
        let side = records.side(EntityKind::Role, night);
        links::each(records, night, EntityKind::Role, "user_source_id", |row, number| {
            let kind = known.get(&side.hash(role, row)).copied().unwrap_or_default();
            if let Some(person) = self.row(night, number) {
                kinds[person as usize] = kinds[person as usize].max(kind);
            }
        });
        kinds
    }
}

/// Moving people by a value.
fn keyed(records: &Records, night: Night, value: impl Fn(u32) -> Option<u64>) -> Vec<Keyed> {
    let filled = |row| Some((value(row).filter(|it| *it != NONE)?, row));
    records.moving(USER, night).filter_map(filled).collect()
}

fn rows_by_number(records: &Records, night: Night) -> Vec<u32> {
    let mut rows = vec![NOBODY; records.keys(USER).len()];
    let side = records.side(USER, night);
    for row in records.moving(USER, night) {
        rows[side.number(row) as usize] = row;
    }
    rows
}

fn names(records: &Records, parts: Parts, night: Night) -> Vec<u64> {
    let side = records.side(USER, night);
    let names = |row| {
        let (given, family) = (side.hash(parts.given, row), side.hash(parts.family, row));
        if given == NONE || family == NONE { NONE } else { combined([given, family]) }
    };
    (0..side.len()).map(names).collect()
}

fn kinds_by_hash() -> HashMap<u64, Kind> {
    let kind = |term: &str| match RoleType::from_term(term) {
        RoleType::Student => Kind::Student,
        it if it.is_contact() => Kind::Contact,
        _ => Kind::Staff,
    };
    let mut room = String::new();
    RoleType::TERMS.iter().map(|it| (folded(it, &mut room), kind(it))).collect()
}
