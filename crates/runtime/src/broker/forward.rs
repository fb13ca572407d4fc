//! The request as it leaves, and the head of the answer as it comes back.

use super::{AnswerBody, Grant, Refusal};
use crate::providers::{Outbound, Unreached};
use bytes::{Bytes, BytesMut};
use cowork_domain::{
    provider::{KeyPlacement, Protocol, ProviderEntry},
    redact::{REDACTED, redacted},
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use http_body_util::BodyExt as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Names the turn, so that what belongs together can be told at the provider.
const TURN: HeaderName = HeaderName::from_static("x-cowork-turn");
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");
/// The version whose answers are understood here.
const ANTHROPIC_DEFAULT: HeaderValue = HeaderValue::from_static("2023-06-01");
/// The most that is read of an answer that refuses a request.
const MAX_EXPLANATION: usize = 64 << 10;
/// What of a client's request travels on. Everything else (its token, cookies, hop-by-hop headers) ends here.
const REQUEST_HEADERS: [HeaderName; 3] = [header::ACCEPT, ANTHROPIC_VERSION, ANTHROPIC_BETA];
/// What of a provider's answer comes back.
const ANSWER_HEADERS: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::RETRY_AFTER,
    HeaderName::from_static("retry-after-ms"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("request-id"),
    HeaderName::from_static("x-should-retry"),
    HeaderName::from_static("openai-processing-ms"),
];

/// A call that is ready to leave, but for the key.
pub(super) struct Outgoing<'a> {
    pub(super) entry: &'a ProviderEntry,
    pub(super) address: String,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Bytes,
    pub(super) grant: &'a Grant,
}

/// Sends a call with the key, and waits for the head of the answer.
pub(super) async fn send(
    outbound: &Outbound,
    call: Outgoing<'_>,
    key: &str,
    silence: Duration,
) -> Result<Response<reqwest::Body>, Refusal> {
    let Outgoing { entry, address, headers, body, grant } = call;
    let mut sent = HeaderMap::with_capacity(8);
    for name in REQUEST_HEADERS {
        if let Some(value) = headers.get(&name) {
            sent.insert(name, value.clone());
        }
    }
    sent.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if entry.protocol == Protocol::Anthropic {
        sent.entry(ANTHROPIC_VERSION).or_insert(ANTHROPIC_DEFAULT);
    } else {
        sent.remove(ANTHROPIC_VERSION);
        sent.remove(ANTHROPIC_BETA);
    }
    let turn = HeaderValue::from_str(&format!("{}.{}", grant.command, grant.attempt)).expect("an id is hex digits and a prefix");
    sent.insert(TURN, turn);
    place(&mut sent, entry.auth, key).map_err(|()| Refusal::Key(super::KeySourceError::Unopenable))?;
    let started = Instant::now();
    let answer = outbound.post(entry, &address, sent, body, silence).await.map_err(|unreached| match unreached {
        Unreached::Forbidden => Refusal::Forbidden,
        Unreached::Untrusted => Refusal::Untrusted,
        Unreached::Refused => Refusal::Unreachable,
        Unreached::BrokeOff => Refusal::BrokeOff,
        Unreached::Silent => Refusal::Silent(silence),
    })?;
    metrics::histogram!("cowork_broker_first_byte_seconds").record(started.elapsed().as_secs_f64());
    if answer.status().is_redirection() {
        return Err(Refusal::Redirect);
    }
    Ok(answer)
}

/// Puts a key where the provider looks for it.
pub(crate) fn place(headers: &mut HeaderMap, placement: KeyPlacement, key: &str) -> Result<(), ()> {
    let (name, text) = match placement {
        KeyPlacement::None => return Ok(()),
        KeyPlacement::Bearer => (header::AUTHORIZATION, zeroize::Zeroizing::new(format!("Bearer {key}"))),
        KeyPlacement::Header(name) => (HeaderName::from_static(name), zeroize::Zeroizing::new(key.to_owned())),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| ())?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// Whether the answer is a stream of events.
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"text/event-stream"))
}

/// The answer with the headers that may come back.
pub(super) fn stripped(answer: Response<reqwest::Body>) -> Response<reqwest::Body> {
    let (head, body) = answer.into_parts();
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    for name in ANSWER_HEADERS {
        if let Some(value) = head.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// A provider's refusal, read whole and without what looks like a key: some quote the key that they refuse.
pub(super) async fn explain(answer: Response<reqwest::Body>, key: &str, silence: Duration) -> Response<AnswerBody> {
    let (head, body) = stripped(answer).into_parts();
    let said = read(body, silence).await;
    let text = String::from_utf8_lossy(&said).replace(key, REDACTED);
    let text = redacted(&text);
    Response::from_parts(head, AnswerBody::whole(Bytes::from(text)))
}

/// The beginning of an answer, as far as it comes in time.
async fn read(mut body: reqwest::Body, silence: Duration) -> BytesMut {
    let until = Instant::now() + silence;
    let mut text = BytesMut::new();
    while let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await {
        let Ok(data) = frame.into_data() else { continue };
        text.extend_from_slice(&data[..data.len().min(MAX_EXPLANATION - text.len())]);
        if text.len() == MAX_EXPLANATION {
            break;
        }
    }
    text
}
