//! When credentials were last used, for many at once.

use crate::{Store, StoreError};
use cowork_domain::ids::{BrowserSessionId, TokenId};
use uuid::Uuid;

impl Store {
    /// Notes that tokens and browser sessions were used until now, by the clock that tells when a session is idle. One
    /// statement, whatever their number.
    ///
    /// A row that somebody else changes at this moment is left out, so this never waits: it is another node that notes the
    /// same, or the credential is being taken back.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn note_use(&self, tokens: &[TokenId], sessions: &[BrowserSessionId]) -> Result<(), StoreError> {
        let tokens: Vec<&str> = tokens.iter().map(TokenId::as_str).collect();
        let sessions: Vec<Uuid> = sessions.iter().map(BrowserSessionId::as_uuid).collect();
        sqlx::query!(
            "with shown as (select id from api_tokens where id = any($1) for no key update skip locked),
                  seen as (select id from browser_sessions where id = any($2) for no key update skip locked),
                  used as (update api_tokens t set last_used_at = now() from shown where t.id = shown.id)
             update browser_sessions s set last_seen_at = now() from seen where s.id = seen.id",
            &tokens as &[&str],
            &sessions
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
