//! Generated districts that are given new keys while people leave, come, move and change their names: the map holds
//! nothing but the truth, and everybody who can be told from all others.

use super::{
    super::{Matcher, Matches},
    district::{DISTINCT_SECTIONS, Student, rows, user},
};
use proptest::{collection::vec, option::weighted, prelude::*, sample::subsequence};
use roster_core::EntityKind;
use std::collections::{BTreeMap, BTreeSet};

/// What happens to a student between the nights.
#[derive(Clone, Debug)]
struct Fate {
    leaves: bool,
    marries: bool,
    moves: Option<usize>,
}

/// How keys change.
#[derive(Clone, Copy, Debug)]
enum Rekeying {
    /// Users get a prefix; what is derived from their keys changes with them.
    Users,
    /// Users and enrollments get a prefix.
    UsersAndEnrollments,
    /// Everything gets a key that tells nothing.
    Everything,
}

#[derive(Clone, Debug)]
struct Case {
    before: Vec<Student>,
    fates: Vec<Fate>,
    comers: Vec<Student>,
    rekeying: Rekeying,
    /// Whether identifiers change with the keys.
    renumbered: bool,
}

fn students(
    most: usize,
    numbered: impl Strategy<Value = bool> + 'static,
) -> impl Strategy<Value = Vec<Student>> {
    let student = (
        (0..4_usize, 0..3_usize, weighted(0.8, 0..6_u8), numbered),
        (prop::bool::weighted(0.3), 0..3_usize, 0..2_usize),
        subsequence((0..9_usize).collect::<Vec<_>>(), 0..4),
    );
    let student =
        student.prop_map(|((given, family, birth, number), (address, school, grade), sections)| {
            let number = number.then_some(0);
            Student { who: 0, given, family, birth, number, address, school, grade, sections }
        });
    vec(student, 0..most)
}

fn fates(most: usize) -> impl Strategy<Value = Vec<Fate>> {
    let fate = (
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.1),
        weighted(0.15, 0..DISTINCT_SECTIONS),
    );
    vec(fate.prop_map(|(leaves, marries, moves)| Fate { leaves, marries, moves }), most)
}

fn rekeying() -> impl Strategy<Value = Rekeying> {
    prop_oneof![
        Just(Rekeying::Users),
        Just(Rekeying::UsersAndEnrollments),
        Just(Rekeying::Everything)
    ]
}

/// Students whom everybody knows, and by whom it is seen that numbers were kept.
const ANCHORS: usize = 4;

fn anchors() -> impl Iterator<Item = Student> {
    let anchor = |it| Student {
        who: 0,
        given: 50 + it,
        family: 0,
        birth: Some(1),
        number: Some(0),
        address: false,
        school: 0,
        grade: 0,
        sections: Vec::new(),
    };
    (0..ANCHORS).map(anchor)
}

/// Who comes may have anybody's names where all have numbers; where some have none, nobody could tell.
fn cases() -> impl Strategy<Value = Case> {
    const MOST: usize = 25;
    let with_comers = (students(MOST, Just(true)), students(ANCHORS, Just(true)), Just(false));
    let without = (students(MOST, prop::bool::weighted(0.4)), Just(Vec::new()), any::<bool>());
    let people = prop_oneof![with_comers.boxed(), without.boxed()];
    (people, fates(MOST), rekeying()).prop_map(|((before, comers, renumbered), fates, rekeying)| {
        let fates = fates.into_iter().take(before.len()).collect();
        let mut case = Case { before, fates, comers, rekeying, renumbered };
        case.before.extend(anchors());
        case.fates.extend(vec![Fate { leaves: false, marries: false, moves: None }; ANCHORS]);
        let people = case.before.iter_mut().chain(&mut case.comers);
        for (who, student) in people.enumerate() {
            student.who = who;
            student.number = student.number.map(|_| 1000 + who);
        }
        case
    })
}

impl Case {
    fn after(&self) -> Vec<Student> {
        let mut count: BTreeMap<_, usize> = BTreeMap::new();
        for student in self.before.iter().chain(&self.comers) {
            *count.entry(student.names()).or_default() += 1;
        }
        let staying = self.before.iter().zip(&self.fates).filter(|it| !it.1.leaves);
        let stayed = staying.map(|(before, fate)| {
            let mut student = before.clone();
            // A namesake who takes another's place is that other, for all that anybody can tell.
            if let Some(section) = fate.moves.filter(|_| count[&before.names()] == 1) {
                student.sections.retain(|it| *it >= DISTINCT_SECTIONS);
                student.sections.push(section);
                student.school = (student.school + 1) % 3;
            }
            if fate.marries {
                student.family = 100 + student.who;
            }
            if self.renumbered {
                student.number = student.number.map(|it| it + 5000);
            }
            student
        });
        stayed.chain(self.comers.iter().cloned()).collect()
    }

    fn key(&self, entity: EntityKind, what: &str) -> String {
        let changes = match self.rekeying {
            Rekeying::Users => entity == EntityKind::User,
            Rekeying::UsersAndEnrollments => {
                matches!(entity, EntityKind::User | EntityKind::Enrollment)
            }
            Rekeying::Everything => true,
        };
        match (changes, self.rekeying) {
            (false, _) => what.to_owned(),
            (true, Rekeying::Everything) => format!("{:032x}", roster_sink::key_of(what)),
            (true, _) => format!("2026-{what}"),
        }
    }

    fn run(&self) -> Matches {
        let mut matcher = Matcher::new();
        for old in rows(&self.before, &|_, what| what.to_owned()) {
            matcher.old(&old);
        }
        for new in rows(&self.after(), &|entity, what| self.key(entity, what)) {
            matcher.new_rows(&new);
        }
        matcher.run()
    }

    /// Those who alone have their names and birth date, before and after, and kept them.
    fn unmistakable(&self) -> BTreeSet<String> {
        let after = self.after();
        let alone = |student: &Student, others: &[Student]| {
            let same = |it: &&Student| (it.names(), it.birth) == (student.names(), student.birth);
            others.iter().filter(same).count() == 1
        };
        let kept = after.iter().filter(|it| {
            it.birth.is_some()
                && self.before.iter().any(|old| {
                    old.who == it.who && (old.names(), old.birth) == (it.names(), it.birth)
                })
        });
        let kept = kept.filter(|it| alone(it, &self.before) && alone(it, &after));
        kept.map(|it| user(it.who)).collect()
    }
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let matches = case.run();
    for entity in [EntityKind::Org, EntityKind::Section, EntityKind::User, EntityKind::Enrollment] {
        for pair in matches.maps(entity) {
            prop_assert_eq!(pair.new, case.key(entity, pair.old), "{} by {}", pair.old, pair.how);
        }
    }
    let mut found: BTreeSet<_> =
        matches.maps(EntityKind::User).map(|it| it.old.to_owned()).collect();
    for who in case.unmistakable() {
        prop_assert!(found.contains(&who), "{who} is not found");
    }
    let pairs = found.len();
    for group in matches.ambiguous(EntityKind::User) {
        found.extend(group.old.iter().map(|it| (*it).to_owned()));
        prop_assert!(!group.new.is_empty());
    }
    let ambiguous: usize = matches.ambiguous(EntityKind::User).map(|it| it.old.len()).sum();
    prop_assert_eq!(found.len(), pairs + ambiguous, "somebody is matched and ambiguous");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn map_holds_nothing_but_the_truth_and_all_who_are_unmistakable(case in cases()) {
        check(&case)?;
    }
}
