//! Somebody who was let in.

use super::Proof;
use cowork_domain::{
    channel::ids::ChannelBindingId,
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
            bindings: Vec::new(),
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
    bindings: Vec<ChannelBindingId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ShownBy {
    Token(TokenId),
    Session(BrowserSessionId),
    Other,
}

impl Badge {
    /// Of a stream that runs through these channel bindings: it ends with each of them, too.
    #[must_use]
    pub fn through(self, bindings: Vec<ChannelBindingId>) -> Self {
        Self { bindings, ..self }
    }

    /// Whether a revocation ends it.
    pub fn is_ended_by(&self, revocation: &Revocation) -> bool {
        self.org == revocation.org
            && match &revocation.what {
                Revoked::Token(token) => matches!(&self.credential, ShownBy::Token(ours) if ours == token),
                Revoked::Session(session) => matches!(&self.credential, ShownBy::Session(ours) if ours == session),
                Revoked::Account(account) => self.account == *account,
                Revoked::Org => true,
                Revoked::Binding(binding) => self.bindings.contains(binding),
            }
    }
}
