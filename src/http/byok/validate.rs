//! `POST /api/byok/{provider}/validate` (contract 03 §1).

use super::{metadata::SecretMetadata, provider};
use crate::http::{answer::Json, billing, error::ApiError, gate::Caller, mandate, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_domain::{billing::BillingAction, byok::ByokStatus};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct ByokValidated {
    /// The record as it is now; null when there is none, or it is disabled.
    secret: Option<SecretMetadata>,
    /// Whether its key may be used now.
    validated: bool,
}

/// Have the latest key of a provider checked.
///
/// The request is durable: a worker carries it out, and tries again a few times if the provider can't be reached. The answer
/// waits for the first try, for some seconds; `pending_validation` in it means that the provider didn't say yet.
#[utoipa::path(post, path = "/api/byok/{provider}/validate", operation_id = "validateByokSecret", tag = "administration",
    params(("provider" = String, Path, description = "The provider, in any case")),
    responses(
        (status = 200, description = "The record as it is now", body = ByokValidated, example = json!({"secret": {
            "secretId": "byok_018f2f5c3b1e7c008a1b2c3d4e5f6071", "providerId": "openrouter", "status": "active",
            "credentialKind": "plaintext", "last4": "9xyz", "keyFingerprint": "2f1d6c0b5a4e39281706f5e4",
            "lastValidatedAt": "2026-11-21T17:58:20.283Z", "validationError": null, "validationCode": null, "validationSource": "validator",
            "health": "healthy", "createdAt": "2026-11-21T17:58:20.261Z", "updatedAt": "2026-11-21T17:58:20.283Z"}, "validated": true})),
        (status = 400, description = "That is no provider's name", body = ErrorBody),
        (status = 402, description = "The organisation's subscription doesn't cover it", body = ErrorBody),
        (status = 403, description = "The provider is not allowed", body = ErrorBody),
        (status = 503, description = "Checks of this key failed so often that they are stopped until an operator lifts that", body = ErrorBody,
            example = json!({"error": "This provider key failed too often and is stopped until an operator lifts the stop.", "code": "entity.quarantined"})),
    ))]
pub(super) async fn validate(State(state): State<HttpState>, caller: Caller, Path(provider): Path<String>) -> Result<Json, ApiError> {
    let provider = provider::usable(&state, &caller, &provider).await?;
    billing::require(&state, &caller.principal().org_id, BillingAction::ByokProvider(provider.as_str())).await?;
    let (org, store) = (&caller.principal().org_id, state.node.store());
    let asked = store.ask_byok_check(org, &provider, &mandate::of(&state, &caller), state.node.clock().now()).await?;
    let Some(asked) = asked else { return Ok(Json::of(&ByokValidated { secret: None, validated: false })) };
    state.node.check_key(asked.id, state.options.byok.validation_patience).await?;
    // A record that is neither the latest nor in use any more was replaced meanwhile, and counts as disabled.
    let row = store.byok_shown(org, Some(&provider)).await?.into_iter().find(|row| row.id == asked.id);
    let row = row.filter(|row| row.credential.status != ByokStatus::Disabled);
    let validated = row.as_ref().is_some_and(|row| row.credential.is_usable());
    Ok(Json::of(&ByokValidated { secret: row.map(SecretMetadata::of), validated }))
}
