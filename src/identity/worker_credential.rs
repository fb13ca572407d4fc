//! What managed workers show: `ocw_{credential id}_{secret}` (contract 00 §3.3, 02 §11).

use super::{AuthenticateError, Authenticated, Proof, Unauthenticated};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    codes::Code,
    ids::UserId,
    policy::Authority,
    principal::{AuthSource, Principal, Role},
    timestamp::Timestamp,
};
use cowork_store::{CredentialState, ShownCredential, Standing, Store};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const PREFIX: &str = "ocw_";
const ID_PREFIX: &str = "mwcred_";
/// 12 and 32 bytes in base64url.
const ID_LENGTH: usize = 16;
const SECRET_LENGTH: usize = 43;
/// Anybody can show a credential that is over again and again; the audit log gets one row of it in this time.
const AUDIT_WINDOW_MS: i64 = 3_600_000;

/// A credential that a worker showed, or that was just made. It has no `Debug`.
pub struct WorkerCredential {
    id: String,
    secret: String,
}

impl WorkerCredential {
    /// Makes one of 44 random bytes.
    pub fn mint(random: [u8; 44]) -> Self {
        let (id, secret) = random.split_at(12);
        Self { id: format!("{ID_PREFIX}{}", URL_SAFE_NO_PAD.encode(id)), secret: URL_SAFE_NO_PAD.encode(secret) }
    }

    /// Reads a bearer credential; none when it has another form. Both parts may hold underscores, so only lengths tell them apart.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let (id, secret) = rest.split_at_checked(ID_PREFIX.len() + ID_LENGTH)?;
        let secret = secret.strip_prefix('_')?;
        let is_base64url = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let is_credential = id.starts_with(ID_PREFIX) && secret.len() == SECRET_LENGTH && is_base64url(id) && is_base64url(secret);
        is_credential.then(|| Self { id: id.to_owned(), secret: secret.to_owned() })
    }

    /// The public part.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The end of what is shown.
    pub fn last4(&self) -> &str {
        &self.secret[SECRET_LENGTH - 4..]
    }

    /// What is stored of the secret. A fast hash is enough: nobody guesses 256 random bits.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.as_bytes()).into()
    }

    /// The whole credential, to be shown once.
    pub fn plaintext(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, self.secret)
    }

    /// The worker that shows it; none when the secret isn't the stored one: then nothing about the credential is said. One
    /// read by its key.
    pub(super) async fn recognise(
        &self,
        store: &Store,
        known_revocations: i64,
        now: Timestamp,
    ) -> Result<Option<Authenticated>, AuthenticateError> {
        let stored = store.shown_worker_credential(&self.id).await?;
        let Some(stored) = stored.filter(|stored| bool::from(self.hash().ct_eq(&stored.hash))) else { return Ok(None) };
        let code = match stored.state {
            CredentialState::Live => return Ok(Some(authenticated(&self.id, stored, known_revocations))),
            CredentialState::Expired => Code::AuthTokenExpired,
            CredentialState::Revoked => Code::AuthTokenRevoked,
        };
        if let Err(error) = store.record_audit(&[self.rejection(&stored, code, now)]).await {
            tracing::warn!(%error, "a rejected worker credential is not in the audit log");
        }
        Err(Unauthenticated::because("Managed worker credential is invalid or expired.", code).into())
    }

    /// The row's id is derived from its cause, so that the same in one window is one row.
    fn rejection(&self, stored: &ShownCredential, code: Code, now: Timestamp) -> AuditRow {
        let cause = format!("{}:{code}:{}", self.id, now.as_millis().div_euclid(AUDIT_WINDOW_MS));
        let metadata = json!({ "reason": code, "poolId": stored.pool, "result": "denied" });
        let target = AuditTarget::new("managed_worker", &stored.worker);
        let part = "managed_worker.heartbeat";
        AuditRow::by_system(&stored.org, part, &cause, AuditAction::ManagedWorkerHeartbeatRejected, &target, metadata, now)
    }
}

fn authenticated(id: &str, stored: ShownCredential, known_revocations: i64) -> Authenticated {
    let principal = Principal {
        tenant_id: stored.tenant.clone(),
        org_id: stored.org,
        tenant_name: stored.org_name,
        user_id: UserId::new(stored.worker.as_str()),
        account_id: UserId::new(stored.worker.as_str()),
        email: String::new(),
        role: Role::Member,
        auth_source: AuthSource::Worker,
    };
    Authenticated {
        // A worker has no permissions: its one action is allowed by what it is.
        authority: Authority { permissions: std::iter::empty().collect(), ..Authority::of_role(AuthSource::Worker, Role::Member) },
        principal,
        proof: Proof::Worker { worker: stored.worker, pool: stored.pool, credential: id.to_owned() },
        known_revocations,
        standing: Standing { org: Some((stored.tenant, stored.org_status)), ..Standing::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_reads_back_and_nothing_else_does() {
        for seed in 0..=255 {
            let made = WorkerCredential::mint([seed; 44]);
            let read = WorkerCredential::parse(&made.plaintext()).expect("its own form");
            assert_eq!((read.id(), read.hash()), (made.id(), made.hash()));
            assert!(made.plaintext().ends_with(made.last4()));
        }
        let shown = WorkerCredential::mint([7; 44]).plaintext();
        for wrong in [
            "",
            "ocw_",
            &shown[..shown.len() - 1],
            &format!("{shown}x"),
            &shown.replace("ocw_", "occ_"),
            &shown.replace("mwcred_", "mwcred."),
        ] {
            assert!(WorkerCredential::parse(wrong).is_none(), "{wrong}");
        }
    }
}
