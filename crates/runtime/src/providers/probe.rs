//! Asking a provider about a key: one small request, bounded in every direction.

use super::{Outbound, Unreached};
use crate::broker::place;
use bytes::BytesMut;
use cowork_domain::{
    provider::{Protocol, ProviderEntry},
    redact::{REDACTED, redacted},
    secret::Secret,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The longest piece of a provider's own words that is kept.
const MAX_QUOTE: usize = 160;

/// Bounds on a probe.
#[derive(Debug, Clone, Copy)]
pub struct ProbeLimits {
    /// From the first packet to the last.
    pub time: Duration,
    /// The most that is read of an answer, in bytes.
    pub answer: usize,
}

impl Default for ProbeLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(10), answer: 1 << 20 }
    }
}

/// What a provider says about a key. No message holds the key or more than a sentence of the provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeOutcome {
    /// It accepts the key.
    Valid,
    /// It refuses the key.
    Invalid {
        /// Why, for a person.
        message: String,
    },
    /// It refuses the key because its time is over.
    Expired {
        /// Why, for a person.
        message: String,
    },
    /// It said nothing about the key.
    Unreachable {
        /// Why, for a person.
        message: String,
        /// Asking again may help.
        retryable: bool,
    },
    /// No call proves a key of this provider.
    Unsupported,
}

/// Asks the provider about a key, by one request.
pub async fn probe(outbound: &Outbound, entry: &ProviderEntry, key: &Secret<String>, limits: ProbeLimits) -> ProbeOutcome {
    let Some(validation) = &entry.validate else { return ProbeOutcome::Unsupported };
    let until = Instant::now() + limits.time;
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if entry.protocol == Protocol::Anthropic {
        headers.insert(HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"));
    }
    if place(&mut headers, entry.auth, key.expose()).is_err() {
        return ProbeOutcome::Invalid { message: "the key has characters that no key has".to_owned() };
    }
    let address = entry.address(&validation.path);
    let answer = match outbound.get(entry, &address, headers, limits.time).await {
        Ok(answer) => answer,
        Err(unreached) => return unreached_outcome(unreached, limits.time),
    };
    let (head, body) = answer.into_parts();
    let said = match read(body, until, limits.answer).await {
        Ok(said) => said,
        // The status alone is enough to know that the key was refused.
        Err(_) if matches!(head.status.as_u16(), 401 | 403) => BytesMut::new(),
        Err(outcome) => return outcome,
    };
    judge(entry.protocol, head.status, &said, key.expose())
}

fn unreached_outcome(unreached: Unreached, limit: Duration) -> ProbeOutcome {
    let (message, retryable) = match unreached {
        Unreached::Forbidden => ("the provider's name leads to an address that is not allowed".to_owned(), false),
        Unreached::Untrusted => ("the provider's certificate is not trusted here, so the key was not sent".to_owned(), false),
        Unreached::Refused => ("the provider can't be reached".to_owned(), true),
        Unreached::BrokeOff => ("the connection to the provider broke off".to_owned(), true),
        Unreached::Silent => (too_late(limit), true),
    };
    ProbeOutcome::Unreachable { message, retryable }
}

fn too_late(limit: Duration) -> String {
    format!("the provider didn't answer within {} s", limit.as_secs_f32())
}

async fn read(mut body: reqwest::Body, until: Instant, limit: usize) -> Result<BytesMut, ProbeOutcome> {
    let unreachable = |message: &str, retryable| ProbeOutcome::Unreachable { message: message.to_owned(), retryable };
    let mut text = BytesMut::new();
    loop {
        match timeout_at(until, body.frame()).await {
            Err(_) => return Err(unreachable("the provider didn't finish its answer in time", true)),
            Ok(None) => return Ok(text),
            Ok(Some(Err(_))) => return Err(unreachable("the connection to the provider broke off", true)),
            Ok(Some(Ok(frame))) => {
                let Ok(data) = frame.into_data() else { continue };
                if text.len() + data.len() > limit {
                    return Err(unreachable("the provider's answer is longer than any answer to this question", false));
                }
                text.extend_from_slice(&data);
            }
        }
    }
}

fn judge(protocol: Protocol, status: StatusCode, said: &[u8], key: &str) -> ProbeOutcome {
    let document: Option<serde_json::Value> = serde_json::from_slice(said).ok();
    let quote = || document.as_ref().map(|document| quote(document, key)).unwrap_or_default();
    match status.as_u16() {
        // A page that says hello proves nothing.
        200..=299
            if document
                .as_ref()
                .is_some_and(|document| document.is_object() && document.get("error").is_none_or(serde_json::Value::is_null)) =>
        {
            ProbeOutcome::Valid
        }
        200..=299 => ProbeOutcome::Unreachable { message: "the provider's answer is not of its protocol".to_owned(), retryable: false },
        // Google answers a wrong key as a malformed request.
        refused @ (400 | 401 | 403) if refused != 400 || (protocol == Protocol::Google && says_invalid(said)) => {
            let message = format!("the provider refused the key (status {refused}){}", quote());
            if document.as_ref().is_some_and(says_expired) { ProbeOutcome::Expired { message } } else { ProbeOutcome::Invalid { message } }
        }
        300..=399 => ProbeOutcome::Unreachable {
            message: "the provider answered with a redirect, which is not followed".to_owned(),
            retryable: false,
        },
        408 | 425 | 429 | 500..=599 => {
            ProbeOutcome::Unreachable { message: format!("the provider answered with status {}", status.as_u16()), retryable: true }
        }
        other => ProbeOutcome::Unreachable { message: format!("the provider answered with status {other}{}", quote()), retryable: false },
    }
}

fn says_invalid(said: &[u8]) -> bool {
    said.windows(15).any(|word| word == b"API_KEY_INVALID")
}

/// Whether a refusal is about time: by its code, or in a sentence about a key.
fn says_expired(document: &serde_json::Value) -> bool {
    let text = |path: &str| document.pointer(path).and_then(|said| said.as_str()).map(str::to_ascii_lowercase);
    let codes = ["/error/code", "/error/type", "/error/status", "/code", "/type"];
    let sentences = ["/error/message", "/message", "/error", "/detail"];
    codes.into_iter().filter_map(text).any(|code| code.contains("expired"))
        || sentences.into_iter().filter_map(text).any(|said| said.contains("expired") && (said.contains("key") || said.contains("token")))
}

/// A sentence of the provider's, without what looks like a key.
fn quote(document: &serde_json::Value, key: &str) -> String {
    let said = document.pointer("/error/message").or_else(|| document.get("message")).and_then(|said| said.as_str());
    let Some(said) = said.map(str::trim).filter(|said| !said.is_empty()) else { return String::new() };
    let said = said.replace(key, REDACTED);
    let said: String = redacted(&said).chars().filter(|letter| !letter.is_control()).take(MAX_QUOTE).collect();
    // Some quote the beginning and the end of the key that they refuse.
    if quotes_part_of(&said, key) { String::new() } else { format!(": {said}") }
}

/// Whether a text holds a longer piece of the key: then none of it is kept.
fn quotes_part_of(said: &str, key: &str) -> bool {
    const PIECE: usize = 6;
    let letters: Vec<char> = key.chars().collect();
    letters.windows(PIECE).any(|piece| said.contains(&piece.iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_never_comes_back_in_words() {
        let key = "sk-proj-abcdefghijklmnop";
        let judged = |status: u16, said: &str| judge(Protocol::OpenAiChat, StatusCode::from_u16(status).unwrap(), said.as_bytes(), key);
        let text = |outcome: ProbeOutcome| format!("{outcome:?}");
        let whole = text(judged(401, &format!(r#"{{"error":{{"message":"Incorrect API key provided: {key}."}}}}"#)));
        assert!(whole.contains("Incorrect API key provided") && !whole.contains("abcdef"), "{whole}");
        let parts = text(judged(401, r#"{"error":{"message":"Incorrect API key: ghijklm*****mnop"}}"#));
        assert!(parts.contains("refused the key (status 401)") && !parts.contains("ghijklm"), "{parts}");
        assert_eq!(judged(200, r#"{"data":[]}"#), ProbeOutcome::Valid);
        for lie in ["<html>welcome</html>", "[]", "", r#"{"error":{"message":"no"}}"#] {
            assert!(matches!(judged(200, lie), ProbeOutcome::Unreachable { retryable: false, .. }), "{lie}");
        }
        assert!(matches!(judged(500, ""), ProbeOutcome::Unreachable { retryable: true, .. }));
        assert!(matches!(judged(302, ""), ProbeOutcome::Unreachable { retryable: false, .. }));
        let google = judge(Protocol::Google, StatusCode::BAD_REQUEST, br#"{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}"#, key);
        assert!(matches!(google, ProbeOutcome::Invalid { .. }));
        let expired = br#"{"error":{"code":400,"message":"API key expired. Please renew the API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#;
        let google = judge(Protocol::Google, StatusCode::BAD_REQUEST, expired, key);
        assert!(matches!(google, ProbeOutcome::Expired { .. }), "{google:?}");
        for (said, is_expired) in [
            (r#"{"error":{"code":"expired_api_key","message":"no"}}"#, true),
            (r#"{"error":{"message":"This key has expired"}}"#, true),
            (r#"{"message":"your trial expired"}"#, false),
            (r#"{"error":{"code":7}}"#, false),
        ] {
            assert_eq!(matches!(judged(401, said), ProbeOutcome::Expired { .. }), is_expired, "{said}");
        }
    }
}
