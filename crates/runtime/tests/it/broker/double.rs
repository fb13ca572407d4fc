//! A provider that does as a test says, and remembers what it was asked.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::interval};
use tokio_util::task::AbortOnDropHandle;

/// What the double does with a request.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Answers with one of these streams of events after the other, and with the last one from then on.
    Streams(Vec<&'static str>),
    /// Streams without an end.
    Endless,
    /// Streams this piece again and again.
    Repeats(&'static str),
    /// Streams as fast as it is read.
    Flood,
    /// Sends nothing.
    Hang,
    /// Sends its caller elsewhere.
    Redirect(String),
    /// Answers with a status and the key that it was shown.
    Quote(u16),
}

/// A request as it arrived.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: serde_json::Value,
}

/// How many answers were begun, and how many are still being sent.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Traffic {
    pub(crate) begun: usize,
    pub(crate) open: usize,
}

pub(crate) struct Double {
    pub(crate) origin: String,
    state: Arc<State>,
    _server: AbortOnDropHandle<()>,
}

struct State {
    behaviour: Behaviour,
    seen: Mutex<Vec<Seen>>,
    traffic: watch::Sender<Traffic>,
    /// Pieces of a flood that were taken.
    flooded: watch::Sender<u64>,
}

impl Double {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let origin = format!("http://{}", listener.local_addr().expect("bound"));
        let traffic = watch::channel(Traffic::default()).0;
        let state = Arc::new(State { behaviour, seen: Mutex::default(), traffic, flooded: watch::channel(0).0 });
        let server = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { origin, state, _server: AbortOnDropHandle::new(server) }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().clone()
    }

    /// Waits until a flood isn't taken any more.
    pub(crate) async fn stalled(&self) {
        let mut flooded = self.state.flooded.subscribe();
        while let Ok(changed) = tokio::time::timeout(Duration::from_millis(300), flooded.changed()).await {
            changed.expect("the double runs");
        }
    }

    /// Waits until the traffic is as wished.
    pub(crate) async fn traffic(&self, wished: impl FnMut(&Traffic) -> bool) -> Traffic {
        let mut traffic = self.state.traffic.subscribe();
        let waited = tokio::time::timeout(crate::house::PATIENCE, traffic.wait_for(wished)).await;
        *waited.expect("in time").expect("the double runs")
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&state), request));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

type Body = BoxBody<Bytes, Infallible>;

/// Counts an answer as open while it is being sent.
struct Open(Arc<State>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.traffic.send_modify(|traffic| traffic.open -= 1);
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let seen = Seen { path: head.uri.to_string(), body: serde_json::from_slice(&body).unwrap_or_default(), headers: head.headers };
    let number = {
        let mut all = state.seen.lock();
        all.push(seen.clone());
        all.len()
    };
    let behaviour = state.behaviour.clone();
    state.traffic.send_modify(|traffic| {
        traffic.begun += 1;
        traffic.open += 1;
    });
    let open = Open(state);
    let whole = |status: u16, text: String| {
        let response = Response::builder().status(status).header("content-type", "application/json").header("set-cookie", "a=b");
        response.body(http_body_util::Full::new(Bytes::from(text)).boxed()).expect("a response")
    };
    Ok(match behaviour {
        Behaviour::Hang => {
            std::future::pending::<()>().await;
            unreachable!("nothing comes after")
        }
        Behaviour::Redirect(to) => {
            let mut response = whole(307, String::new());
            response.headers_mut().insert("location", to.parse().expect("an address"));
            response
        }
        Behaviour::Quote(status) => {
            let key = seen.headers.get("authorization").or_else(|| seen.headers.get("x-api-key")).map(|key| format!("{key:?}"));
            let key = key.unwrap_or_default().replace('"', "");
            whole(status, serde_json::json!({ "error": { "message": format!("no luck with {key}") } }).to_string())
        }
        Behaviour::Streams(texts) => {
            let text = texts[(number - 1).min(texts.len() - 1)];
            events(stream::iter([Ok(Frame::data(Bytes::from_static(text.as_bytes())))]), open)
        }
        Behaviour::Flood => {
            let chunk = Bytes::from(format!(": {}\n", "x".repeat(64 << 10)));
            let sent = Arc::clone(&open.0);
            let flood = stream::repeat_with(move || {
                sent.flooded.send_modify(|pieces| *pieces += 1);
                Ok(Frame::data(chunk.clone()))
            });
            events(flood, open)
        }
        Behaviour::Endless => repeating("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"tick \"}}]}\n\n", open),
        Behaviour::Repeats(piece) => repeating(piece, open),
    })
}

fn repeating(piece: &'static str, open: Open) -> Response<Body> {
    let ticks = interval(Duration::from_millis(5));
    let chunk = Bytes::from_static(piece.as_bytes());
    let ticking = stream::unfold(ticks, move |mut ticks| {
        let chunk = chunk.clone();
        async move {
            ticks.tick().await;
            Some((Ok(Frame::data(chunk)), ticks))
        }
    });
    events(ticking, open)
}

fn events(
    frames: impl futures_util::Stream<Item = Result<Frame<Bytes>, Infallible>> + Send + Sync + 'static,
    open: Open,
) -> Response<Body> {
    use futures_util::StreamExt as _;
    let frames = frames.map(move |frame| {
        let _ = &open;
        frame
    });
    Response::builder()
        .header("content-type", "text/event-stream")
        .header("set-cookie", "a=b")
        .header("x-request-id", "req-1")
        .body(BoxBody::new(StreamBody::new(frames)))
        .expect("a response")
}
