//! A full run with secrets planted wherever one can be, and a search of everything that it leaves and shows.

use super::{
    canary::{Canary, search, search_files},
    processes::search_family,
};
use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE, SECRET},
    event_stream::EventStream,
    program::GLANCE,
    server::{PATIENCE, Server, session_id},
    setting::Setting,
    sign_in::Browser,
    tokens,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

const COOKIE_SECRET: &str = "Kp3vXq8mZt1wLr6yNc9hGd2fBs5jTa7e";
const SECRET_KEY: &str = "Wd7kQz2nVx9rHm4tJc6yPb1gLf8sRa3u";
const CLUSTER_SECRET: &str = "Tn5jYw8cMk2xRv7qZb4hFd9gSp1lXa6e";
const OPERATOR_TOKEN: &str = "Gx4sLq9wNv2kBt7mRz5jHc8yPd3fJa1u";
/// A customer's key; there is no such provider to accept it.
const PROVIDER_KEY: &str = "sk-proj-Vb6nQz3xLw8kTr1mHy5jPd9cGf2s";
/// What an agent that was talked into it does to find secrets.
const BURGLARY: &str = "[[bash:env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; \
    ls -laR /etc /home /root /run /srv /tmp /var /workspace; cat /etc/* /root/.* ../*; true]]";

struct Household {
    server: Server,
    owner: Caller,
    /// Everything that went out over HTTP.
    said: Vec<(String, Vec<u8>)>,
}

impl Household {
    async fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let answer = self.server.ask(&self.owner, method.clone(), path, body).await;
        self.note(&format!("{method} {path}"), &answer);
        answer
    }

    fn note(&mut self, place: &str, answer: &Answer) {
        let headers: Vec<u8> =
            answer.headers.iter().flat_map(|(name, value)| [name.as_str().as_bytes(), value.as_bytes()].concat()).collect();
        self.said.push((format!("the headers of {place}"), headers));
        self.said.push((place.to_owned(), answer.body.to_string().into_bytes()));
    }

    async fn until_settled(&mut self, session: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let view = self.ask(Method::GET, &format!("/api/sessions/{session}/view"), None).await.body;
            if let Some(id) = view["view"]["pendingApprovals"][0]["id"].as_str() {
                let answer = json!({ "permissionId": id, "response": true });
                self.ask(Method::POST, &format!("/api/sessions/{session}/permission-respond"), Some(answer)).await;
            } else if view["session"]["status"] == "idle" && view["projection"]["sequence"].as_u64() > Some(4) {
                return view;
            }
            assert!(Instant::now() < deadline, "the session never settled: {view:#}");
            tokio::time::sleep(GLANCE).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_full_run_shows_or_leaves_holds_a_secret() {
    let environment = [
        HEADER_MODE[0],
        HEADER_MODE[1],
        ("COOKIE_SECRET", COOKIE_SECRET),
        ("SECRET_KEY", SECRET_KEY),
        ("CLUSTER_SECRET", CLUSTER_SECRET),
        ("OPERATOR_TOKEN", OPERATOR_TOKEN),
        ("LOG_LEVEL", "trace"),
    ];
    // A private PostgreSQL, so that its files, its own log and its log of changes are among what is searched.
    let server = Server::launch(Setting::new(None, &environment));
    let mut household = Household { server, owner: Caller::new("acme", "kim", "owner"), said: Vec::new() };
    let (_, token) = tokens::issue(&household.server, &household.owner, &["desktop", "admin"]).await;
    let browser = Browser::sign_in(&household.server, &household.owner, "Firefox").await;
    let canaries = [
        Canary::new("the proxy's secret", SECRET),
        Canary::new("the cookie secret", COOKIE_SECRET),
        Canary::new("the secret key", SECRET_KEY),
        Canary::new("the cluster secret", CLUSTER_SECRET),
        Canary::new("the operator token", OPERATOR_TOKEN),
        Canary::new("a customer's key", PROVIDER_KEY),
        Canary::new("an api token", &token[token.len() - 43..]),
        Canary::new("a browser session", &browser.session[browser.session.len() - 24..]),
    ];

    let session = session_id(&household.ask(Method::POST, "/api/sessions", Some(json!({}))).await);
    let events = format!("/api/sessions/{session}/events?after=0");
    let mut stream = EventStream::open(household.server.request(Method::GET, &events).bearer_auth(&token)).await;
    let listed = household.server.ask_with(&token, Method::GET, "/api/sessions", None).await;
    household.note("GET /api/sessions by token", &listed);
    let seen = browser.ask(&household.server, Method::GET, "/auth/me", None).await;
    household.note("GET /auth/me by browser", &seen);
    let saved = household.ask(Method::POST, "/api/byok/mistral", Some(json!({ "apiKey": PROVIDER_KEY }))).await;
    assert_eq!((saved.status, &saved.body["secret"]["status"]), (StatusCode::CREATED, &json!("pending_validation")), "{saved:?}");
    let prompt = format!("/api/sessions/{session}/prompt");
    let accepted = household.ask(Method::POST, &prompt, Some(json!({ "text": BURGLARY }))).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
    household.until_settled(&session).await;
    for path in [
        "/api/config",
        "/api/workspace",
        "/api/api-tokens",
        "/auth/sessions",
        "/api/admin/audit",
        "/api/admin/audit/export?format=csv",
        "/api/byok",
        "/api/byok/mistral",
        "/api/admin/members",
        "/api/admin/policy",
        "/api/diagnostics",
        "/api/usage/summary",
        "/api/ops/supervision",
        "/api/ops/cluster",
        "/api/runtime/status",
        "/api/metrics",
        "/metrics",
        "/readyz",
        "/livez",
        "/docs/openapi.json",
    ] {
        household.ask(Method::GET, path, None).await;
        let by_token = household.server.ask_with(&token, Method::GET, path, None).await;
        household.note(&format!("{path} by token"), &by_token);
    }
    let refused = household.server.ask_with(&token.replace("occ_", "occ-"), Method::GET, "/api/sessions", None).await;
    household.note("a refusal", &refused);

    let mut found = Vec::new();
    for (place, bytes) in &household.said {
        search(place, bytes, &canaries, &mut found);
    }
    stream.until_type("session.idle").await;
    search("the stream", stream.text().as_bytes(), &canaries, &mut found);
    assert!(stream.text().contains("tool.call"), "the agent did search: {}", stream.text());
    let children = search_family(household.server.pid(), &canaries, &mut found);
    assert!(children > 2, "there is a PostgreSQL with its processes");
    household.server.signal(nix::sys::signal::Signal::SIGTERM);
    household.server.exit_code();
    let log = household.server.log();
    assert!(log.contains("\"level\":\"INFO\""), "it does log: {log}");
    search("the log", log.as_bytes(), &canaries, &mut found);
    search_files(&household.server.data_dir(), &canaries, &mut found);
    assert!(found.is_empty(), "{found:#?}");
}
