//! Somebody who was let in.

use super::Proof;
use cowork_domain::{
    ids::{BrowserSessionId, OrgId, TokenId, UserId},
    policy::Authority,
    principal::Principal,
    timestamp::Timestamp,
};
use cowork_store::{OrgStatus, Revocation, Revoked};

/// A principal with what the stored membership says.
#[derive(Debug, Clone)]
pub struct Member {
    /// As the membership says, not as the credential claims.
    pub principal: Principal,
    /// What the member may.
    pub authority: Authority,
    /// The organisation's name.
    pub org_name: String,
    /// Whether the organisation takes changes.
    pub org_status: OrgStatus,
    /// How the member was recognised.
    pub proof: Proof,
    /// The last revocation that was known before the credential was looked up: whatever was taken back later may concern it.
    pub known_revocations: i64,
    /// When the token or browser session that was shown ends by itself.
    pub ends_at: Option<Timestamp>,
}

impl Member {
    /// What a stream of this member is cut by.
    pub fn badge(&self) -> Badge {
        Badge {
            org: self.principal.org_id.clone(),
            account: self.principal.account_id.clone(),
            credential: match &self.proof {
                Proof::Token(token) => ShownBy::Token(token.clone()),
                Proof::Browser { session, .. } => ShownBy::Session(*session),
                Proof::Local | Proof::Operator | Proof::Worker { .. } | Proof::Header | Proof::Login => ShownBy::Other,
            },
        }
    }
}

/// Whose a stream is, and by which credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// Its organisation.
    pub org: OrgId,
    account: UserId,
    credential: ShownBy,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ShownBy {
    Token(TokenId),
    Session(BrowserSessionId),
    Other,
}

impl Badge {
    /// Whether a revocation ends it.
    pub fn is_ended_by(&self, revocation: &Revocation) -> bool {
        self.org == revocation.org
            && match &revocation.what {
                Revoked::Token(token) => matches!(&self.credential, ShownBy::Token(ours) if ours == token),
                Revoked::Session(session) => matches!(&self.credential, ShownBy::Session(ours) if ours == session),
                Revoked::Account(account) => self.account == *account,
                Revoked::Org => true,
            }
    }
}
