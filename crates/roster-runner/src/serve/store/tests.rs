//! What is remembered, and what is not done twice.

use super::*;
use crate::serve::access::fingerprint_text;
use roster_notices::{Kind, Notice};

fn store() -> (tempfile::TempDir, ControlStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = ControlStore::open(&folder.path().join("serve.db")).unwrap();
    (folder, store)
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn slots_of_the_schedule_count_for_the_next_start_and_requests_do_not() {
    let (folder, store) = store();
    let account = |slot: &str, requested| Account {
        district: "a".into(),
        slot: instant(slot),
        fate: Fate::Ran,
        started_at: None,
        tries: 1,
        requested,
    };
    assert_eq!(store.last_slot("a").unwrap(), None);
    store.account(&account("2026-11-24T08:00:00Z", false), Some("r1")).unwrap();
    store.account(&account("2026-11-24T12:00:00Z", true), None).unwrap();
    drop(store);
    let store = ControlStore::open(&folder.path().join("serve.db")).unwrap();
    assert_eq!(store.last_slot("a").unwrap(), Some(instant("2026-11-24T08:00:00Z")));
    assert_eq!(store.slots("a", 9).unwrap().len(), 2);
    assert_eq!(store.slots("b", 9).unwrap(), []);
}

#[test]
fn invitation_is_used_once_and_expires() {
    let (_folder, store) = store();
    let (now, end) = (instant("2026-11-24T08:00:00Z"), instant("2026-11-25T08:00:00Z"));
    let fingerprint = fingerprint_text("token");
    store.add_invitation(&fingerprint, "a", "Ann", now, end).unwrap();
    let found = Some(("a".to_owned(), "Ann".to_owned()));
    assert_eq!(store.invitation(&fingerprint, now).unwrap(), found);
    assert_eq!(store.invitation(&fingerprint, end).unwrap(), None);
    assert_eq!(store.invitation(&fingerprint_text("other"), now).unwrap(), None);
    assert!(store.use_invitation(&fingerprint, now).unwrap());
    assert!(!store.use_invitation(&fingerprint, now).unwrap());
    assert_eq!(store.invitation(&fingerprint, now).unwrap(), None);
}

#[test]
fn notice_is_told_once_until_it_is_over() {
    let (_folder, store) = store();
    let now = instant("2026-11-24T08:00:00Z");
    let notice = Notice {
        kind: Kind::Held,
        district: "a".to_owned(),
        key: "users".to_owned(),
        text: "held".to_owned(),
        link: None,
    };
    assert!(store.tell(&notice, now).unwrap());
    assert!(!store.tell(&notice, now).unwrap());
    let unsent = store.unsent().unwrap();
    assert_eq!(unsent.iter().map(|it| &it.2).collect::<Vec<_>>(), [&notice]);
    store.sent(&[unsent[0].0]).unwrap();
    assert!(store.unsent().unwrap().is_empty());
    store.settle("a", Kind::Held, &["users".to_owned()]).unwrap();
    assert!(!store.tell(&notice, now).unwrap(), "it is still so");
    store.settle("a", Kind::Held, &[]).unwrap();
    assert!(store.tell(&notice, now).unwrap(), "it came again");
}
