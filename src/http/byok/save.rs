//! `POST /api/byok/{provider}` (contract 03 §1).

use super::{
    body::{Brought, SaveRequest},
    metadata::SecretMetadata,
    provider,
};
use crate::{
    http::{answer::Json, billing, error::ApiError, gate::Caller, mandate, schema::ErrorBody, state::HttpState},
    secrets::{OrgKeyError, SealerMissing},
};
use axum::extract::{Path, State};
use cowork_domain::{
    billing::BillingAction,
    byok::{KeyInvalid, KmsReference, KmsReferenceRefused, ProviderKey},
    codes::Code,
    provider::ProviderId,
};
use cowork_secrets::sealing::{SealError, Subject};
use cowork_store::{ByokKey, ByokRow, NewByokSecret, StoreError};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ByokSaveRequest {
    /// The key; plaintext, key and secret are other names for it.
    #[schema(required = false)]
    api_key: Option<String>,
    /// Where a key manager holds it, in place of the key.
    #[schema(required = false)]
    kms_ref: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ByokSaved {
    secret: SecretMetadata,
}

/// Why a key was not saved.
#[derive(Debug, thiserror::Error)]
enum SaveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sealer(#[from] SealerMissing),
    #[error(transparent)]
    OrgKey(#[from] OrgKeyError),
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Save a provider key. Nobody ever gets it back.
///
/// It is used by nobody before it was validated; until then a key that works stays in use.
#[utoipa::path(post, path = "/api/byok/{provider}", operation_id = "saveByokSecret", tag = "administration",
    params(("provider" = String, Path, description = "The provider, in any case")),
    request_body(content = ByokSaveRequest, example = json!({"apiKey": "sk-or-v1-…"})),
    responses(
        (status = 201, description = "The record", body = ByokSaved, example = json!({"secret": {
            "secretId": "byok_018f2f5c3b1e7c008a1b2c3d4e5f6071", "providerId": "openrouter", "status": "pending_validation",
            "credentialKind": "plaintext", "last4": "9xyz", "keyFingerprint": "2f1d6c0b5a4e39281706f5e4", "lastValidatedAt": null,
            "validationError": null, "validationCode": null, "validationSource": null, "health": "unchecked",
            "createdAt": "2026-11-21T17:58:20.261Z", "updatedAt": "2026-11-21T17:58:20.261Z"}})),
        (status = 400, description = "No key, more than one, or one that can't be a key", body = ErrorBody,
            example = json!({"error": "BYOK credential requires exactly one of plaintext/apiKey/key/secret or kmsRef.", "code": "request.invalid_field"})),
        (status = 402, description = "The organisation's subscription doesn't cover it", body = ErrorBody),
        (status = 403, description = "The provider or the reference is not allowed here", body = ErrorBody,
            example = json!({"error": "Provider \"anthropic\" is not enabled for BYOK in this cloud profile.", "code": "byok.provider_disabled",
                "verdict": {"allowed": false, "reason": "Provider \"anthropic\" is not enabled for BYOK in this cloud profile.", "policyCode": "byok.provider_disabled"}})),
        (status = 413, description = "The body is larger than any key", body = ErrorBody),
        (status = 503, description = "Nothing can seal a key here", body = ErrorBody,
            example = json!({"error": "BYOK secret storage is not configured.", "code": "secrets.unsealed"})),
    ))]
pub(super) async fn save(
    State(state): State<HttpState>,
    caller: Caller,
    Path(provider): Path<String>,
    request: SaveRequest,
) -> Result<Json, ApiError> {
    let provider = provider::usable(&state, &caller, &provider).await?;
    billing::require(&state, &caller.principal().org_id, BillingAction::ByokProvider(provider.as_str())).await?;
    let text = "BYOK credential requires exactly one of plaintext/apiKey/key/secret or kmsRef.";
    let brought = request.credential().ok_or_else(|| ApiError::invalid(text))?;
    let new = match brought {
        Brought::Key(key) => New::Key(ProviderKey::read(key.expose())?),
        Brought::Reference(reference) => New::Reference(state.options.byok.references.take(reference.expose())?),
    };
    let row = keep(&state, &caller, &provider, new).await?;
    Ok(Json::of(&ByokSaved { secret: SecretMetadata::of(row) }).with_status(StatusCode::CREATED))
}

/// What is saved, once it was found good.
enum New {
    Key(ProviderKey),
    Reference(KmsReference),
}

async fn keep(state: &HttpState, caller: &Caller, provider: &ProviderId, new: New) -> Result<ByokRow, SaveError> {
    let (store, clock, org) = (state.node.store(), state.node.clock(), &caller.principal().org_id);
    let id = clock.mint_secret_id();
    let (saving, key, key_id, marks) = match new {
        New::Key(key) => {
            let sealer = state.keyring.sealer(store).await?;
            let org_key = state.keyring.org_key(store, &sealer, org).await?;
            let saving = store.begin_byok_save(org, provider).await?;
            let subject = Subject { org, provider: provider.as_str(), secret: &id.to_string(), version: saving.version() };
            let sealed = sealer.seal(&org_key, &subject, key.secret())?;
            let stored = ByokKey::Sealed { bytes: sealed.to_bytes(), org_key: sealed.org_key() };
            (saving, stored, Some(sealed.key_id().to_string()), key.marks())
        }
        New::Reference(reference) => {
            let saving = store.begin_byok_save(org, provider).await?;
            (saving, ByokKey::Reference(reference.as_str().to_owned()), None, reference.marks())
        }
    };
    let created_by = Some(caller.principal().account_id.to_string());
    let secret = NewByokSecret { id, key, key_id, marks, created_by };
    Ok(saving.finish(secret, &mandate::of(state, caller), clock.now()).await?)
}

fn not_configured() -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "BYOK secret storage is not configured.").code(Code::SecretsUnsealed)
}

impl From<KeyInvalid> for ApiError {
    fn from(invalid: KeyInvalid) -> Self {
        Self::invalid(invalid.to_string())
    }
}

impl From<KmsReferenceRefused> for ApiError {
    fn from(refused: KmsReferenceRefused) -> Self {
        match refused {
            KmsReferenceRefused::NotPlain => Self::invalid(refused.to_string()),
            _ => Self::forbidden(Code::ByokReferenceRefused, refused.to_string()),
        }
    }
}

impl From<SaveError> for ApiError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Store(error) | SaveError::Sealer(SealerMissing::Store(error)) | SaveError::OrgKey(OrgKeyError::Store(error)) => {
                error.into()
            }
            SaveError::Sealer(SealerMissing::NotConfigured) => not_configured(),
            error => {
                tracing::error!(%error, "a provider key can't be sealed");
                not_configured()
            }
        }
    }
}
