//! Proves the cases: a well-behaved source passes every one, and every case fails for a source that breaks its promise.

mod fake;

use fake::{Break, FakeHarness};
use roster_core::EntityKind;
use roster_testkit::{CASES, Case, Check, Seed, Writing, run};
use std::collections::BTreeSet;

/// Which case must see which broken promise.
const BROKEN: &[(&str, Break)] = &[
    ("golden-district", Break::ChangesARow),
    ("golden-district", Break::FailsOn(Seed::Whole)),
    ("clean-feed-has-no-findings", Break::AddsAFinding),
    ("same-extract-twice", Break::ReversesEverySecondExtract),
    ("empty-entity-is-harmless", Break::FailsOn(Seed::Empty(EntityKind::Demographics))),
    ("empty-entity-is-harmless", Break::ChangesARowOf(Seed::Empty(EntityKind::Demographics))),
    ("duplicate-keys-survive", Break::ForgetsTheSecond),
    ("duplicate-keys-survive", Break::ChangesARowOf(Seed::Twice(EntityKind::User))),
    ("bad-records-leave-their-neighbours", Break::LosesTheNeighbours),
    ("bad-records-leave-their-neighbours", Break::FailsOn(Seed::Unreadable)),
    ("bad-records-leave-their-neighbours", Break::RejectsWithoutReason),
    ("rejected-records-come-as-they-stood", Break::ForgetsTheRejected),
    ("rejected-records-come-as-they-stood", Break::ChangesARejectedValue),
    ("rejected-records-come-as-they-stood", Break::KeepsAPassword),
    ("changes-are-not-the-whole", Break::CallsChangesComplete),
    ("changes-are-not-the-whole", Break::ForgetsTheGone),
    ("changes-are-not-the-whole", Break::ChangesARowOf(Seed::Changes(EntityKind::Org))),
    ("byte-order-mark-changes-nothing", written(Writing::ByteOrderMark)),
    ("line-feeds-change-nothing", written(Writing::LineFeed)),
    ("quotes-change-nothing", written(Writing::EveryValueQuoted)),
    ("windows-1252-is-read", written(Writing::Windows1252)),
    ("nothing-before-first-poll", Break::ReadsBeforePoll),
    ("stops-when-dropped", Break::HoldsOnAfterDrop),
    ("cancel-ends-with-cancelled", Break::IgnoresCancellation),
    ("no-done-after-cut-off", Break::HidesTheError),
    ("no-done-after-cut-off", Break::AnnouncesTooEarly),
    ("no-done-after-cut-off", Break::GoesOnAfterTheError),
    ("no-done-after-corruption", Break::HidesTheError),
    ("no-done-after-corruption", Break::AnnouncesTooEarly),
    ("no-done-after-corruption", Break::GoesOnAfterTheError),
    ("published-succeeds", Break::PublishedFails),
    ("batches-within-limits", Break::IgnoresRowLimit),
    ("batches-within-limits", Break::IgnoresByteLimit),
    ("records-add-up", Break::CountsOneTooMany),
    ("records-add-up", Break::RejectsWithoutReason),
    ("load-order", Break::ReversesLoadOrder),
    ("done-once-after-the-last-row", Break::AnnouncesTwice),
    ("done-once-after-the-last-row", Break::NeverAnnounces),
    ("done-once-after-the-last-row", Break::RowsAfterCompletion),
    ("rows-have-keys-and-places", Break::NamesNoPlace),
    ("check-passes-on-good-source", Break::CheckFails),
    ("check-passes-on-good-source", Break::CheckHasNoStep),
    ("check-fails-clearly-on-bad-source", Break::CheckPassesOnNothing),
    ("check-fails-clearly-on-bad-source", Break::CheckHasNoStep),
    ("catalog-matches-extract", Break::CatalogLacksAnEntity),
    ("catalog-matches-extract", Break::CatalogListsTwice),
    ("feed-is-told-as-it-is", Break::TellsAnotherPart),
    ("feed-is-told-as-it-is", Break::TellsEachFeedAlike),
    ("feed-is-told-as-it-is", Break::TellsTheFeedAnew),
    ("only-what-was-asked", Break::GivesEverything),
    ("offered-modes-work", Break::OffersWhatFails),
    ("resume-gives-the-rest", Break::ResumesTooLate),
    ("foreign-cursor-is-refused", Break::IgnoresForeignCursors),
    ("canaries-are-never-shown", Break::ShowsNameInDebug),
    ("canaries-are-never-shown", Break::ShowsNameInError),
    ("canaries-are-never-shown", Break::ShowsNameInFinding),
];

const fn written(writing: Writing) -> Break {
    Break::ChangesARowOf(Seed::Written(writing))
}

fn case(id: &str) -> &'static Case {
    CASES.iter().find(|it| it.id == id).unwrap_or_else(|| panic!("there is no case {id}"))
}

#[test]
fn well_behaved_source_passes_every_case() {
    for case in CASES {
        match run(case, &FakeHarness::new(None)) {
            Ok(Check::Passed) => {}
            Ok(Check::NotOffered(what)) => panic!("{}: {what}", case.id),
            Err(failed) => panic!("{}: {}", case.id, failed.message().unwrap_or_default()),
        }
    }
}

#[test]
fn every_broken_promise_is_seen_by_its_case() {
    for (id, broken) in BROKEN {
        let seen = run(case(id), &FakeHarness::new(Some(*broken))).is_err();
        assert!(seen, "{id} passes although the source breaks {broken:?}");
    }
}

#[test]
fn every_case_has_an_id_of_its_own_a_clause_and_a_promise_to_break() {
    let mut ids = BTreeSet::new();
    for case in CASES {
        assert!(ids.insert(case.id), "{} twice", case.id);
        assert!(case.clause.ends_with('.'), "{}: the clause is a sentence", case.id);
        assert!(BROKEN.iter().any(|(id, _)| *id == case.id), "{} is never broken", case.id);
    }
}
