//! Proves that the canary case sees logs; alone in its process, because logs are kept for good.

mod fake;

use fake::{Break, FakeHarness};
use roster_testkit::{CASES, run};

#[test]
fn name_in_a_log_line_is_seen() {
    let case = CASES.iter().find(|it| it.id == "canaries-are-never-shown").unwrap();
    assert!(run(case, &FakeHarness::new(None)).is_ok());
    let seen = run(case, &FakeHarness::new(Some(Break::ShowsNameInLog)));
    let words = seen.unwrap_err();
    assert!(words.message().is_some_and(|it| it.contains("read the record of")));
}
