//! Who belongs to an organisation, and who may change that (contract 02 §5).
//!
//! Two ideas stand behind the rules. Nobody hands out more than they have: owners are made and changed by owners, and a custom
//! role is given by who has all of its permissions. And an organisation never loses its last owner.

mod rules;

pub use rules::{Doer, MemberChange, MembershipRefused, Standing, assigns, changes, defines, invites, keeps_an_owner, takes_away};

use crate::{
    email::{self, NotAnAddress},
    ids::{OrgId, UserId, stable_id},
    principal::Role,
    signup::MemberStatus,
    timestamp::Timestamp,
};
use serde::Serialize;

/// A membership as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRecord {
    /// Of what.
    pub org_id: OrgId,
    /// Whose.
    pub account_id: UserId,
    /// The account's e-mail address.
    pub email: String,
    /// The account's name, where a directory or a login gave one.
    pub display_name: Option<String>,
    /// The built-in role.
    pub role: Role,
    /// The key of the custom role that replaces its permissions.
    pub custom_role_key: Option<String>,
    /// Whether the member takes part.
    pub status: MemberStatus,
    /// When the membership was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Somebody who is to be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee {
    /// Normalised.
    pub email: String,
    /// What they will be.
    pub role: Role,
}

impl Invitee {
    /// By an address as somebody typed it.
    ///
    /// # Errors
    /// It is no address.
    pub fn new(email: &str, role: Role) -> Result<Self, NotAnAddress> {
        Ok(Self { email: email::normalized(email)?, role })
    }

    /// The account that waits for them in an organisation, until they sign in with one of their own.
    pub fn account(&self, org: &OrgId) -> UserId {
        UserId::new(stable_id("account", &[org.as_str(), &self.email]))
    }
}

/// How the audit log names a membership.
pub fn audit_target(org: &OrgId, account: &UserId) -> String {
    format!("{org}:{account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_under_the_account_that_the_recording_shows() {
        let invitee = Invitee::new(" Kim@Acme.Test ", Role::Admin).expect("an address");
        assert_eq!(invitee.account(&OrgId::new("acme")).as_str(), "account_435bfa653a11213a5f2716e2d9dc4c48");
        assert_ne!(invitee.account(&OrgId::new("globex")), invitee.account(&OrgId::new("acme")));
    }
}
