//! What waits for a person, what became of it, and what is written down about both.

use crate::{
    Case,
    bench::{Backend, Bench, categories, id, record, wait},
    cases,
};
use roster_core::{EntityKind, ErrorKind, value::Timestamp};
use roster_sink::{
    AuditEntry, Decision, Hold, HoldFilter, HoldId, HoldRule, HoldState, Outcome, RunId, RunRecord, Settled,
    Sketch,
};

pub(crate) const CASES: &[Case] = cases![
    holds_are_published_with_their_night_and_listed_newest_first,
    hold_is_decided_again_until_a_night_settles_it,
    settled_hold_is_not_decided_and_the_refusal_says_why,
    hold_that_is_not_there_is_not_found,
    night_settles_its_own_districts_holds_once,
    hold_that_is_there_already_is_left,
    failed_publish_leaves_no_hold_and_no_entry,
];

/// A hold of a run.
pub(crate) fn hold(district: &str, run: &str, number: usize) -> Hold {
    let run = RunId::from_text(run);
    Hold {
        id: HoldId::new(&run, number),
        run,
        district: id(district),
        entity: EntityKind::Enrollment,
        school: (number > 1).then(|| format!("school-{number}")),
        rule: HoldRule::Deleted,
        records: 1052,
        of_records: 1100,
        limit: "10 % and 25 records".to_owned(),
        in_a_row: 1,
        state: HoldState::Open,
        created_at: "2026-11-23T02:00:01.234567Z".parse().unwrap(),
        expires_at: None,
        decision: None,
        fields: [("grade".to_owned(), 7)].into(),
        examples: vec!["e-1".to_owned(), "e-2".to_owned()],
        seen: [("enrollments".to_owned(), Sketch::of([1 << 64, 2 << 64]))].into(),
    }
}

/// Publishes a night whose record has these holds and settles those.
pub(crate) fn night(
    bench: &Bench,
    district: &str,
    run: &str,
    holds: Vec<Hold>,
    settled: &[(&Hold, HoldState)],
) -> RunRecord {
    let (plan, published) = bench.plan(district, run, &[categories(&[("a", run)])]);
    let mut run = record(&plan, Outcome::Held);
    run.report.holds = holds;
    run.settled = settled.iter().map(|it| Settled { hold: it.0.id.clone(), state: it.1 }).collect();
    wait(bench.sink.publish(&plan, published, &run)).unwrap();
    run
}

fn decision(by: &str) -> Decision {
    Decision {
        at: "2026-11-24T08:30:00.123Z".parse().unwrap(),
        by: by.to_owned(),
        reason: "the school closed".to_owned(),
    }
}

fn expiry() -> Timestamp {
    "2026-11-25T08:30:00Z".parse().unwrap()
}

/// Hold, actor, action and reason of the audit log, oldest first.
fn audit(bench: &Bench, district: Option<&str>) -> Vec<String> {
    let district = district.map(id);
    let entries = wait(bench.sink.audit(district.as_ref(), 99)).unwrap();
    let text = |it: &AuditEntry| {
        let hold = it.hold.as_ref().map_or("-", HoldId::as_str);
        format!("{hold} {} {} {}", it.actor, it.action, it.reason.as_deref().unwrap_or("-"))
    };
    entries.iter().rev().map(text).collect()
}

fn holds_are_published_with_their_night_and_listed_newest_first(backend: &Backend) {
    let bench = backend.bench();
    let made = [hold("one", "r1", 1), hold("one", "r1", 2), hold("two", "r2", 1)];
    let mut made = made.to_vec();
    made[2].created_at = "2026-11-24T02:00:00Z".parse().unwrap();
    night(&bench, "one", "r1", made[..2].to_vec(), &[]);
    // An unchanged night holds, too.
    let (plan, _) = bench.plan("two", "r2", &[]);
    let mut run = record(&plan, Outcome::Held);
    run.report.holds = made[2..].to_vec();
    wait(bench.sink.record(&run, None)).unwrap();
    let list = |district: Option<&str>, which| {
        wait(bench.sink.holds(district.map(id).as_ref(), which)).unwrap()
    };
    assert_eq!(list(None, HoldFilter::All), [made[2].clone(), made[0].clone(), made[1].clone()]);
    assert_eq!(list(Some("one"), HoldFilter::Open), made[..2]);
    assert!(list(Some("three"), HoldFilter::All).is_empty());
    assert_eq!(wait(bench.sink.hold(&made[1].id)).unwrap(), Some(made[1].clone()));
    let columns = "SELECT id, run_id, district_id, entity, school_source_id, rule, records, of_records, state, created_at \
                   FROM holds WHERE id = 'r1.2'";
    assert_eq!(
        bench.query(columns),
        ["r1.2|r1|one|enrollments|school-2|deleted|1052|1100|open|2026-11-23T02:00:01.234Z"]
    );
    let entries = wait(bench.sink.audit(Some(&id("one")), 1)).unwrap();
    let expected = AuditEntry {
        at: "2026-11-23T02:00:01.5Z".parse().unwrap(),
        district: id("one"),
        run: Some(RunId::from_text("r1")),
        hold: Some(made[1].id.clone()),
        actor: "homeroom".to_owned(),
        action: "hold".to_owned(),
        reason: None,
        detail: Some("enrollments of school school-2: deleted, 1052 of 1100 records".to_owned()),
    };
    assert_eq!(entries, [expected]);
}

fn hold_is_decided_again_until_a_night_settles_it(backend: &Backend) {
    let bench = backend.bench();
    let made = hold("d", "r1", 1);
    night(&bench, "d", "r1", vec![made.clone()], &[]);
    let decide = |state, by, expires| {
        wait(bench.sink.decide(&made.id, state, &decision(by), expires)).unwrap()
    };
    decide(HoldState::Approved, "ana", Some(expiry()));
    decide(HoldState::Discarded, "ben", None);
    let approved = decide(HoldState::Approved, "ana", Some(expiry()));
    let expected = Hold {
        state: HoldState::Approved,
        decision: Some(decision("ana")),
        expires_at: Some(expiry()),
        ..made.clone()
    };
    assert_eq!(approved, expected);
    assert_eq!(wait(bench.sink.hold(&made.id)).unwrap(), Some(expected.clone()));
    assert!(wait(bench.sink.holds(None, HoldFilter::Open)).unwrap().is_empty());
    assert_eq!(
        bench.query("SELECT state, expires_at, decided_at, decided_by, reason FROM holds"),
        ["approved|2026-11-25T08:30:00.000Z|2026-11-24T08:30:00.123Z|ana|the school closed"]
    );
    night(&bench, "d", "r2", Vec::new(), &[(&made, HoldState::Used)]);
    let used = Hold { state: HoldState::Used, ..expected };
    assert_eq!(wait(bench.sink.hold(&made.id)).unwrap(), Some(used));
    assert_eq!(
        audit(&bench, Some("d")),
        [
            "r1.1 homeroom hold -",
            "r1.1 ana approve the school closed",
            "r1.1 ben discard the school closed",
            "r1.1 ana approve the school closed",
            "r1.1 homeroom use -"
        ]
    );
    let used = &wait(bench.sink.audit(None, 1)).unwrap()[0];
    assert_eq!(used.run, Some(RunId::from_text("r2")));
}

fn settled_hold_is_not_decided_and_the_refusal_says_why(backend: &Backend) {
    let cases = [
        (HoldState::Superseded, "a newer night took the hold's place"),
        (HoldState::Used, "a night has published what was held"),
        (HoldState::Expired, "no night came in time"),
    ];
    let bench = backend.bench();
    for (number, (state, says)) in cases.into_iter().enumerate() {
        let made = hold("d", &format!("r{number}"), 1);
        night(&bench, "d", made.run.as_str(), vec![made.clone()], &[]);
        if state == HoldState::Used {
            let approved = HoldState::Approved;
            wait(bench.sink.decide(&made.id, approved, &decision("ana"), None)).unwrap();
        }
        night(&bench, "d", &format!("s{number}"), Vec::new(), &[(&made, state)]);
        let before = (bench.query("SELECT * FROM holds"), audit(&bench, None));
        for wanted in [HoldState::Approved, HoldState::Discarded] {
            let outcome = wait(bench.sink.decide(&made.id, wanted, &decision("ana"), None));
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
            assert!(error.message().starts_with(says), "{error}");
            assert!(error.to_string().contains(&format!("state={}", state.code())), "{error}");
        }
        assert_eq!((bench.query("SELECT * FROM holds"), audit(&bench, None)), before);
    }
}

fn hold_that_is_not_there_is_not_found(backend: &Backend) {
    let bench = backend.bench();
    let none = HoldId::from_text("r1.1");
    assert_eq!(wait(bench.sink.hold(&none)).unwrap(), None);
    let outcome = wait(bench.sink.decide(&none, HoldState::Approved, &decision("ana"), None));
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(audit(&bench, None).is_empty());
}

fn night_settles_its_own_districts_holds_once(backend: &Backend) {
    let bench = backend.bench();
    let (own, other) = (hold("one", "r1", 1), hold("two", "r2", 1));
    night(&bench, "one", "r1", vec![own.clone()], &[]);
    night(&bench, "two", "r2", vec![other.clone()], &[]);
    let gone = hold("one", "none", 1);
    let all = [
        (&own, HoldState::Superseded),
        (&other, HoldState::Superseded),
        (&gone, HoldState::Expired),
        (&own, HoldState::Expired),
    ];
    night(&bench, "one", "r3", Vec::new(), &all);
    let state = |hold: &Hold| wait(bench.sink.hold(&hold.id)).unwrap().unwrap().state;
    assert_eq!((state(&own), state(&other)), (HoldState::Superseded, HoldState::Open));
    assert_eq!(
        audit(&bench, None),
        ["r1.1 homeroom hold -", "r2.1 homeroom hold -", "r1.1 homeroom supersede -"]
    );
}

fn hold_that_is_there_already_is_left(backend: &Backend) {
    let bench = backend.bench();
    let made = hold("d", "r1", 1);
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    let mut run = record(&plan, Outcome::Failed);
    run.report.holds = vec![made.clone()];
    wait(bench.sink.record(&run, None)).unwrap();
    wait(bench.sink.decide(&made.id, HoldState::Approved, &decision("ana"), None)).unwrap();
    // The same plan, applied after its first publish failed.
    run.report.outcome = Outcome::Held;
    wait(bench.sink.publish(&plan, published, &run)).unwrap();
    assert_eq!(wait(bench.sink.hold(&made.id)).unwrap().unwrap().state, HoldState::Approved);
    assert_eq!(audit(&bench, None), ["r1.1 homeroom hold -", "r1.1 ana approve the school closed"]);
}

fn failed_publish_leaves_no_hold_and_no_entry(backend: &Backend) {
    let bench = backend.bench();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    bench.night("d", "r2", &[categories(&[("a", "A")])]);
    bench.keep(&[("findings", b"{}")]);
    let mut run = record(&plan, Outcome::Held);
    run.report.holds = vec![hold("d", "r1", 1)];
    let outcome = wait(bench.sink.publish(&plan, published, &run));
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Conflict);
    assert!(wait(bench.sink.holds(None, HoldFilter::All)).unwrap().is_empty());
    assert!(audit(&bench, None).is_empty());
    assert!(wait(bench.sink.kept_names(&RunId::from_text("r1"))).unwrap().is_empty());
}
