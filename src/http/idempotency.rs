//! `Idempotency-Key` on session create and prompt: the same key with the same request has one effect
//! and one answer for 24 hours (invariant I5). Our addition to the contract.
//!
//! The first request with a key claims it together with a freshly minted id; every repetition gets
//! that id back, also while the first is still on its way, so all of them name the same session or
//! command. Only success is remembered: after an error the same key may be tried again.

use super::{answer::Json, error::ApiError, gate::Caller, state::HttpState};
use axum::extract::FromRequestParts;
use cowork_domain::{codes::Code, ids::derived_uuid};
use cowork_store::IdempotencyClaim;
use http::{HeaderName, StatusCode, request::Parts};
use sha2::{Digest, Sha256};
use std::time::Duration;
use uuid::Uuid;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST_KEY: usize = 255;
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The key of a request, if it has one: 1 to 255 visible ASCII characters.
pub(super) struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// Checks a key that came in some other way than by header.
    pub(super) fn parse(key: Option<&str>) -> Result<Self, ApiError> {
        let Some(key) = key else { return Ok(Self(None)) };
        let is_valid = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_valid {
            let error = ApiError::new(StatusCode::BAD_REQUEST, "Idempotency-Key must have 1 to 255 visible ASCII characters.");
            return Err(error.code(Code::IdempotencyKeyInvalid));
        }
        Ok(Self(Some(key.to_owned())))
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let sent = parts.headers.get(&IDEMPOTENCY_KEY);
        // What is not even text fails the same check as an empty key.
        Self::parse(sent.map(|value| value.to_str().unwrap_or_default()))
    }
}

/// What a request may do after looking at its key.
pub(super) enum Claimed {
    /// Go on, and keep the answer.
    Mine(Claim),
    /// It was answered before; this is the answer.
    Answered(Json),
}

/// The right to act under a key, or without one.
pub(super) struct Claim {
    /// Names what this request makes.
    pub(super) id: Uuid,
    /// Somebody may have made it already.
    pub(super) is_repetition: bool,
    scope: Option<Uuid>,
}

/// Claims the key of a request. `minted` is used if this is the first one; `request` is what has to
/// be equal in repetitions.
pub(super) async fn claim(
    state: &HttpState,
    caller: &Caller,
    key: IdempotencyKey,
    operation: &str,
    request: &[&[u8]],
    minted: Uuid,
) -> Result<Claimed, ApiError> {
    let IdempotencyKey(Some(key)) = key else {
        return Ok(Claimed::Mine(Claim { id: minted, is_repetition: false, scope: None }));
    };
    let principal = caller.principal();
    let scope = derived_uuid(&["idempotency", principal.tenant_id.as_str(), principal.user_id.as_str(), operation, &key]);
    let claimed = state.node.store().claim_idempotency(scope, fingerprint(request), minted, KEPT_FOR).await?;
    match claimed {
        IdempotencyClaim::New { minted } => Ok(Claimed::Mine(Claim { id: minted, is_repetition: false, scope: Some(scope) })),
        IdempotencyClaim::Known { minted, answer: None } => {
            Ok(Claimed::Mine(Claim { id: minted, is_repetition: true, scope: Some(scope) }))
        }
        IdempotencyClaim::Known { answer: Some((status, text)), .. } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            Ok(Claimed::Answered(Json::text(text).with_status(status)))
        }
        IdempotencyClaim::Mismatch => {
            let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "This Idempotency-Key was used for another request.");
            Err(error.code(Code::IdempotencyMismatch))
        }
    }
}

impl Claim {
    /// Remembers the answer for repetitions. The effect is durable already, so a failure here costs
    /// only the exact repetition of the text.
    pub(super) async fn keep(&self, state: &HttpState, answer: &Json) {
        let Some(scope) = self.scope else { return };
        let (status, text) = answer.parts();
        if let Err(error) = state.node.store().keep_answer(scope, self.id, status.as_u16(), text).await {
            tracing::warn!(%error, "an answer could not be kept for its idempotency key");
        }
    }
}

impl Claim {
    /// What an error of the request means to its sender. Where no node could be reached in time, a repetition can't know whether
    /// the first request, which is still on its way, has had its effect: whoever sends it once more finds out.
    pub(super) fn explain(&self, error: ApiError) -> ApiError {
        if !self.is_repetition || error.stable_code() != Code::ClusterUnavailable.as_str() {
            return error;
        }
        ApiError::new(StatusCode::CONFLICT, "The first request with this Idempotency-Key isn't answered yet. Try again.")
            .code(Code::IdempotencyInProgress)
            .retry_after(Duration::from_secs(1))
    }
}

/// Lengths go in as well, so that no two lists of parts look alike.
fn fingerprint(request: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in request {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        let status = |key: &str| IdempotencyKey::parse(Some(key)).map(|_| ()).map_err(|error| error.status());
        assert_eq!(status("order-17"), Ok(()));
        assert_eq!(status(&"k".repeat(255)), Ok(()));
        for bad in ["", "two words", "tab\t", "é", &"k".repeat(256)] {
            assert_eq!(status(bad), Err(StatusCode::BAD_REQUEST), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(None).is_ok_and(|key| key.0.is_none()));
    }

    #[test]
    fn parts_of_a_request_do_not_run_into_each_other() {
        assert_ne!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"a", b"bc"]));
    }
}
