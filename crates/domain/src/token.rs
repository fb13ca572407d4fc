//! What an API token may be (contract 02 §3).
//!
//! Whoever may issue tokens may hand out every scope that the deployment allows: the contract ties scopes to the deployment,
//! not to those of a token that issues another. That gives nobody more than their own power, because a token acts as the
//! account that issued it, and at each request that account's role of the moment is asked beside the token's scopes
//! ([`policy::evaluate`](crate::policy::evaluate)).

use crate::{
    policy::{Scope, Scopes},
    timestamp::Timestamp,
};

/// The longest name of a token, in characters.
pub const LONGEST_NAME: usize = 96;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// What the deployment allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRules {
    default_ttl_ms: i64,
    max_ttl_ms: i64,
    allowed: Scopes,
}

/// What a new token is going to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTerms {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub scopes: Scopes,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Why a token is not issued. The texts are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// It has no name, or no scope.
    #[error("API token requires a name and at least one valid scope.")]
    Incomplete,
    /// Its name has more than [`LONGEST_NAME`] characters.
    #[error("API token name must not be longer than {LONGEST_NAME} characters.")]
    NameTooLong,
    /// The deployment doesn't issue this scope.
    #[error("API token scope is disabled by cloud policy: {}.", .0.as_str())]
    ScopeDisabled(Scope),
    /// It would be over before it was issued.
    #[error("API token expiration must be in the future.")]
    NotInFuture,
    /// It would live longer than tokens may.
    #[error("API token expiration must not be more than {0} days in the future.")]
    TooLong(i64),
}

/// Why a token is granted no channel binding: it isn't a gateway's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Channel binding grants require a gateway-scoped API token.")]
pub struct NoGateway;

impl Default for TokenRules {
    /// 90 days unless said otherwise, a year at most, and every scope that may be issued at all.
    fn default() -> Self {
        Self::new(90 * DAY_MS, 365 * DAY_MS, Scope::ALL.iter().copied().collect())
    }
}

impl TokenRules {
    /// Lives in milliseconds. The scope `worker-internal` is never issued, whatever is allowed: workers have credentials of
    /// their own.
    pub fn new(default_ttl_ms: i64, max_ttl_ms: i64, allowed: Scopes) -> Self {
        let allowed = allowed.iter().filter(|scope| *scope != Scope::WorkerInternal).collect();
        Self { default_ttl_ms, max_ttl_ms, allowed }
    }

    /// Decides about a new token. Without a time of its own it lives for the default.
    pub fn terms(&self, name: &str, scopes: Scopes, expires_at: Option<Timestamp>, now: Timestamp) -> Result<TokenTerms, TokenRefused> {
        if name.trim().is_empty() || scopes.is_empty() {
            return Err(TokenRefused::Incomplete);
        }
        if name.chars().count() > LONGEST_NAME {
            return Err(TokenRefused::NameTooLong);
        }
        if let Some(disabled) = scopes.iter().find(|scope| !self.allowed.contains(*scope)) {
            return Err(TokenRefused::ScopeDisabled(disabled));
        }
        let expires_at = expires_at.unwrap_or_else(|| now.plus_millis(self.default_ttl_ms));
        if expires_at <= now {
            return Err(TokenRefused::NotInFuture);
        }
        if expires_at > now.plus_millis(self.max_ttl_ms) {
            return Err(TokenRefused::TooLong(self.max_ttl_ms / DAY_MS));
        }
        Ok(TokenTerms { name: name.to_owned(), scopes, expires_at })
    }
}

/// Channel bindings are granted to gateways only.
pub fn may_be_bound(scopes: Scopes) -> Result<(), NoGateway> {
    if scopes.contains(Scope::Gateway) { Ok(()) } else { Err(NoGateway) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_772_600_000_000;

    fn terms(name: &str, scopes: &[Scope], expires_in: Option<i64>) -> Result<TokenTerms, TokenRefused> {
        let rules = TokenRules::new(90 * DAY_MS, 365 * DAY_MS, [Scope::Desktop, Scope::WorkerInternal].into_iter().collect());
        let now = Timestamp::from_millis(NOW);
        rules.terms(name, scopes.iter().copied().collect(), expires_in.map(|millis| now.plus_millis(millis)), now)
    }

    #[test]
    fn a_token_lives_for_its_own_time_or_the_default_and_never_beyond_the_longest() {
        let life = |expires_in| terms("ci", &[Scope::Desktop], expires_in).map(|terms| terms.expires_at.as_millis() - NOW);
        assert_eq!(life(None), Ok(90 * DAY_MS));
        assert_eq!(life(Some(1)), Ok(1));
        assert_eq!(life(Some(365 * DAY_MS)), Ok(365 * DAY_MS));
        assert_eq!(life(Some(365 * DAY_MS + 1)), Err(TokenRefused::TooLong(365)));
        assert_eq!(life(Some(0)), Err(TokenRefused::NotInFuture));
        assert_eq!(life(Some(i64::MAX)), Err(TokenRefused::TooLong(365)));
        assert_eq!(life(Some(i64::MIN)), Err(TokenRefused::NotInFuture));
    }

    #[test]
    fn names_and_scopes_are_asked_for_and_a_workers_scope_is_never_issued() {
        assert_eq!(terms(" ci ", &[Scope::Desktop], None).map(|terms| terms.name), Ok(" ci ".to_owned()));
        assert_eq!(terms(&"é".repeat(96), &[Scope::Desktop], None).map(|terms| terms.name.chars().count()), Ok(96));
        assert_eq!(terms(&"é".repeat(97), &[Scope::Desktop], None), Err(TokenRefused::NameTooLong));
        assert_eq!(terms("  ", &[Scope::Desktop], None), Err(TokenRefused::Incomplete));
        assert_eq!(terms("ci", &[], None), Err(TokenRefused::Incomplete));
        assert_eq!(terms("ci", &[Scope::Desktop, Scope::Admin], None), Err(TokenRefused::ScopeDisabled(Scope::Admin)));
        let refused = terms("ci", &[Scope::WorkerInternal], None).expect_err("although it is listed");
        assert_eq!(refused.to_string(), "API token scope is disabled by cloud policy: worker-internal.");
    }
}
