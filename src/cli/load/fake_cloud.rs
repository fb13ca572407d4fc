//! A cloud in memory that answers every prompt at once, in the contract's framing; it can be told to
//! fail in the ways that the generator must notice.

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{collections::HashMap, convert::Infallible, fmt::Write, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// How the cloud misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Streams leave out every tenth event.
    LosesEvents,
    /// Streams send every tenth event twice.
    RepeatsEvents,
    /// Every prompt is refused.
    RefusesPrompts,
    /// Turns never end.
    NeverIdle,
}

/// The running server; stops when dropped.
pub(super) struct FakeCloud {
    url: String,
    _serving: JoinSet<()>,
}

struct Cloud {
    fault: Fault,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sessions: Vec<Session>,
    workspaces: HashMap<String, Log>,
}

struct Session {
    owner: String,
    log: Log,
}

/// Ready-made frames, and how to hear of more.
struct Log {
    frames: watch::Sender<Vec<Bytes>>,
}

impl FakeCloud {
    pub(super) async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let cloud = Arc::new(Cloud { fault, state: Mutex::default() });
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let cloud = Arc::clone(&cloud);
                let service = service_fn(move |request: Request<Incoming>| {
                    let cloud = Arc::clone(&cloud);
                    async move {
                        let (head, body) = request.into_parts();
                        body.collect().await.ok();
                        Ok::<_, Infallible>(cloud.answer(&head.method, head.uri.path(), &head.headers))
                    }
                });
                connections.spawn(async move {
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await.ok();
                });
            }
        });
        Self { url, _serving: serving }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Cloud {
    fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
        let named = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("local").to_owned();
        let owner = format!("{}/{}", named("x-open-cowork-tenant-id"), named("x-open-cowork-user-id"));
        let mut state = self.state.lock();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["livez"]) => json_answer(200, &json!({ "ok": true, "role": "all-in-one", "profileName": "full" })),
            ("GET", ["auth", "me"]) => json_answer(200, &json!({ "principal": principal(), "csrfToken": null, "expiresAt": null })),
            ("POST", ["api", "sessions"]) => {
                let session = state.sessions.len();
                state.sessions.push(Session { owner, log: Log::new() });
                state.append(session, "session.created");
                json_answer(201, &envelope(session, 1))
            }
            ("GET", ["api", "events"]) => self.stream(state.workspaces.entry(owner).or_insert_with(Log::new)),
            ("GET", ["api", "sessions", id]) => {
                let session = session_number(id);
                json_answer(200, &envelope(session, state.sessions[session].log.frames.borrow().len()))
            }
            ("GET", ["api", "sessions", id, "events"]) => self.stream(&state.sessions[session_number(id)].log),
            ("POST", ["api", "sessions", _, "prompt"]) if self.fault == Fault::RefusesPrompts => {
                let code = json!({ "policyCode": "quota.prompts_per_hour_exceeded" });
                json_answer(429, &json!({ "error": "Cloud prompt quota exceeded.", "verdict": code }))
            }
            ("POST", ["api", "sessions", id, "prompt"]) => {
                let session = session_number(id);
                for kind in ["session.status", "prompt.submitted", "assistant.message"] {
                    state.append(session, kind);
                }
                if self.fault != Fault::NeverIdle {
                    state.append(session, "session.idle");
                }
                json_answer(202, &json!({}))
            }
            _ => json_answer(404, &json!({ "error": "Not found." })),
        }
    }

    fn stream(&self, log: &Log) -> Response<Body> {
        let fault = self.fault;
        let live = stream::unfold((log.frames.subscribe(), 0), move |(mut frames, position)| async move {
            let fresh = frames.wait_for(|all| all.len() > position).await.ok()?[position..].to_vec();
            let next = position + fresh.len();
            let sent = (position..next).zip(fresh).flat_map(|(place, frame)| match (place % 10, fault) {
                (9, Fault::LosesEvents) => vec![],
                (9, Fault::RepeatsEvents) => vec![frame.clone(), frame],
                _ => vec![frame],
            });
            Some((Bytes::from(sent.collect::<Vec<_>>().concat()), (frames, next)))
        });
        let chunks = stream::iter([Bytes::from_static(b": connected\n\n")]).chain(live);
        answer(200, "text/event-stream; charset=utf-8", chunks)
    }
}

impl State {
    fn append(&mut self, session: usize, kind: &str) {
        let Session { owner, log } = &self.sessions[session];
        log.append(session, kind);
        self.workspaces.entry(owner.clone()).or_insert_with(Log::new).append(session, kind);
    }
}

impl Log {
    fn new() -> Self {
        Self { frames: watch::Sender::new(Vec::new()) }
    }

    fn append(&self, session: usize, kind: &str) {
        self.frames.send_modify(|frames| {
            let sequence = frames.len() + 1;
            let record =
                json!({ "sessionId": session_id(session), "sequence": sequence, "type": kind, "payload": { "sessionId": "runtime" } });
            let mut frame = String::new();
            write!(frame, "id: {sequence}\nevent: {kind}\ndata: {record}\n\n").expect("writing to a string succeeds");
            frames.push(frame.into());
        });
    }
}

fn session_id(number: usize) -> String {
    format!("ses_{number:032x}")
}

fn session_number(id: &str) -> usize {
    usize::from_str_radix(&id[4..], 16).expect("an id of this cloud")
}

fn principal() -> Value {
    json!({ "tenantId": "t", "orgId": "t", "tenantName": "T", "userId": "u", "accountId": "u", "email": "u@t.test", "role": "member",
        "authSource": "header" })
}

fn envelope(session: usize, sequence: usize) -> Value {
    let at = "2026-03-04T05:06:07.890Z";
    json!({
        "session": { "tenantId": "t", "userId": "u", "sessionId": session_id(session), "opencodeSessionId": "", "profileName": "full",
            "status": "idle", "title": "New session", "createdAt": at, "updatedAt": at, "projectSource": null },
        "projection": { "sequence": sequence, "view": {}, "updatedAt": at },
    })
}

fn json_answer(status: u16, body: &Value) -> Response<Body> {
    answer(status, "application/json; charset=utf-8", stream::iter([Bytes::from(body.to_string())]))
}

fn answer(status: u16, content_type: &str, chunks: impl Stream<Item = Bytes> + Send + 'static) -> Response<Body> {
    let body = BodyExt::boxed_unsync(StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk)))));
    Response::builder().status(status).header("content-type", content_type).body(body).expect("a valid answer")
}
