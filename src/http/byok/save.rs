//! `POST /api/byok/{provider}` (contract 03 §1).

use super::{
    body::{Brought, SaveRequest},
    metadata::SecretMetadata,
    provider,
};
use crate::http::{answer::Json, error::ApiError, gate::Caller, mandate, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_domain::{
    byok::{KeyInvalid, KmsReferenceRefused, ProviderKey},
    codes::Code,
    ids::{OrgId, SecretId},
    provider::ProviderId,
};
use cowork_secrets::sealing::{OrgKey, SealError, Sealer, Subject};
use cowork_store::{ByokKey, ByokSave, NewByokSecret, OrgDataKey, StoreError};
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
    #[error("the organisation's data key can't be used: {0}")]
    Seal(#[from] SealError),
    #[error("a fresh data key is unreadable")]
    OrgKey,
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
    let text = "BYOK credential requires exactly one of plaintext/apiKey/key/secret or kmsRef.";
    let brought = request.credential().ok_or_else(|| ApiError::invalid(text))?;
    let org = &caller.principal().org_id;
    let id = state.node.clock().mint_secret_id();
    let created_by = Some(caller.principal().account_id.to_string());
    let (saving, new) = match brought {
        Brought::Key(key) => {
            let key = ProviderKey::read(key.expose())?;
            let sealer = state.options.byok.sealing.now().ok_or_else(not_configured)?;
            let mut saving = state.node.store().begin_byok_save(org, &provider).await?;
            let (sealed, key_id) = seal(&mut saving, &sealer, org, &provider, id, &key).await?;
            (saving, NewByokSecret { id, key: sealed, key_id: Some(key_id), marks: key.marks(), created_by })
        }
        Brought::Reference(reference) => {
            let reference = state.options.byok.references.take(reference.expose())?;
            let saving = state.node.store().begin_byok_save(org, &provider).await?;
            let (marks, key) = (reference.marks(), ByokKey::Reference(reference.as_str().to_owned()));
            (saving, NewByokSecret { id, key, key_id: None, marks, created_by })
        }
    };
    let row = saving.finish(new, &mandate::of(&state, &caller), state.node.clock().now()).await?;
    Ok(Json::of(&ByokSaved { secret: SecretMetadata::of(row) }).with_status(StatusCode::CREATED))
}

/// Seals a key to the organisation's data key, which is made where there is none yet.
async fn seal(
    saving: &mut ByokSave,
    sealer: &Sealer,
    org: &OrgId,
    provider: &ProviderId,
    id: SecretId,
    key: &ProviderKey,
) -> Result<(ByokKey, String), SaveError> {
    let org_key = match saving.org_key() {
        Some(known) => OrgKey {
            generation: known.generation,
            public: known.public_key.clone(),
            sealed_private: known.sealed_private.clone().unwrap_or_default(),
        },
        None => {
            let made = sealer.new_org_key(org, saving.next_generation());
            let key_id = made.key_id().map_err(|_| SaveError::OrgKey)?.to_string();
            let (generation, public_key) = (made.generation, made.public.clone());
            saving.add_org_key(OrgDataKey { generation, public_key, sealed_private: Some(made.sealed_private.clone()), key_id }).await?;
            made
        }
    };
    let subject = Subject { org, provider: provider.as_str(), secret: &id.to_string(), version: saving.version() };
    let sealed = sealer.seal(&org_key, &subject, key.secret())?;
    Ok((ByokKey::Sealed { bytes: sealed.to_bytes(), org_key: sealed.org_key() }, sealed.key_id().to_string()))
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
            SaveError::Store(error) => error.into(),
            error => {
                tracing::error!(%error, "a provider key can't be sealed");
                not_configured()
            }
        }
    }
}
