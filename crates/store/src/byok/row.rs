//! A record as it stands in its row.

use crate::StoreError;
use cowork_domain::{
    byok::{ByokStatus, CheckCause, Credential, CredentialKind, DueCheck, Finding, KeyMarks, Validated, ValidationSource},
    codes::Code,
    ids::{OrgId, SecretId},
    provider::ProviderId,
    timestamp::Timestamp,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// A record of a key, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByokRow {
    /// Names it.
    pub id: SecretId,
    /// Whose it is.
    pub org: OrgId,
    /// For which provider.
    pub provider: ProviderId,
    /// Counts what was saved for the provider, from 1.
    pub version: u32,
    /// Where the key itself is.
    pub kind: CredentialKind,
    /// What may be shown of it.
    pub marks: KeyMarks,
    /// What it is good for.
    pub credential: Credential,
    /// Whose place it took.
    pub rotated_from: Option<SecretId>,
    /// When it was saved.
    pub created_at: Timestamp,
    /// When what clients see of it last changed.
    pub updated_at: Timestamp,
}

/// Where a key itself is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByokKey {
    /// Here, sealed.
    Sealed {
        /// Means something to the crate that seals.
        bytes: Vec<u8>,
        /// The organisation's data key that it needs.
        org_key: u32,
    },
    /// In a key manager.
    Reference(String),
}

/// The columns as the queries of this folder select them.
pub(super) struct Columns {
    pub(super) secret: Uuid,
    pub(super) org: String,
    pub(super) provider: String,
    pub(super) version: i32,
    pub(super) status: String,
    pub(super) credential_kind: String,
    pub(super) last4: String,
    pub(super) fingerprint: String,
    pub(super) validation_source: Option<String>,
    pub(super) last_validated_at: Option<OffsetDateTime>,
    pub(super) validation_code: Option<String>,
    pub(super) validation_error: Option<String>,
    pub(super) rotated_from: Option<Uuid>,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
    pub(super) check_due_at: Option<OffsetDateTime>,
    pub(super) check_cause: Option<String>,
    pub(super) check_attempts: i32,
    pub(super) refusals: i32,
    pub(super) last_check_at: Option<OffsetDateTime>,
}

impl Columns {
    pub(super) fn read(self) -> Result<ByokRow, StoreError> {
        let secret = self.secret;
        let wrong = |what: &str| StoreError::inconsistent("byok_secrets", secret, what);
        let credential = Credential {
            status: ByokStatus::parse(&self.status).ok_or_else(|| wrong("unknown status"))?,
            validated: match (self.validation_source, self.last_validated_at) {
                (Some(source), Some(at)) => {
                    let source = ValidationSource::parse(&source).ok_or_else(|| wrong("unknown validation source"))?;
                    Some(Validated { source, at: at.into() })
                }
                // A row that says only half of it was not written by us: nothing of it may be used.
                _ => None,
            },
            finding: self.validation_error.map(|text| Finding { code: self.validation_code.as_deref().and_then(Code::parse), text }),
            due: match (self.check_due_at, self.check_cause) {
                (Some(at), Some(cause)) => {
                    Some(DueCheck { at: at.into(), cause: CheckCause::parse(&cause).ok_or_else(|| wrong("unknown cause"))? })
                }
                _ => None,
            },
            attempts: u32::try_from(self.check_attempts).unwrap_or(0),
            refusals: u32::try_from(self.refusals).unwrap_or(0),
            last_check_at: self.last_check_at.map(Timestamp::from),
        };
        Ok(ByokRow {
            id: SecretId::from_uuid(secret),
            org: OrgId::new(self.org),
            provider: ProviderId::parse(&self.provider).map_err(|_| wrong("not a provider's name"))?,
            version: u32::try_from(self.version).map_err(|_| wrong("impossible version"))?,
            kind: CredentialKind::parse(&self.credential_kind).ok_or_else(|| wrong("unknown kind"))?,
            marks: KeyMarks { last4: self.last4, fingerprint: self.fingerprint },
            credential,
            rotated_from: self.rotated_from.map(SecretId::from_uuid),
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}
