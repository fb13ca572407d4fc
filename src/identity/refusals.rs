//! Credentials that were shown and refused: counted, and where a token's secret was right, told to the auditors of its
//! organisation.
//!
//! Anybody can show a token again and again, so the audit log gets at most one row per token and minute from this node; the
//! row says how many attempts it stands for.

use cowork_domain::{
    audit::{AuditAction, AuditActor, AuditRow, AuditTarget},
    codes::Code,
    ids::{OrgId, TokenId, UserId},
    timestamp::Timestamp,
};
use cowork_store::{Store, StoreError, StoredCredential};
use metrics::{Counter, counter};
use parking_lot::Mutex;
use serde_json::json;
use std::collections::HashMap;
use tokio::sync::Notify;

/// Between two rows of one token.
const WINDOW_MS: i64 = 60_000;
/// Tokens in memory; attempts with more of them are only counted.
const MOST: usize = 10_000;

/// What was refused lately.
pub(super) struct Refusals {
    tokens: Mutex<HashMap<TokenId, Refused>>,
    due: Notify,
    cookies_counted: Counter,
    headers_counted: Counter,
    tokens_counted: Counter,
}

/// The attempts with one token.
struct Refused {
    org: OrgId,
    account: UserId,
    code: Code,
    /// Since the last row.
    attempts: u64,
    written_at: Option<Timestamp>,
}

impl Refused {
    fn is_due(&self, now: Timestamp) -> bool {
        self.attempts > 0 && !self.is_in_window(now)
    }

    fn is_in_window(&self, now: Timestamp) -> bool {
        self.written_at.is_some_and(|at| now.as_millis().abs_diff(at.as_millis()) < WINDOW_MS.unsigned_abs())
    }

    fn row(&self, token: &TokenId, cause: &str, now: Timestamp) -> AuditRow {
        let (actor, target) = (AuditActor::token(token.as_str(), Some(&self.account)), AuditTarget::new("api_token", token.as_str()));
        let metadata = json!({ "reason": self.code, "attempts": self.attempts, "result": "denied" });
        AuditRow::by_actor(&self.org, actor, cause, AuditAction::AuthTokenRefused, &target, metadata, now)
    }
}

impl Default for Refusals {
    fn default() -> Self {
        let kind = |kind: &'static str| counter!("cowork_auth_refused_total", "kind" => kind);
        Self {
            tokens: Mutex::default(),
            due: Notify::new(),
            cookies_counted: kind("cookie"),
            headers_counted: kind("header"),
            tokens_counted: kind("token"),
        }
    }
}

impl Refusals {
    /// A cookie that this deployment never gave out.
    pub(super) fn forged_cookie(&self) {
        self.cookies_counted.increment(1);
    }

    /// A proxy's headers that no proxy of ours signed.
    pub(super) fn forged_header(&self) {
        self.headers_counted.increment(1);
    }

    /// A token that nobody was given.
    pub(super) fn forged_token(&self) {
        self.tokens_counted.increment(1);
    }

    /// A token that once was good.
    pub(super) fn token_over(&self, token: &TokenId, stored: &StoredCredential, code: Code, now: Timestamp) {
        self.tokens_counted.increment(1);
        let mut tokens = self.tokens.lock();
        if tokens.len() >= MOST && !tokens.contains_key(token) {
            return;
        }
        let refused = tokens.entry(token.clone()).or_insert_with(|| Refused {
            org: stored.org.clone(),
            account: stored.account.clone(),
            code,
            attempts: 0,
            written_at: None,
        });
        refused.code = code;
        refused.attempts += 1;
        if refused.is_due(now) {
            self.due.notify_one();
        }
    }

    /// Resolves when there is something to be written.
    pub(super) async fn due(&self) {
        self.due.notified().await;
    }

    /// Writes the rows that are due. `nonce` is used once: it keeps rows of different nodes and minutes apart.
    pub(super) async fn write(&self, store: &Store, nonce: &str, now: Timestamp) -> Result<(), StoreError> {
        let rows: Vec<(TokenId, u64, AuditRow)> = {
            let mut tokens = self.tokens.lock();
            tokens.retain(|_, refused| refused.attempts > 0 || refused.is_in_window(now));
            let due = tokens.iter().filter(|(_, refused)| refused.is_due(now));
            due.map(|(token, refused)| (token.clone(), refused.attempts, refused.row(token, nonce, now))).collect()
        };
        let (told, rows): (Vec<_>, Vec<_>) = rows.into_iter().map(|(token, attempts, row)| ((token, attempts), row)).unzip();
        store.record_audit(&rows).await?;
        let mut tokens = self.tokens.lock();
        for (token, attempts) in told {
            if let Some(refused) = tokens.get_mut(&token) {
                refused.attempts -= attempts;
                refused.written_at = Some(now);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_row_a_minute_that_counts_all_attempts() {
        let mut refused =
            Refused { org: OrgId::new("acme"), account: UserId::new("kim"), code: Code::AuthTokenRevoked, attempts: 3, written_at: None };
        let at = Timestamp::from_millis;
        assert!(refused.is_due(at(0)));
        let row = refused.row(&TokenId::new("tok_a"), "once", at(0));
        let expected = json!({ "reason": "auth.token_revoked", "attempts": 3, "result": "denied" });
        assert_eq!((row.action.as_str(), &row.metadata), ("auth.token_refused", &expected));
        assert_ne!(row.id, refused.row(&TokenId::new("tok_a"), "again", at(0)).id);
        refused.written_at = Some(at(0));
        assert!(!refused.is_due(at(WINDOW_MS - 1)));
        assert!(refused.is_due(at(WINDOW_MS)));
        refused.attempts = 0;
        assert!(!refused.is_due(at(WINDOW_MS)), "nothing happened");
    }
}
