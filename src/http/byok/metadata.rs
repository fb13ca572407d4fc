//! A record as it is shown: what a key is good for, never the key.

use cowork_domain::{
    byok::{ByokStatus, CredentialKind, Health, ValidationSource},
    codes::Code,
    ids::SecretId,
    provider::ProviderId,
    timestamp::Timestamp,
};
use cowork_store::ByokRow;
use serde::Serialize;
use utoipa::ToSchema;

/// The only shape in which a provider key is ever returned.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SecretMetadata {
    #[schema(value_type = String)]
    secret_id: SecretId,
    #[schema(value_type = String)]
    provider_id: ProviderId,
    /// `pending_validation`, active, disabled, expired, invalid or unsupported.
    #[schema(value_type = String)]
    status: ByokStatus,
    /// plaintext or `kms_ref`.
    #[schema(value_type = String)]
    credential_kind: CredentialKind,
    /// The last four characters.
    last4: String,
    /// 24 hex digits of a hash of the key.
    key_fingerprint: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_validated_at: Option<Timestamp>,
    /// What is known against the key, or why somebody overrode its validation; without secrets.
    validation_error: Option<String>,
    /// The same for programs.
    #[schema(value_type = Option<String>)]
    validation_code: Option<Code>,
    /// Who said that the key may be used: validator or override.
    #[schema(value_type = Option<String>)]
    validation_source: Option<ValidationSource>,
    /// unchecked, checking, healthy, doubtful, failed or off.
    #[schema(value_type = String)]
    health: Health,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl SecretMetadata {
    pub(in crate::http) fn of(row: ByokRow) -> Self {
        let health = row.credential.health();
        let credential = row.credential;
        let (validation_code, validation_error) = credential.finding.map(|finding| (finding.code, finding.text)).unzip();
        Self {
            secret_id: row.id,
            provider_id: row.provider,
            status: credential.status,
            credential_kind: row.kind,
            last4: row.marks.last4,
            key_fingerprint: row.marks.fingerprint,
            last_validated_at: credential.validated.map(|validated| validated.at),
            validation_error,
            validation_code: validation_code.flatten(),
            validation_source: credential.validated.map(|validated| validated.source),
            health,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }

    /// Tells the latest record of each provider from the one in use, where that is another: a new key that isn't validated yet
    /// doesn't take the place of a working one.
    pub(in crate::http) fn shown(rows: Vec<ByokRow>) -> Shown {
        let mut shown = Shown { latest: Vec::new(), in_use: Vec::new() };
        let mut provider = None;
        for row in rows {
            if row.credential.is_usable() {
                shown.in_use.push(Self::of(row.clone()));
            }
            if provider.as_ref() != Some(&row.provider) {
                provider = Some(row.provider.clone());
                shown.latest.push(Self::of(row));
            }
        }
        shown
    }
}

/// Records as people look at them.
pub(in crate::http) struct Shown {
    /// The latest of each provider, by provider.
    pub(in crate::http) latest: Vec<SecretMetadata>,
    /// Those that runtimes use now.
    pub(in crate::http) in_use: Vec<SecretMetadata>,
}
