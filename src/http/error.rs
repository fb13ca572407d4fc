//! The one shape of an error (contract 00 §5): `{error, code, retryAfterMs?, verdict?}`.
//!
//! `code` at the top level is our addition; the contract's clients look for it and accept its absence. Every error has one: that of
//! its status, where nothing better is known. Internals never reach a client: what is unexpected is logged and answered with a fixed text.

use super::answer::Json;
use axum::response::{IntoResponse, Response};
use cowork_actors::{ActorKind, SessionError};
use cowork_domain::codes::Code;
use cowork_store::StoreError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use std::{borrow::Cow, time::Duration};

/// An answer that is not the one the client wanted.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: Cow<'static, str>,
    code: &'static str,
    /// The rule that refused, which clients read under `verdict`.
    policy_code: Option<&'static str>,
    retry_after: Option<Duration>,
    closes: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    error: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verdict<'a> {
    allowed: bool,
    reason: &'a str,
    policy_code: &'static str,
}

impl ApiError {
    /// A plain error, with the code of its status.
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into(), code: code_of(status).as_str(), policy_code: None, retry_after: None, closes: false }
    }

    /// 400: a field is missing or malformed.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message).code(Code::InvalidField)
    }

    /// 404 of a path or resource that is not there.
    pub(crate) fn not_found(message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 404 of a session that does not exist or belongs to somebody else.
    pub(crate) fn session_not_found() -> Self {
        Self::not_found("Cloud session was not found.")
    }

    /// 403 by a rule.
    pub(crate) fn forbidden(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message).verdict(code.as_str())
    }

    /// Says more exactly what is wrong.
    pub(crate) fn code(mut self, code: Code) -> Self {
        self.code = code.as_str();
        self
    }

    /// Says more exactly what is wrong, and under `verdict` that this rule refused.
    pub(crate) fn verdict(mut self, code: &'static str) -> Self {
        self.code = code;
        self.policy_code = Some(code);
        self
    }

    /// Says under `verdict` which rule refused; the stable code is another one.
    pub(crate) fn policy(mut self, code: Code) -> Self {
        self.policy_code = Some(code.as_str());
        self
    }

    /// Says first what the sentence is about.
    pub(crate) fn preceded_by(mut self, subject: &str) -> Self {
        self.message = format!("{subject}{}", self.message).into();
        self
    }

    /// Says when to try again.
    pub(crate) fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Closes the connection after the answer.
    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    /// The status of the answer.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence for a person.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The stable code of the answer.
    pub(crate) const fn stable_code(&self) -> &'static str {
        self.code
    }

    /// The body of the answer; the same for HTTP and WebSocket.
    pub(crate) fn body(&self) -> String {
        let body = Body {
            error: &self.message,
            code: self.code,
            // Stream refusals send the header alone (contract 00 §9.3).
            retry_after_ms: self.retry_after.filter(|_| !self.closes).map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
            verdict: self.policy_code.map(|policy_code| Verdict { allowed: false, reason: &self.message, policy_code }),
        };
        serde_json::to_string(&body).expect("text and numbers always serialise")
    }

    fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed unexpectedly");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error.")
    }
}

/// What a status says without more.
const fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::UNAUTHORIZED => Code::RequestUnauthenticated,
        StatusCode::FORBIDDEN => Code::RequestForbidden,
        StatusCode::NOT_FOUND => Code::ResourceNotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::CONFLICT => Code::ResourceConflict,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::RANGE_NOT_SATISFIABLE => Code::RangeNotSatisfiable,
        StatusCode::TOO_MANY_REQUESTS => Code::LimitExceeded,
        StatusCode::SERVICE_UNAVAILABLE => Code::ServiceUnavailable,
        status if status.as_u16() >= 500 => Code::InternalError,
        _ => Code::RequestInvalid,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Json::text(self.body()).with_status(self.status).into_response();
        let headers = response.headers_mut();
        if let Some(after) = self.retry_after {
            let seconds = after.as_millis().div_ceil(1000).max(1);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
        }
        if self.closes {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            tracing::warn!(%error, "a request could not reach the database");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "Cloud storage is unavailable. Try again.")
                .code(Code::StoreUnavailable)
                .retry_after(Duration::from_secs(1));
        }
        Self::internal(&error)
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotFound => Self::session_not_found(),
            SessionError::Refused(refusal) => Self::new(StatusCode::TOO_MANY_REQUESTS, refusal.message)
                .verdict(refusal.code.as_str())
                .retry_after(Duration::from_millis(refusal.retry_after_ms)),
            SessionError::SourceDenied(denied) => denied.into(),
            SessionError::Quarantined { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "This session failed too often and is stopped until an operator lifts the stop.")
                    .code(Code::SessionQuarantined)
            }
            SessionError::EntityQuarantined { kind, .. } => {
                let what = match kind {
                    ActorKind::Org => "organization",
                    ActorKind::Binding => "channel binding",
                    ActorKind::Byok => "provider key",
                    ActorKind::Session | ActorKind::Turn => "session",
                };
                let text = format!("This {what} failed too often and is stopped until an operator lifts the stop.");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, text).code(Code::EntityQuarantined)
            }
            SessionError::CommandIdInUse => {
                Self::new(StatusCode::CONFLICT, "This command id is in use by another session.").code(Code::IdempotencyMismatch)
            }
            SessionError::Unavailable => Self::new(StatusCode::SERVICE_UNAVAILABLE, "No node could take the request in time. Try again.")
                .code(Code::ClusterUnavailable)
                .retry_after(Duration::from_secs(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_like_the_recording() {
        let refusal = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Cloud prompt quota exceeded.")
            .verdict(Code::PromptsPerHourExceeded.as_str())
            .retry_after(Duration::from_millis(3_586_190));
        let body: serde_json::Value = serde_json::from_str(&refusal.body()).expect("JSON");
        let expected = serde_json::json!({
            "error": "Cloud prompt quota exceeded.", "code": "quota.prompts_per_hour_exceeded", "retryAfterMs": 3_586_190,
            "verdict": { "allowed": false, "reason": "Cloud prompt quota exceeded.", "policyCode": "quota.prompts_per_hour_exceeded" },
        });
        assert_eq!(body, expected);
        let response = refusal.into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "3587");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json; charset=utf-8");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn a_stop_says_what_is_stopped() {
        let stopped = |kind| ApiError::from(SessionError::EntityQuarantined { kind, code: "actor.panicked".into() });
        let binding = stopped(ActorKind::Binding);
        assert_eq!((binding.status(), binding.stable_code()), (StatusCode::SERVICE_UNAVAILABLE, Code::EntityQuarantined.as_str()));
        assert_eq!(binding.message(), "This channel binding failed too often and is stopped until an operator lifts the stop.");
        assert!(stopped(ActorKind::Byok).message().starts_with("This provider key"));
        let session = ApiError::from(SessionError::Quarantined { code: "actor.panicked".into() });
        assert_eq!(session.stable_code(), Code::SessionQuarantined.as_str());
    }

    #[test]
    fn a_plain_error_says_what_its_status_says() {
        assert_eq!(ApiError::session_not_found().body(), r#"{"error":"Cloud session was not found.","code":"resource.not_found"}"#);
        for (status, code) in [
            (400, Code::RequestInvalid),
            (401, Code::RequestUnauthenticated),
            (403, Code::RequestForbidden),
            (404, Code::ResourceNotFound),
            (405, Code::MethodNotAllowed),
            (408, Code::RequestTimeout),
            (409, Code::ResourceConflict),
            (413, Code::BodyTooLarge),
            (416, Code::RangeNotSatisfiable),
            (422, Code::RequestInvalid),
            (429, Code::LimitExceeded),
            (500, Code::InternalError),
            (503, Code::ServiceUnavailable),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(ApiError::new(status, "It went wrong.").stable_code(), code.as_str(), "{status}");
        }
    }
}
