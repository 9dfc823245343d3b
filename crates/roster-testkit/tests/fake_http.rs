//! The made-up HTTP service answers, keeps its log and breaks as it is told.

use roster_testkit::http::{FakeHttp, FaultRule, HttpFault, HttpReply};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

/// What comes back for a request, as far as it comes.
fn get(service: &FakeHttp, target: &str) -> String {
    let url = service.url("");
    let address = url.strip_prefix("http://").unwrap_or_default();
    let mut stream = TcpStream::connect(address).expect("the service listens");
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    // A service that is closed may break off before it has read all.
    _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn service() -> FakeHttp {
    FakeHttp::start(|request| match request.path() {
        "/orgs" => HttpReply::json(&serde_json::json!({"orgs": []})).header("x-total-count", 0),
        _ => HttpReply::status(404),
    })
}

#[test]
fn answers_and_keeps_its_log() {
    let service = service();
    let answer = get(&service, "/orgs?limit=1");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("x-total-count: 0") && answer.ends_with(r#"{"orgs":[]}"#), "{answer}");
    assert!(get(&service, "/%2Fusers").starts_with("HTTP/1.1 404"));
    let targets: Vec<_> = service.requests().iter().map(|it| it.target().to_owned()).collect();
    assert_eq!(targets, ["/orgs?limit=1", "/%2Fusers"]);
    assert_eq!(service.in_flight(), 0);
}

#[test]
fn breaks_as_it_is_told() {
    let check = |rule: FaultRule, expected: &[&str]| {
        let service = service();
        service.fault(rule);
        for expected in expected {
            let answer = get(&service, "/orgs");
            let found = answer.contains(expected) && answer.is_empty() == expected.is_empty();
            assert!(found, "{expected:?} is not in {answer:?}");
        }
    };
    let (good, page) = (r#"{"orgs":[]}"#, "<h1>");
    check(HttpFault::Status(503).on("/orgs").times(1), &["503", good]);
    check(HttpFault::Page(404).on("/orgs"), &[page, page]);
    check(HttpFault::Page(404).on("/users"), &[good]);
    check(HttpFault::PageForJson.on("/orgs").after(1), &[good, page]);
    let slow_down = HttpFault::TooMany { retry_after_secs: Some(7) };
    check(slow_down.on("/orgs").times(1), &["retry-after: 7", good]);
    check(HttpFault::WrongContentType.on("/orgs"), &["content-type: text/html"]);
    check(HttpFault::HalfBody.on("/orgs"), &["content-length: 5"]);
    check(HttpFault::CutBody.on("/orgs"), &["content-length: 11"]);
    check(HttpFault::NoAnswer.on("/orgs").times(1), &["", good]);
}

#[test]
fn a_cut_body_ends_before_its_length() {
    let service = service();
    service.fault(HttpFault::CutBody.on("/"));
    assert!(!get(&service, "/orgs").contains("]}"));
}

#[test]
fn a_slow_body_takes_its_time() {
    let service = service();
    service.fault(HttpFault::SlowBody(Duration::from_millis(20)).on("/"));
    let start = Instant::now();
    assert!(get(&service, "/orgs").ends_with("]}"));
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[test]
fn a_closed_service_answers_nothing_until_it_is_opened() {
    let service = service();
    service.close();
    assert_eq!(get(&service, "/orgs"), "");
    service.open();
    assert!(get(&service, "/orgs").ends_with("]}"));
    assert_eq!(service.requests().len(), 1);
}
