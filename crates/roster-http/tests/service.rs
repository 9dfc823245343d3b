//! The client, its retries, its limits and its paging against a server that answers as each case says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use roster_core::{Error, ErrorKind, Result, RunContext, Secret};
use roster_http::{
    Api, Bearer, Client, ClientAuthentication, ClientConfig, ClientCredentials, Next, Page,
    PageSize, Paging, RateLimiter, Response, TestClock, TokenEndpoint,
};
use serde::Deserialize;
use std::{
    num::{NonZeroU32, NonZeroU64},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// What came in: request line, authorization, body.
type Log = Arc<Mutex<Vec<(String, String, String)>>>;

/// Answers requests in turn, the last answer for all that follow.
async fn serve(answers: Vec<String>) -> (Url, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let log = Log::default();
    let requests = log.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            answer(stream, &answers, &requests).await;
        }
    });
    (url, log)
}

async fn answer(stream: TcpStream, answers: &[String], log: &Log) {
    let mut stream = BufReader::new(stream);
    let (mut first, mut authorization, mut length) = (String::new(), String::new(), 0);
    stream.read_line(&mut first).await.unwrap();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => value.clone_into(&mut authorization),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let asked = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let number = {
        let mut log = log.lock().unwrap();
        log.push((asked, authorization, String::from_utf8(body).unwrap()));
        log.len() - 1
    };
    let answer = answers.get(number).or(answers.last()).unwrap();
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.ok();
}

fn reply(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

fn ok(body: &str) -> String {
    reply(200, "content-type: application/json\r\n", body)
}

#[derive(Deserialize)]
struct List {
    data: Vec<u32>,
    next: Option<String>,
}

fn page(response: &Response) -> Result<Page<Vec<u32>>> {
    let List { data, next } = response.json("test.list")?;
    let next = next.map_or(Next::Done, Next::Link);
    Ok(Page { received: data.len() as u64, content: data, next })
}

fn offset_page(response: &Response) -> Result<Page<Vec<u32>>> {
    let total = response.header("x-total-count").and_then(|it| it.parse().ok());
    Ok(Page { next: Next::Offset { total }, ..page(response)? })
}

fn config() -> ClientConfig {
    ClientConfig {
        proxy: Some("none".into()),
        max_response_bytes: NonZeroU64::new(1_000),
        ..ClientConfig::default()
    }
}

fn client() -> Client {
    Client::with_clock(config(), Arc::new(TestClock::at(1_700_000_000)))
}

fn api(url: &Url) -> Api {
    let bearer = Bearer::new(&Secret::new("CANARY-TOKEN".to_owned())).unwrap();
    Api::new(client(), url.clone(), Arc::new(bearer), Arc::new(RateLimiter::unlimited()))
}

fn paging(url: &Url) -> Paging {
    let number = |it| NonZeroU32::new(it).unwrap();
    Paging {
        operation: "test.list",
        url: url.join("/list?role=a%2Fb").unwrap(),
        limit: "limit",
        size: PageSize { start: number(8), least: number(2) },
        after: None,
        offset: Some("offset"),
    }
}

type PageOf = fn(&Response) -> Result<Page<Vec<u32>>>;

async fn read(answers: Vec<String>, decode: PageOf) -> (Result<Vec<u32>>, Vec<String>) {
    let (url, log) = serve(answers).await;
    let mut pages = api(&url).pages(paging(&url), Arc::new(decode));
    let ctx = RunContext::detached();
    let mut all = Vec::new();
    let read = loop {
        match pages.next(&ctx).await {
            Ok(Some(page)) => all.extend(page.content),
            Ok(None) => break Ok(all),
            Err(error) => break Err(error),
        }
    };
    let log = log.lock().unwrap();
    assert!(log.iter().all(|it| it.1 == "Bearer CANARY-TOKEN"));
    (read, log.iter().map(|it| it.0.clone()).collect())
}

fn kind(read: Result<Vec<u32>>) -> ErrorKind {
    let error = read.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("CANARY"), "{shown}");
    error.kind()
}

#[tokio::test]
async fn links_are_followed_from_the_root_and_the_size_is_ours() {
    let first = ok(r#"{"data":[1,2],"next":"/list?limit=100&starting_after=2"}"#);
    let (read, asked) = read(vec![first, ok(r#"{"data":[3]}"#)], page).await;
    assert_eq!(read.unwrap(), [1, 2, 3]);
    assert_eq!(asked, ["/list?role=a%2Fb&limit=8", "/list?starting_after=2&limit=8"]);
}

#[tokio::test]
async fn offsets_advance_by_what_came_until_nothing_comes_or_all_is_there() {
    let answers = vec![ok(r#"{"data":[1,2]}"#), ok(r#"{"data":[3]}"#), ok(r#"{"data":[]}"#)];
    let (all, asked) = read(answers, offset_page).await;
    assert_eq!(all.unwrap(), [1, 2, 3]);
    assert_eq!(
        asked[1..],
        ["/list?role=a%2Fb&limit=8&offset=2", "/list?role=a%2Fb&limit=8&offset=3"]
    );
    let told = reply(200, "x-total-count: 2\r\n", r#"{"data":[1,2]}"#);
    assert_eq!(read(vec![told], offset_page).await.1.len(), 1);
}

#[tokio::test]
async fn lists_that_lead_nowhere_new_or_elsewhere_end_with_an_error() {
    let next = |next: &str| vec![ok(&format!(r#"{{"data":[1],"next":"{next}"}}"#))];
    let itself = read(next("/list?role=a%2Fb&limit=100"), page).await;
    assert_eq!((kind(itself.0), itself.1.len()), (ErrorKind::SchemaMismatch, 1));
    let again = read(next("/list?starting_after=1"), page).await;
    assert_eq!((kind(again.0), again.1.len()), (ErrorKind::SchemaMismatch, 2));
    for elsewhere in ["https://example.org/list", "//example.org/list", "http://127.0.0.1:1/list"] {
        let elsewhere = read(next(elsewhere), page).await;
        assert_eq!((kind(elsewhere.0), elsewhere.1.len()), (ErrorKind::Damaged, 1));
    }
    assert_eq!(read(next(""), page).await.0.unwrap(), [1]);
}

#[tokio::test]
async fn pages_become_smaller_when_the_service_fails_on_them() {
    let end = || ok(r#"{"data":[1]}"#);
    let check = async |answers: Vec<String>, sizes: &[u32]| {
        let (read, asked) = read(answers, page).await;
        assert_eq!(read.unwrap(), [1]);
        let expected: Vec<_> =
            sizes.iter().map(|it| format!("/list?role=a%2Fb&limit={it}")).collect();
        assert_eq!(asked, expected);
    };
    let too_large = || reply(413, "", "{}");
    check(vec![too_large(), too_large(), end()], &[8, 4, 2]).await;
    let failed = || reply(502, "", "CANARY");
    check(vec![failed(), failed(), failed(), end()], &[8, 8, 4, 4]).await;
    let large = ok(&format!(r#"{{"data":[1],"next":null,"more":"{}"}}"#, "x".repeat(1_000)));
    check(vec![large, end()], &[8, 4]).await;
    let refused = read(vec![too_large()], page).await;
    assert_eq!((kind(refused.0), refused.1.len()), (ErrorKind::Unsupported, 3));
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
    let check = async |answer: String, expected: Option<(ErrorKind, usize)>| {
        let once = read(vec![answer.clone(), ok(r#"{"data":[1]}"#)], page).await;
        assert_eq!(once.0.is_ok(), expected.is_none_or(|it| it.1 > 1), "{answer}");
        let always = read(vec![answer], page).await;
        let always = (always.1.len(), kind(always.0));
        if let Some((kind, requests)) = expected {
            assert_eq!(always, (requests, kind));
        }
    };
    check(reply(401, "", "{}"), Some((ErrorKind::AuthFailed, 1))).await;
    check(reply(403, "", "{}"), Some((ErrorKind::PermissionDenied, 1))).await;
    check(reply(404, "content-type: text/html\r\n", "<pre>"), Some((ErrorKind::NotFound, 1))).await;
    check(
        reply(302, "location: https://example.org/\r\n", ""),
        Some((ErrorKind::SchemaMismatch, 1)),
    )
    .await;
    check(reply(429, "", "{}"), Some((ErrorKind::RateLimited, 6))).await;
    check(reply(429, "retry-after: 3600\r\n", "{}"), Some((ErrorKind::RateLimited, 1))).await;
    check(reply(503, "", "{}"), None).await;
    check(
        reply(200, "content-type: text/html\r\n", "CANARY"),
        Some((ErrorKind::SchemaMismatch, 6)),
    )
    .await;
    check(ok(r#"{"data":["CANARY"]}"#), Some((ErrorKind::SchemaMismatch, 6))).await;
    check(ok(r#"{"data":[1"#), Some((ErrorKind::SchemaMismatch, 6))).await;
    let cut = ok(r#"{"data":[1]}"#).replace("content-length: 12", "content-length: 40");
    check(cut, Some((ErrorKind::Unavailable, 6))).await;
}

#[tokio::test]
async fn a_cancelled_run_ends_while_it_waits() {
    let (url, _) = serve(vec![reply(503, "", "")]).await;
    let bearer = Bearer::new(&Secret::new("x".to_owned())).unwrap();
    let limiter = Arc::new(RateLimiter::unlimited());
    let api = Api::new(Client::new(config()), url.clone(), Arc::new(bearer), limiter);
    let ctx = RunContext::detached();
    let cancel = ctx.cancel.clone();
    let get = api.get(&ctx, "test.get", &url, |_| Ok(()));
    let (ended, ()) = tokio::join!(get, async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        cancel.cancel();
    });
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn tokens_are_fetched_kept_and_renewed_when_they_are_refused() {
    let token = |it: &str| {
        ok(&format!(r#"{{"access_token":"{it}","token_type":"bearer","expires_in":3600}}"#))
    };
    let answers = vec![token("one"), ok("1"), ok("1"), reply(401, "", "{}"), token("two"), ok("1")];
    let (url, log) = serve(answers).await;
    let api = with_tokens(&url, ClientAuthentication::Header);
    for _ in 0..3 {
        get(&api, &url).await.unwrap();
    }
    let log: Vec<_> = log.lock().unwrap().iter().map(|it| it.1.clone()).collect();
    let basic = "Basic aWQ6Q0FOQVJZ";
    let expected = [basic, "Bearer one", "Bearer one", "Bearer one", basic, "Bearer two"];
    assert_eq!(log, expected);
}

#[tokio::test]
async fn a_refused_token_request_tells_the_standards_code_and_no_more() {
    let refusal = r#"{"error":"invalid_client","error_description":"CANARY"}"#;
    let (url, log) = serve(vec![reply(400, "content-type: application/json\r\n", refusal)]).await;
    let error = get(&with_tokens(&url, ClientAuthentication::Body), &url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AuthFailed);
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("invalid_client") && !shown.contains("CANARY"), "{shown}");
    let body = log.lock().unwrap()[0].2.clone();
    assert!(
        body.contains("grant_type=client_credentials") && body.contains("scope=read"),
        "{body}"
    );
}

fn with_tokens(url: &Url, authentication: ClientAuthentication) -> Api {
    let endpoint = TokenEndpoint {
        url: url.join("/token").unwrap(),
        client_id: "id".into(),
        client_secret: Secret::new("CANARY".into()),
        scopes: vec!["read".into()],
        authentication,
    };
    let credentials = ClientCredentials::new(client(), endpoint);
    Api::new(client(), url.clone(), Arc::new(credentials), Arc::new(RateLimiter::unlimited()))
}

async fn get(api: &Api, url: &Url) -> Result<u32, Error> {
    api.get(&RunContext::detached(), "test.get", url, |it| it.json("test.get")).await
}
