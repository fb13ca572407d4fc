//! The broker's HTTP side: loopback only, a token on every request.

use super::{AnswerBody, Refusal, Shared, call, lease::LeaseState, route::Route, tokens::Holder};
use bytes::Bytes;
use cowork_domain::provider::Protocol;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

/// How long a client may take to send its request.
const REQUEST: Duration = Duration::from_secs(30);
/// Where clients of the various protocols put their key.
const KEY_HEADERS: [&str; 3] = ["x-api-key", "x-goog-api-key", "api-key"];

/// Connections live in a set that ends with this task, so nothing outlives the broker.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
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
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(&shared, request).await) }
    });
    // A client that goes away, and an answer that is cut, are usual ends of a connection.
    let _ =
        http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(REQUEST).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<AnswerBody> {
    let protocol = Route::of(request.uri()).map_or(Protocol::OpenAiChat, |route| route.protocol);
    match admit(shared, request).await {
        Ok(response) => response,
        Err(refusal) => refuse(&refusal, protocol),
    }
}

async fn admit(shared: &Shared, request: Request<Incoming>) -> Result<Response<AnswerBody>, Refusal> {
    let (lease, slot) = holder(shared, request.headers()).ok_or(Refusal::Token)?;
    let (head, body) = request.into_parts();
    let collected = timeout(REQUEST, Limited::new(body, shared.limits.request_bytes).collect()).await.map_err(|_| Refusal::Body)?;
    let body: Bytes = match collected {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge),
        Err(_) => return Err(Refusal::Body),
    };
    call::perform(shared, &lease, slot, Request::from_parts(head, body)).await
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
    // Trying again doesn't help against a refusal, and clients of these protocols would.
    headers.insert("x-should-retry", HeaderValue::from_static("false"));
    response
}
