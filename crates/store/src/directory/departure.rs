//! What is taken back from somebody who leaves or loses rights.

use super::Deed;
use crate::{Revocation, Revoked, StoreError, identity::revoke_tokens_of};
use cowork_domain::{
    audit::{AuditActor, AuditRow},
    ids::{OrgId, UserId},
};
use sqlx::PgConnection;

/// What is left to write at the end of the transaction: rows for auditors, and streams to cut.
#[derive(Default)]
pub(super) struct Aftermath {
    pub(super) audit: Vec<AuditRow>,
    pub(super) revocations: Vec<Revocation>,
}

impl Aftermath {
    /// Revokes every API token that an account issued in an organisation.
    pub(super) async fn revoke_tokens(
        &mut self,
        connection: &mut PgConnection,
        org: &OrgId,
        account: &str,
        deed: &Deed<'_>,
    ) -> Result<(), StoreError> {
        let tokens = revoke_tokens_of(connection, org, &UserId::new(account), &AuditActor::system(deed.part), deed.part, deed.at).await?;
        self.revocations.extend(tokens.into_iter().map(|token| Revocation { org: org.clone(), what: Revoked::Token(token) }));
        Ok(())
    }

    /// Takes everything back with which an account could come in.
    pub(super) async fn shut_out(
        &mut self,
        connection: &mut PgConnection,
        org: &OrgId,
        account: &str,
        deed: &Deed<'_>,
    ) -> Result<(), StoreError> {
        self.revoke_tokens(connection, org, account, deed).await?;
        sqlx::query!(
            "update browser_sessions set revoked_at = now() where org = $1 and account = $2 and revoked_at is null",
            org.as_str(),
            account
        )
        .execute(connection)
        .await?;
        // It covers the streams of the tokens, too.
        self.revocations = vec![Revocation { org: org.clone(), what: Revoked::Account(UserId::new(account)) }];
        Ok(())
    }
}
