//! A provider beside the server: OpenAI's protocol, with as many good keys as a test likes, and bad manners on demand.

use super::PROVIDER;
use crate::caller::HEADER_MODE;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use parking_lot::Mutex;
use reqwest::{StatusCode, header};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// How it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Manners {
    /// As its protocol says.
    Good,
    /// Never.
    Silent,
    /// With a failure of its own.
    Failing,
    /// With the address of somebody else.
    Redirecting(String),
    /// That the key's time is over.
    Expired,
    /// With a page that says hello, whatever the key.
    Lying,
}

/// One request that it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) key: String,
}

#[derive(Debug)]
struct Behaviour {
    manners: Manners,
    good: BTreeSet<String>,
    seen: Vec<Seen>,
}

/// A running provider; it ends with the test.
pub(super) struct Provider {
    pub(super) url: String,
    behaviour: Arc<Mutex<Behaviour>>,
    _serving: AbortOnDropHandle<()>,
}

impl Provider {
    /// One that takes these keys.
    pub(super) async fn start(good: &[&str]) -> Self {
        let behaviour = Behaviour { manners: Manners::Good, good: good.iter().map(|key| (*key).to_owned()).collect(), seen: Vec::new() };
        let behaviour = Arc::new(Mutex::new(behaviour));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(behaviour.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, behaviour, _serving: AbortOnDropHandle::new(serving) }
    }

    pub(super) fn behaves(&self, manners: Manners) {
        self.behaviour.lock().manners = manners;
    }

    /// From now on it takes these keys and no others.
    pub(super) fn takes(&self, good: &[&str]) {
        self.behaviour.lock().good = good.iter().map(|key| (*key).to_owned()).collect();
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.behaviour.lock().seen.clone()
    }

    /// How often it was asked about a key, apart from what turns asked.
    pub(super) fn probes(&self) -> usize {
        self.seen().iter().filter(|seen| seen.path == "/v1/models").count()
    }

    /// Waits until it was asked so often.
    pub(super) async fn until_probed(&self, times: usize) {
        let deadline = Instant::now() + crate::server::PATIENCE;
        while self.probes() < times {
            assert!(Instant::now() < deadline, "the provider was never asked {times} times: {:?}", self.seen());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The configuration of a server that knows it, in header mode.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let providers = json!({ PROVIDER: {
            "kind": "openai-compatible", "baseUrl": self.url, "models": ["m1"], "allowPrivateNetwork": true } });
        let own = [("PROVIDERS", providers.to_string()), ("DEMO_MODEL", "off".to_owned()), ("LOG_LEVEL", "trace".to_owned())];
        let header = HEADER_MODE.map(|(name, value)| (name, value.to_owned()));
        own.into_iter().chain(header).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// With more settings; as the servers of tests take them.
pub(super) fn with<'a>(environment: &'a [(String, String)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(more.iter().copied()).collect()
}

async fn answer(State(behaviour): State<Arc<Mutex<Behaviour>>>, request: Request) -> Response {
    let key = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = key.strip_prefix("Bearer ").unwrap_or_default().to_owned();
    let path = request.uri().path().to_owned();
    let (manners, is_good) = {
        let mut behaviour = behaviour.lock();
        behaviour.seen.push(Seen { path: path.clone(), key: key.clone() });
        (behaviour.manners.clone(), behaviour.good.contains(&key))
    };
    match manners {
        Manners::Silent => std::future::pending().await,
        Manners::Failing => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Manners::Redirecting(to) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response(),
        Manners::Expired => {
            let body = json!({ "error": { "code": "expired_api_key", "message": "This API key has expired." } });
            (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response()
        }
        Manners::Lying => "<html>hello</html>".into_response(),
        // Some providers repeat the key that they refuse.
        Manners::Good if !is_good => {
            let body = json!({ "error": { "message": format!("Incorrect API key provided: {key}") } });
            (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response()
        }
        Manners::Good if path == "/v1/models" => axum::Json(json!({ "object": "list", "data": [{ "id": "m1" }] })).into_response(),
        Manners::Good => pong(),
    }
}

/// One streamed answer that says pong.
fn pong() -> Response {
    let chunk = |delta: serde_json::Value, finish: serde_json::Value| {
        let chunk = json!({ "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m1",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] });
        format!("data: {chunk}\n\n")
    };
    let text = [
        chunk(json!({ "role": "assistant", "content": "pong" }), json!(null)),
        chunk(json!({}), json!("stop")),
        format!("data: {}\n\n", json!({ "choices": [], "usage": { "prompt_tokens": 60, "completion_tokens": 40 } })),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from(text)).into_response()
}
