//! The order of contract 00 §1, over a node that really runs.

use super::*;
use crate::artifacts::{ArtifactOptions, Artifacts};
use crate::project_sources::{SnapshotOptions, Snapshots};
use crate::{
    config::cluster::Role,
    http::{BodyLimits, HttpOptions},
    identity::{AuthMode, AuthOptions, HeaderSecret, OperatorToken},
};
use cowork_actors::{NodeHandle, NodeOptions};
use cowork_objects::{Objects, ObjectsOptions, Place};
use cowork_runtime::{RunningTurn, Runtime, TurnRequest};
use cowork_store::test_database::TestDatabase;
use http::HeaderMap;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Turns that end at once; what they do is not the front door's business.
struct Silent;

impl Runtime for Silent {
    fn start(&self, _turn: TurnRequest) -> RunningTurn {
        RunningTurn::spawn(|events, _| async move {
            events.send(cowork_domain::runtime_event::RuntimeEvent::Finished).await.ok();
        })
    }
}

struct Door {
    dispatch: Arc<Dispatch>,
    node: NodeHandle,
    _database: TestDatabase,
    _folder: tempfile::TempDir,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Door {
    async fn open(options: HttpOptions) -> Self {
        let (database, store) = TestDatabase::migrated().await;
        let node = NodeHandle::start(NodeOptions::default(), store, Arc::new(Silent)).await.expect("the node starts");
        let deadline = Instant::now() + Duration::from_secs(20);
        while !(node.readiness().owns_shards && node.readiness().lanes_connected) {
            assert!(Instant::now() < deadline, "the node never owned its shards");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::Filesystem { folder: folder.path().join("objects") };
        let objects = ObjectsOptions { place, prefix: String::new(), node: "test".into(), patience: Duration::from_secs(20) };
        let objects = Objects::open(&objects).expect("a folder is a store");
        let limits =
            ArtifactOptions { bytes_per_day: None, direct_upload: false, cleanup_batch: 10, cleanup_interval: Duration::from_secs(60) };
        let artifacts = Artifacts::new(node.store().clone(), objects.clone(), limits);
        let kept =
            SnapshotOptions { bytes_per_day: None, records_usage: true, cleanup_batch: 10, cleanup_interval: Duration::from_secs(60) };
        let snapshots = Snapshots::new(node.store().clone(), objects, kept);
        let state = HttpState::new(
            options,
            node.clone(),
            crate::secrets::Keyring::none(),
            artifacts,
            snapshots,
            Arc::new(|| "metrics\n".to_owned()),
        );
        Self { dispatch: Arc::new(Dispatch::new(state, false)), node, _database: database, _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<String>) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.into())).expect("a request");
        let connection = Connection::new(([127, 0, 0, 1], 1).into(), crate::http::connection::Slot::alone());
        let (parts, body) = self.dispatch.clone().answer(connection, request).await.into_parts();
        let bytes = body.collect().await.expect("the body can be read").to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    async fn status(&self, method: &str, path: &str) -> (u16, String) {
        let answer = self.ask(method, path, &[], "").await;
        (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
    }

    async fn close(self) {
        self.node.stop(Duration::ZERO).await;
    }
}

const UNKNOWN: &str = "authorization.action_unknown";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_local_owner_meets_the_route_table_as_the_contract_orders_it() {
    let options = HttpOptions { body_limits: BodyLimits { json: 64, bulk: 128 }, ..HttpOptions::default() };
    let door = Door::open(options).await;

    assert_eq!(door.ask("OPTIONS", "/api/nonsense", &[], "").await.status, 204);
    for (method, path) in
        [("GET", "/api"), ("GET", "/api/nope"), ("DELETE", "/api/sessions"), ("HEAD", "/api/config"), ("POST", "/api/sessions/x/fork")]
    {
        assert_eq!(door.status(method, path).await, (403, UNKNOWN.into()), "{method} {path}");
    }
    for (method, path) in [("GET", "/nope"), ("HEAD", "/"), ("POST", "/"), ("GET", "/x%2fy"), ("GET", "/app/assets/x.js")] {
        assert_eq!(door.status(method, path).await.0, 404, "{method} {path}");
    }
    for (method, path) in
        [("GET", "/"), ("GET", "/app/"), ("GET", "/livez"), ("HEAD", "/readyz"), ("POST", "/progressz"), ("GET", "/docs/index.html")]
    {
        assert_eq!(door.status(method, path).await.0, 200, "{method} {path}");
    }
    for (path, text) in [
        ("/auth/session", "Cloud browser sessions are not configured."),
        ("/auth/desktop/config", "Cloud desktop auth is not configured."),
        ("/auth/what/ever", "Cloud browser sessions are not configured."),
    ] {
        let answer = door.ask("GET", path, &[], "").await;
        assert_eq!((answer.status, &answer.body["error"]), (404, &json!(text)), "{path}");
    }
    let refused = door.ask("POST", "/api/nope", &[], "x".repeat(1000)).await;
    assert_eq!(refused.status, 403, "the body of a refused request is not read");
    let oversize = door.ask("POST", "/api/sessions", &[], "x".repeat(65)).await;
    assert_eq!((oversize.status, &oversize.body["error"]), (413, &json!("Request body is too large.")));
    let foreign = door.ask("POST", "/api/sessions", &[("origin", "https://evil.example"), ("host", "127.0.0.1")], "").await;
    assert_eq!(foreign.status, 403, "a page of another site is not the local owner");

    let answer = door.ask("GET", "//api///config/", &[("x-request-id", " abc ")], "").await;
    assert_eq!((answer.status, &answer.body["features"]["chat"]), (200, &json!(true)));
    for (name, value) in [
        ("x-request-id", "abc"),
        ("content-type", "application/json; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.headers[name], value, "{name}");
    }
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_created_prompted_and_listed_once_per_idempotency_key() {
    let door = Door::open(HttpOptions::default()).await;
    let key = [("idempotency-key", "order-17")];
    let first = door.ask("POST", "/api/sessions", &key, r#"{"title":"Plans"}"#).await;
    assert_eq!((first.status, &first.body["projection"]["sequence"]), (201, &json!(1)), "{}", first.body);
    let again = door.ask("POST", "/api/sessions", &key, r#"{"title":"Plans"}"#).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    let other = door.ask("POST", "/api/sessions", &key, r#"{"title":"Other"}"#).await;
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency.mismatch")));
    let bad = door.ask("POST", "/api/sessions", &[("idempotency-key", "")], "").await;
    assert_eq!((bad.status, &bad.body["code"]), (400, &json!("idempotency.key_invalid")));

    let id = first.body["session"]["sessionId"].as_str().expect("an id").to_owned();
    let path = format!("/api/sessions/{id}/prompt");
    let prompted = door.ask("POST", &path, &[("idempotency-key", "p1")], r#"{"text":" hello "}"#).await;
    assert_eq!(prompted.status, 202, "{}", prompted.body);
    assert_eq!(prompted.body["command"]["payload"], json!({"text": " hello ", "agent": "build"}));
    assert_eq!((&prompted.body["command"]["status"], &prompted.body["processed"]), (&json!("pending"), &json!(1)));
    assert_eq!(prompted.body["projectionFence"]["sequence"], json!(3));
    let repeated = door.ask("POST", &path, &[("idempotency-key", "p1")], r#"{"text":" hello "}"#).await;
    assert_eq!(repeated.body, prompted.body);
    let nul = door.ask("POST", &path, &[], r#"{"text":"a\u0000b"}"#).await;
    assert_eq!((nul.status, &nul.body["code"]), (400, &json!("request.invalid_field")));
    let nobodys = door.ask("POST", "/api/sessions/nope/prompt", &[], "{}").await;
    assert_eq!((nobodys.status, &nobodys.body["error"]), (400, &json!("Prompt text is required.")), "the body comes before the session");
    assert_eq!(
        door.ask("GET", "/api/sessions/nope", &[], "").await.body,
        json!({"error": "Cloud session was not found.", "code": "resource.not_found"})
    );

    door.ask("POST", "/api/sessions", &[], "").await;
    let page = door.ask("GET", "/api/sessions?limit=1", &[], "").await;
    assert_eq!((page.body["sessions"].as_array().map(Vec::len), &page.body["totalEstimate"]), (Some(1), &json!(2)));
    let cursor = page.body["nextCursor"].as_str().expect("there is more");
    let next = door.ask("GET", &format!("/api/sessions?limit=1&cursor={cursor}"), &[], "").await;
    assert_eq!((&next.body["nextCursor"], &next.body["totalEstimate"]), (&Value::Null, &json!(1)));
    assert_ne!(next.body["sessions"], page.body["sessions"]);
    let elsewhere = door.ask("GET", &format!("/api/sessions?status=idle&cursor={cursor}"), &[], "").await;
    assert_eq!((elsewhere.status, &elsewhere.body["verdict"]["policyCode"]), (400, &json!("sessions.cursor.invalid")));
    assert_eq!(door.status("GET", "/api/sessions?status=tired").await, (400, "sessions.status.invalid".into()));
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_credential_nothing_is_told_and_members_stay_among_themselves() {
    let auth = headers(None, true, None);
    let options = HttpOptions { auth, cors_origin: Some("https://app.example".into()), ..HttpOptions::default() };
    let door = Door::open(options).await;
    let kim = [("x-open-cowork-tenant-id", "acme"), ("x-open-cowork-user-id", "kim"), ("origin", "https://app.example")];
    let lee = [("x-open-cowork-tenant-id", "acme"), ("x-open-cowork-user-id", "lee")];

    let created = door.ask("POST", "/api/sessions", &kim, "").await;
    assert_eq!((created.status, &created.body["session"]["userId"]), (201, &json!("kim")), "{}", created.body);
    assert_eq!(created.headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(created.headers["vary"], "Origin");
    let path = format!("/api/sessions/{}", created.body["session"]["sessionId"].as_str().expect("an id"));
    assert_eq!(door.ask("GET", &path, &kim, "").await.status, 200);
    assert_eq!(door.ask("GET", &path, &lee, "").await.status, 404, "somebody else's session is not there");
    let metrics = door.ask("GET", "/metrics", &kim, "").await;
    assert_eq!((metrics.status, &metrics.body["code"]), (403, &json!("authorization.principal_denied")));
    assert_eq!(door.ask("GET", "/api/ops/supervision", &kim, "").await.status, 403);
    let owner = door.ask("GET", "/auth/me", &[("x-open-cowork-user-role", "owner")], "").await;
    assert_eq!((owner.status, &owner.body["error"]), (401, &json!("Trusted header authentication role is invalid.")));
    door.close().await;

    let secret = Some(HeaderSecret::new("shared"));
    let auth = headers(secret, false, None);
    let door = Door::open(HttpOptions { auth, ..HttpOptions::default() }).await;
    for path in ["/api/sessions", "/api/nope", "/nope", "/metrics", "/auth/me", "/api/ws"] {
        let answer = door.ask("GET", path, &kim, "").await;
        assert_eq!((answer.status, &answer.body["error"]), (401, &json!("Trusted header authentication secret is invalid.")), "{path}");
    }
    assert_eq!(door.ask("GET", "/livez", &[], "").await.status, 200);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_answers_probes_and_says_what_it_is_to_everybody_else() {
    let door = Door::open(HttpOptions { role: Role::Worker, ..HttpOptions::default() }).await;
    for path in ["/livez", "/readyz", "/progressz", "/metrics"] {
        assert_eq!(door.status("GET", path).await.0, 200, "{path}");
    }
    assert_eq!(door.ask("POST", "/livez", &[], "").await.body["role"], "worker");
    for (method, path) in
        [("GET", "/"), ("GET", "/api/sessions"), ("POST", "/api/sessions"), ("GET", "/api/metrics"), ("GET", "/openapi.json")]
    {
        let answer = door.ask(method, path, &[], "").await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("node.serves_no_clients")), "{method} {path}");
        assert_eq!(answer.body["error"], "This is a worker node, which serves no clients. Ask a web or all-in-one node.");
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_token_shows_the_machinery_and_nobodys_sessions() {
    let (secret, token) = (Some(HeaderSecret::new("shared")), "an-operator-token-of-some-length");
    let operator_token = Some(OperatorToken::new(token));
    let auth = headers(secret, false, operator_token);
    let door = Door::open(HttpOptions { auth, ..HttpOptions::default() }).await;
    let (bearer, other) = (format!("Bearer {token}"), format!("Bearer {token}x"));
    let operator = [("authorization", bearer.as_str())];
    for path in ["/api/ops/cluster", "/api/ops/supervision", "/api/metrics", "/metrics"] {
        assert_eq!(door.ask("GET", path, &operator, "").await.status, 200, "{path}");
        assert_eq!(door.ask("GET", path, &[("authorization", &other)], "").await.status, 401, "{path}");
    }
    let unknown = door.ask("POST", "/api/ops/cluster/nodes/nobody/drain", &operator, "").await;
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("cluster.node_unknown")));
    for (method, path) in [("GET", "/api/sessions"), ("POST", "/api/sessions"), ("GET", "/api/workspace"), ("GET", "/api/events")] {
        let refused = door.ask(method, path, &operator, "").await;
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("authorization.scope_required")), "{method} {path}");
    }
    door.close().await;
}

fn headers(secret: Option<HeaderSecret>, allow_unsigned: bool, operator_token: Option<OperatorToken>) -> AuthOptions {
    let mode = AuthMode::Header { secret, allow_unsigned, max_age: Duration::from_secs(300) };
    AuthOptions { mode, operator_token, ..AuthOptions::default() }
}
