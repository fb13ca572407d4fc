//! Reading answers: bodies within bounds, and the contract's error body.

use crate::{ClientError, Refusal};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde::Deserialize;
use std::time::Duration;

/// No answer of the contract comes near; it keeps a wrong peer from filling the memory.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// An answer whose body was read.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn read(response: http::Response<Incoming>) -> Result<Self, ClientError> {
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|source| {
            if source.is::<LengthLimitError>() {
                return ClientError::Unexpected(format!("its body is larger than {MAX_BODY_BYTES} bytes"));
            }
            ClientError::Unreachable { doing: "reading the answer", source }
        })?;
        Ok(Self { status: parts.status, headers: parts.headers, body: body.to_bytes() })
    }

    /// The body as JSON, or the error that the status announces.
    pub(crate) fn json<T: for<'de> Deserialize<'de>>(self) -> Result<T, ClientError> {
        let body = self.success()?;
        serde_json::from_slice(&body).map_err(|error| ClientError::Unexpected(error.to_string()))
    }

    /// The body of a successful answer.
    pub(crate) fn success(self) -> Result<Bytes, ClientError> {
        if self.status.is_success() { Ok(self.body) } else { Err(self.refusal().into()) }
    }

    /// The error that this answer describes; whatever stands between client and cloud may answer too,
    /// so the body may be anything.
    pub(crate) fn refusal(&self) -> Refusal {
        let body: ErrorBody = serde_json::from_slice(&self.body).unwrap_or_default();
        let retry_after_header = || {
            let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
            Some(Duration::from_secs(seconds))
        };
        Refusal {
            status: self.status,
            code: body.verdict.and_then(|verdict| verdict.policy_code).or(body.code),
            message: body.error.unwrap_or_else(|| self.status.canonical_reason().unwrap_or("unknown status").to_lowercase()),
            retry_after: body.retry_after_ms.map(Duration::from_millis).or_else(retry_after_header),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    error: Option<String>,
    code: Option<String>,
    retry_after_ms: Option<u64>,
    verdict: Option<Verdict>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    policy_code: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Answer {
        let headers = headers.iter().map(|(name, value)| (name.parse().expect("name"), value.parse().expect("value"))).collect();
        Answer { status: StatusCode::from_u16(status).expect("status"), headers, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn an_error_body_gives_code_text_and_delay() {
        let body = r#"{"error":"Cloud prompt quota exceeded.","retryAfterMs":3586190,
            "verdict":{"allowed":false,"reason":"Cloud prompt quota exceeded.","policyCode":"quota.prompts_per_hour_exceeded"}}"#;
        let refusal = answer(429, &[("retry-after", "3587")], body).refusal();
        assert_eq!(refusal.code.as_deref(), Some("quota.prompts_per_hour_exceeded"));
        assert_eq!(refusal.retry_after, Some(Duration::from_millis(3_586_190)));
        assert_eq!(refusal.to_string(), "429 Too Many Requests: Cloud prompt quota exceeded. (quota.prompts_per_hour_exceeded)");
    }

    #[test]
    fn an_answer_that_is_not_ours_still_says_something() {
        let refusal = answer(502, &[("retry-after", "2")], "<html>").refusal();
        assert_eq!((refusal.message.as_str(), refusal.retry_after), ("bad gateway", Some(Duration::from_secs(2))));
    }
}
