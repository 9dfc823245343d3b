//! `homeroom serve` from outside: nights that are asked for, what the API tells and does, and who is refused.

#![cfg(all(feature = "serve", feature = "connector-oneroster", feature = "sink-sqlite"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use roster_runner::{
    Settings,
    serve::{Access, Engine, Right, Service, Subject, router, routes},
};
use roster_synth::{Options, Version, write_first};
use serde_json::{Value, json};
use std::{fs, path::Path, sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const ADMINISTRATOR: &str = "administrator-0123456789abcdef0123456789";
const VIEWER: &str = "viewer-0123456789abcdef0123456789abcdef";
const OPERATOR: &str = "operator-0123456789abcdef0123456789abc";
const ELSEWHERE: &str = "elsewhere-0123456789abcdef0123456789ab";
const EXPIRED: &str = "expired-0123456789abcdef0123456789abcde";

const CONFIG: &str = r#"
[store]
to = "sqlite:roster.db"
[schedule]
time_zone = "America/Chicago"
[[serve.access]]
name = "Ada"
role = "administrator"
token = { file = "administrator" }
[[serve.access]]
name = "Vic"
role = "viewer"
token = { file = "viewer" }
districts = ["lakeside"]
[[serve.access]]
name = "Olga"
role = "operator"
token = { file = "operator" }
[[serve.access]]
name = "Elsa"
role = "administrator"
token = { file = "elsewhere" }
districts = ["hillcrest"]
[[serve.access]]
name = "Ex"
role = "administrator"
token = { file = "expired" }
expires = "2020-01-01T00:00:00Z"
[[district]]
id = "lakeside"
source = { connector = "oneroster", path = "lakeside.zip" }
[[district]]
id = "hillcrest"
source = { connector = "oneroster", path = "hillcrest.zip" }
"#;

struct Stage {
    folder: tempfile::TempDir,
    app: Router,
    engine: Arc<Engine>,
    turning: JoinHandle<()>,
    cancel: CancellationToken,
}

fn feed(folder: &Path, district: &str, students: u64) {
    let options = Options { students, seed: 1, version: Version::V1_1 };
    let file = folder.join(format!("{district}.zip"));
    _ = fs::remove_file(&file);
    write_first(&options, &file).unwrap();
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, token) in [
            ("administrator", ADMINISTRATOR),
            ("viewer", VIEWER),
            ("operator", OPERATOR),
            ("elsewhere", ELSEWHERE),
            ("expired", EXPIRED),
        ] {
            fs::write(folder.path().join(name), token).unwrap();
        }
        feed(folder.path(), "lakeside", 300);
        feed(folder.path(), "hillcrest", 20);
        Self::over(folder).await
    }

    /// The program over what is in the folder.
    async fn over(folder: tempfile::TempDir) -> Self {
        let settings = Settings::parse("homeroom.toml", CONFIG, folder.path()).unwrap();
        let access = Access::load(&settings.serve.access).unwrap();
        let cancel = CancellationToken::new();
        let engine = Engine::new(settings, cancel.clone()).await.unwrap();
        let app = router(&Service::new(engine.clone(), access));
        let turning = tokio::spawn(engine.clone().run());
        Self { folder, app, engine, turning, cancel }
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
    ) -> (StatusCode, Vec<u8>) {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let response =
            self.app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        (status, to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, ADMINISTRATOR, &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, String) {
        let (status, body) = self.ask("POST", path, OPERATOR, &body).await;
        (status, String::from_utf8(body).unwrap())
    }

    /// Asks for a night and waits for its end; gives the last run.
    async fn night(&self, district: &str) -> Value {
        let runs = format!("/api/v1/districts/{district}/runs");
        let before = self.get(&runs).await.as_array().unwrap().len();
        let (status, _) =
            self.post(&format!("/api/v1/districts/{district}/run-now"), Value::Null).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        for _ in 0..600 {
            let now = self.get(&runs).await;
            if now.as_array().unwrap().len() > before {
                return now[0].clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the night of {district} does not end");
    }

    async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(Duration::from_secs(30), self.turning).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hold_is_seen_approved_and_published_over_the_api() {
    let stage = Stage::new().await;
    let overview = stage.get("/api/v1/districts").await;
    assert_eq!(
        (&overview[0]["standing"], &overview[1]["standing"]),
        (&json!("new"), &json!("new"))
    );
    let first = stage.night("lakeside").await;
    assert_eq!((&first["outcome"], &first["error"]), (&json!("published"), &Value::Null));
    feed(stage.folder.path(), "lakeside", 100);
    assert_eq!(stage.night("lakeside").await["outcome"], "held");
    let overview = stage.get("/api/v1/districts").await;
    assert_eq!(
        (&overview[0]["district"], &overview[0]["standing"]),
        (&json!("lakeside"), &json!("held"))
    );
    assert!(overview[0]["users"].as_array().unwrap().len() == 2, "{overview}");

    let holds = stage.get("/api/v1/districts/lakeside/holds").await;
    let ids: Vec<&str> =
        holds["holds"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert!(!ids.is_empty());
    let run = stage.get(&format!("/api/v1/runs/{}", first["run"].as_str().unwrap())).await;
    assert_eq!(run["summary"]["run"], first["run"]);
    let path = |it: &str| format!("/api/v1/holds/{}/{it}", ids[0]);
    let (status, _) = stage.ask("GET", &path("changes.csv"), OPERATOR, &Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "values are for those who are cleared");
    let (status, changes) =
        stage.ask("GET", &path("changes.csv"), ADMINISTRATOR, &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert!(changes.starts_with(b"table,operation,source_id"));

    let (status, text) = stage.post(&path("approve"), json!({ "reason": " " })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    for id in &ids {
        let body = json!({ "reason": "two schools closed" });
        let (status, text) = stage.post(&format!("/api/v1/holds/{id}/approve"), body).await;
        assert_eq!(status, StatusCode::OK, "{text}");
    }
    let last = stage.night("lakeside").await;
    assert_eq!(last["outcome"], "published", "{last}");
    assert!(last["deleted"].as_u64().unwrap() > 100, "{last}");
    let audit = stage.get("/api/v1/audit").await;
    let actors = audit["data"].as_array().unwrap().iter().map(|it| it["actor"].as_str().unwrap());
    assert!(actors.into_iter().any(|it| it == "Olga"), "{audit}");
    let actions: Vec<_> =
        audit["here"].as_array().unwrap().iter().map(|it| it["action"].clone()).collect();
    assert!(
        actions.contains(&json!("see_values")) && actions.contains(&json!("run_now")),
        "{audit}"
    );
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_without_a_right_is_refused_at_every_address() {
    let stage = Stage::new().await;
    let run = stage.night("lakeside").await["run"].as_str().unwrap().to_owned();
    feed(stage.folder.path(), "lakeside", 60);
    assert_eq!(stage.night("lakeside").await["outcome"], "held");
    let holds = stage.get("/api/v1/holds").await;
    let hold = holds["holds"][0]["id"].as_str().unwrap();
    let values = [
        ("{district}", "lakeside"),
        ("{run}", &run),
        ("{hold}", hold),
        ("{table}", "users"),
        ("{source_id}", "none"),
    ];
    let mut public = Vec::new();
    for route in routes() {
        let path = values.iter().fold(route.path.to_owned(), |path, it| path.replace(it.0, it.1));
        let method = route.method.as_str();
        let body = match path.rsplit('/').next() {
            Some("pause") => json!({ "paused": false }),
            Some("invite") => json!({ "hours": 1 }),
            _ => json!({ "reason": "r" }),
        };
        let status = async |token: &str| stage.ask(method, &path, token, &body).await;
        if route.subject == Subject::Public {
            public.push(route.path);
            continue;
        }
        for token in ["", "wrong", EXPIRED] {
            assert_eq!(status(token).await.0, StatusCode::UNAUTHORIZED, "{path} {token}");
        }
        let (found, text) = status(ELSEWHERE).await;
        let text = String::from_utf8(text).unwrap();
        match route.subject {
            Subject::Everything if found == StatusCode::OK => {
                assert!(!text.contains("lakeside"), "{path}: {text}");
            }
            Subject::Everything | Subject::District => {
                assert_eq!(found, StatusCode::FORBIDDEN, "{path}: {text}");
            }
            _ => assert_eq!(found, StatusCode::NOT_FOUND, "{path}: {text}"),
        }
        if route.right != Right::See {
            assert_eq!(status(VIEWER).await.0, StatusCode::FORBIDDEN, "{path}");
        }
    }
    assert_eq!(public, ["/health", "/api/v1/openapi.json"]);
    // One who is not cleared asks an address that shows values only when asked to.
    let explain = "/api/v1/districts/lakeside/explain/users/none";
    let with = |query: &str| format!("{explain}{query}");
    let (status, _) = stage.ask("GET", &with("?values=true"), VIEWER, &Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = stage.ask("GET", &with(""), VIEWER, &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn program_is_well_counts_its_nights_and_takes_up_where_it_stopped() {
    let stage = Stage::new().await;
    stage.night("hillcrest").await;
    let (status, text) = stage.ask("GET", "/metrics", ADMINISTRATOR, &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let text = String::from_utf8(text).unwrap();
    let line = "homeroom_nights_total{district=\"hillcrest\",outcome=\"published\"} 1\n";
    assert!(text.contains(line), "{text}");
    let (status, _) = stage.ask("GET", "/health", "", &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let body = json!({ "paused": true, "reason": "moves to a new SIS" });
    assert_eq!(
        stage.post("/api/v1/districts/hillcrest/pause", body).await.0,
        StatusCode::NO_CONTENT
    );
    let (status, text) =
        stage.post("/api/v1/districts/hillcrest/invite", json!({ "hours": 2 })).await;
    assert!(status == StatusCode::OK && text.contains("/invite/"), "{text}");
    let folder = stage.folder.path().to_owned();
    let (cancel, turning, kept) = (stage.cancel, stage.turning, stage.folder);
    cancel.cancel();
    turning.await.unwrap();
    drop(stage.engine);

    let settings = Settings::parse("homeroom.toml", CONFIG, &folder).unwrap();
    let access = Access::load(&settings.serve.access).unwrap();
    let engine = Engine::new(settings, CancellationToken::new()).await.unwrap();
    let service = Service::new(engine, access);
    let viewer = service.viewer(ADMINISTRATOR).unwrap();
    let district = service.district(&viewer, "hillcrest").unwrap();
    assert!(district.overview.paused && district.upcoming.is_empty());
    assert_eq!(district.runs.len(), 1, "earlier runs are shown");
    assert_eq!(service.district(&viewer, "lakeside").unwrap().upcoming.len(), 7);
    drop(kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn restored_backup_goes_on_where_it_was() {
    let stage = Stage::new().await;
    stage.night("hillcrest").await;
    let folder = stage.folder.path().to_owned();
    let files = ["roster.db", "homeroom-serve.db"];
    for file in files {
        let from = rusqlite::Connection::open(folder.join(file)).unwrap();
        let to = folder.join(format!("{file}.backup"));
        from.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
    }
    // What the backup does not know.
    feed(&folder, "hillcrest", 22);
    assert_eq!(stage.night("hillcrest").await["outcome"], "published");
    let kept = stage.folder;
    stage.cancel.cancel();
    stage.turning.await.unwrap();
    drop((stage.app, stage.engine));
    for file in files {
        for ending in ["-wal", "-shm"] {
            _ = fs::remove_file(folder.join(format!("{file}{ending}")));
        }
        fs::rename(folder.join(format!("{file}.backup")), folder.join(file)).unwrap();
    }

    let stage = Stage::over(kept).await;
    let runs = stage.get("/api/v1/districts/hillcrest/runs").await;
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    let caught_up = stage.night("hillcrest").await;
    assert_eq!(caught_up["outcome"], "published", "{caught_up}");
    assert!(caught_up["created"].as_u64().unwrap() > 0, "{caught_up}");
    assert_eq!(stage.night("hillcrest").await["outcome"], "unchanged");
    stage.stop().await;
}
