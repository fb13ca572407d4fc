//! Who may become a member of an organisation (contract 00 §3.7, requirements R-SIGN).

use crate::{codes::Code, principal::AuthSource};
use serde::{Deserialize, Serialize};

/// Providers of mail for everybody: an address there says nothing about where somebody works.
const CONSUMER_DOMAINS: [&str; 24] = [
    "126.com",
    "163.com",
    "aol.com",
    "fastmail.com",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "web.de",
    "yahoo.com",
    "yandex.ru",
];

/// How people become members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignupMode {
    /// Nobody joins; operators make organisations and members.
    Disabled,
    /// Who was invited.
    Invite,
    /// Who has an e-mail address of an allowed domain.
    Domain,
    /// Everybody.
    Open,
}

impl SignupMode {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Invite => "invite",
            Self::Domain => "domain",
            Self::Open => "open",
        }
    }
}

/// The deployment's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignupRules {
    /// The one mode of the deployment.
    pub mode: SignupMode,
    /// Domains that mode `domain` accepts, lower case.
    pub domains: Vec<String>,
    /// Whether domains of [`is_consumer_domain`] may be among them.
    pub consumer_domains: bool,
}

impl Default for SignupRules {
    fn default() -> Self {
        Self { mode: SignupMode::Open, domains: Vec::new(), consumer_domains: false }
    }
}

/// What the membership of a caller is before the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberStatus {
    /// Takes part.
    Active,
    /// Was invited and hasn't come yet.
    Invited,
    /// Was removed.
    Disabled,
}

impl MemberStatus {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::Disabled => "disabled",
        }
    }

    /// The status with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Invited, Self::Disabled].into_iter().find(|status| status.as_str() == name)
    }
}

/// What to do with a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// An active member.
    Enter,
    /// Make the membership first.
    Join,
    /// The invitation is accepted by this login.
    AcceptInvitation,
}

/// Why a genuine caller isn't let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefused {
    /// The e-mail address is of no approved domain.
    #[error("Cloud signup is restricted to approved email domains.")]
    Domain,
    /// No membership, or one that isn't active.
    #[error("Cloud membership is not active.")]
    Membership {
        /// An invitation would help.
        by_invitation: bool,
    },
    /// The organisation wants people with this address to come through its identity provider.
    #[error("This organization requires SSO login. Sign in through your identity provider.")]
    SsoRequired,
}

impl EntryRefused {
    /// The code beside the text.
    pub const fn code(self) -> Code {
        match self {
            Self::Domain => Code::AuthDomainNotAllowed,
            Self::Membership { by_invitation: true } => Code::AuthInviteRequired,
            Self::Membership { by_invitation: false } => Code::AuthMembershipMissing,
            Self::SsoRequired => Code::AuthSsoRequired,
        }
    }
}

impl SignupRules {
    /// Whether somebody comes in. `status` is that of the stored membership, if there is one.
    pub fn entry(&self, source: AuthSource, email: &str, status: Option<MemberStatus>) -> Result<Entry, EntryRefused> {
        let is_person = matches!(source, AuthSource::User | AuthSource::Header);
        if self.mode == SignupMode::Domain && source != AuthSource::Local && !self.admits_address(email) {
            return Err(EntryRefused::Domain);
        }
        match status {
            Some(MemberStatus::Active) => Ok(Entry::Enter),
            // Only a login at the identity provider proves that the address is the invited person's.
            Some(MemberStatus::Invited) if source == AuthSource::User && self.mode == SignupMode::Invite => Ok(Entry::AcceptInvitation),
            Some(MemberStatus::Invited) => Err(EntryRefused::Membership { by_invitation: true }),
            Some(MemberStatus::Disabled) => Err(EntryRefused::Membership { by_invitation: false }),
            None if source == AuthSource::Local => Ok(Entry::Join),
            None => match self.mode {
                SignupMode::Open | SignupMode::Domain if is_person => Ok(Entry::Join),
                SignupMode::Invite => Err(EntryRefused::Membership { by_invitation: true }),
                SignupMode::Open | SignupMode::Domain | SignupMode::Disabled => Err(EntryRefused::Membership { by_invitation: false }),
            },
        }
    }

    fn admits_address(&self, email: &str) -> bool {
        let Some((_, domain)) = email.rsplit_once('@') else { return false };
        let domain = domain.to_ascii_lowercase();
        (self.consumer_domains || !is_consumer_domain(&domain)) && self.domains.contains(&domain)
    }
}

/// Whether everybody can have an address of this domain.
pub fn is_consumer_domain(domain: &str) -> bool {
    CONSUMER_DOMAINS.contains(&domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(mode: SignupMode, source: AuthSource, email: &str, status: Option<MemberStatus>) -> Result<Entry, Code> {
        let rules = SignupRules { mode, domains: vec!["acme.example".to_owned(), "gmail.com".to_owned()], consumer_domains: false };
        rules.entry(source, email, status).map_err(EntryRefused::code)
    }

    #[test]
    fn strangers_join_only_where_the_mode_lets_them() {
        let stranger = |mode, source, email| entry(mode, source, email, None);
        let kim = "kim@acme.example";
        assert_eq!(stranger(SignupMode::Open, AuthSource::User, kim), Ok(Entry::Join));
        assert_eq!(stranger(SignupMode::Domain, AuthSource::Header, "Kim@ACME.example"), Ok(Entry::Join));
        assert_eq!(stranger(SignupMode::Domain, AuthSource::User, "kim@acme.example.evil.test"), Err(Code::AuthDomainNotAllowed));
        assert_eq!(stranger(SignupMode::Domain, AuthSource::User, "kim@gmail.com"), Err(Code::AuthDomainNotAllowed));
        assert_eq!(stranger(SignupMode::Invite, AuthSource::User, kim), Err(Code::AuthInviteRequired));
        assert_eq!(stranger(SignupMode::Disabled, AuthSource::User, kim), Err(Code::AuthMembershipMissing));
        assert_eq!(stranger(SignupMode::Disabled, AuthSource::Local, kim), Ok(Entry::Join));
        assert_eq!(stranger(SignupMode::Open, AuthSource::ApiToken, kim), Err(Code::AuthMembershipMissing), "a token is no person");
    }

    #[test]
    fn only_a_login_accepts_an_invitation_and_nothing_brings_a_removed_member_back() {
        let kim = "kim@acme.example";
        let invited = |mode, source| entry(mode, source, kim, Some(MemberStatus::Invited));
        assert_eq!(invited(SignupMode::Invite, AuthSource::User), Ok(Entry::AcceptInvitation));
        assert_eq!(invited(SignupMode::Invite, AuthSource::Header), Err(Code::AuthInviteRequired));
        assert_eq!(invited(SignupMode::Open, AuthSource::User), Err(Code::AuthInviteRequired));
        for mode in [SignupMode::Disabled, SignupMode::Invite, SignupMode::Domain, SignupMode::Open] {
            assert_eq!(entry(mode, AuthSource::User, kim, Some(MemberStatus::Disabled)), Err(Code::AuthMembershipMissing));
            assert_eq!(entry(mode, AuthSource::User, kim, Some(MemberStatus::Active)), Ok(Entry::Enter));
        }
    }
}
