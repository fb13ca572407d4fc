//! The broker's HTTP side: loopback only, a token on every request.

use super::{
    AnswerBody, BrokenAnswer, Refusal, Shared,
    call::{self, Permit},
    lease::LeaseState,
    route::Route,
    tokens::Holder,
};
use bytes::Bytes;
use cowork_domain::provider::Protocol;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// How long a client may take to send its request.
const REQUEST: Duration = Duration::from_secs(30);
/// Where clients of the various protocols put their key.
const KEY_HEADERS: [&str; 3] = ["x-api-key", "x-goog-api-key", "api-key"];

/// Connections live in a set that ends with this task, so nothing outlives the broker.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < shared.limits.connections => match accepted {
                Ok((stream, _)) => drop(connections.spawn(converse(stream, Arc::clone(&shared)))),
                Err(error) => {
                    // Out of file descriptors, most likely: give the others time to end.
                    tracing::warn!(%error, "the key broker can't accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let (answering, answered) = watch::channel(None);
    let service = service_fn(move |request| {
        let (shared, answering) = (Arc::clone(&shared), answering.clone());
        async move { Ok::<_, Infallible>(answer(&shared, request, answering).await) }
    });
    let conversation =
        http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(REQUEST).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A client that goes away, and an answer that is cut, are usual ends of a connection.
        _ = conversation => {}
        () = cut(answered) => {}
    }
}

/// The lease whose answer is being sent on a connection, if one is.
type Answering = watch::Sender<Option<CancellationToken>>;

/// Waits until the lease of the answer that is being sent ends. A body is asked for nothing while its client doesn't read, so
/// it alone would keep the way to the provider open.
async fn cut(mut answered: watch::Receiver<Option<CancellationToken>>) {
    loop {
        let current = answered.borrow_and_update().clone();
        let changed = match current {
            None => answered.changed().await,
            Some(over) => tokio::select! {
                () = over.cancelled() => return,
                changed = answered.changed() => changed,
            },
        };
        if changed.is_err() {
            return std::future::pending().await;
        }
    }
}

/// An answer on its way to a client.
struct SentBody {
    body: AnswerBody,
    answering: Answering,
}

impl Drop for SentBody {
    fn drop(&mut self) {
        self.answering.send_replace(None);
    }
}

impl Body for SentBody {
    type Data = Bytes;
    type Error = BrokenAnswer;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenAnswer>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

async fn answer(shared: &Arc<Shared>, request: Request<Incoming>, answering: Answering) -> Response<SentBody> {
    let protocol = Route::of(request.uri()).map_or(Protocol::OpenAiChat, |route| route.protocol);
    let response = match admit(shared, request, &answering).await {
        Ok(response) => response,
        Err(refusal) => refuse(&refusal, protocol),
    };
    response.map(|body| SentBody { body, answering })
}

async fn admit(shared: &Arc<Shared>, request: Request<Incoming>, answering: &Answering) -> Result<Response<AnswerBody>, Refusal> {
    let (lease, slot) = holder(shared, request.headers()).ok_or(Refusal::Token)?;
    // Before the request is read: it may be large, and whoever sends many at a time would have them all kept here.
    let permit = Permit::take(&lease)?;
    let (head, body) = request.into_parts();
    let collected = timeout(REQUEST, Limited::new(body, shared.limits.request_bytes).collect()).await.map_err(|_| Refusal::Body)?;
    let body: Bytes = match collected {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge),
        Err(_) => return Err(Refusal::Body),
    };
    let response = call::perform(shared, permit, slot, Request::from_parts(head, body)).await?;
    answering.send_replace(Some(lease.over()));
    Ok(response)
}

/// The turn behind the token, and the slot's protocol if it is a slot's.
fn holder(shared: &Shared, headers: &HeaderMap) -> Option<(Arc<LeaseState>, Option<Protocol>)> {
    match shared.tokens.find(presented(headers)?)? {
        Holder::Turn(lease) => Some((lease, None)),
        Holder::Slot(slot) => slot.current().map(|lease| (lease, Some(slot.protocol()))),
    }
}

fn presented(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| token.trim());
    }
    KEY_HEADERS.into_iter().find_map(|name| headers.get(name))?.to_str().ok()
}

fn refuse(refusal: &Refusal, protocol: Protocol) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole(Bytes::from(refusal.document(protocol))));
    *response.status_mut() = refusal.status();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-cowork-code", HeaderValue::from_static(refusal.code().as_str()));
    if !refusal.may_pass() {
        // Clients of these protocols try again by themselves.
        headers.insert("x-should-retry", HeaderValue::from_static("false"));
    }
    response
}
