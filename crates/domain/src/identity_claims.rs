//! From what an identity provider vouches for to a principal (contract 00 §3.4).
//!
//! Whoever calls this has verified the token: signature, issuer, audience and time. What is left are the rules about the person:
//! the address must be theirs, their domain must be welcome, and the tenant must be one that nobody else can claim by accident.

use crate::{
    ids::{OrgId, TenantId, UserId},
    principal::{AuthSource, Principal, Role},
    signup::is_consumer_domain,
};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The longest address that mail can be delivered to (RFC 5321 §4.5.3.1.3, less the angle brackets).
const LONGEST_EMAIL: usize = 254;

/// The longest name of a tenant, and of its display name.
const LONGEST_NAME: usize = 200;

/// Claims of a verified id token, as far as they say who somebody is.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdentityClaims<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `sub`.
    pub subject: &'a str,
    /// `email`.
    pub email: Option<&'a str>,
    /// `email_verified`.
    pub email_verified: Option<bool>,
    /// `tenant_id`.
    pub tenant_id: Option<&'a str>,
    /// `tid`, as Entra ID names it.
    pub tid: Option<&'a str>,
    /// `hd`, as Google names it.
    pub hd: Option<&'a str>,
    /// `tenant_name`.
    pub tenant_name: Option<&'a str>,
}

/// Why a genuine identity is not let in. The texts are for the person, and say nothing about others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum IdentityRefusal {
    /// No `sub`.
    NoSubject,
    /// No `email`, or nothing that mail could be sent to.
    NoEmail,
    /// `email_verified` is not strictly true: anybody could have typed that address.
    EmailNotVerified,
    /// The address belongs to none of the configured domains.
    DomainNotAllowed,
    /// The tenant would be a domain where anybody may have an address.
    ConsumerDomain,
    /// A tenant claim that is too long or holds control characters.
    MalformedTenant,
}

impl IdentityRefusal {
    /// The text for the person.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoSubject => "The identity has no subject.",
            Self::NoEmail => "The identity has no usable e-mail address.",
            Self::EmailNotVerified => "The e-mail address of the identity is not verified.",
            Self::DomainNotAllowed => "The e-mail domain of the identity is not allowed here.",
            Self::ConsumerDomain => "Addresses of consumer e-mail services are not allowed here.",
            Self::MalformedTenant => "The identity names a malformed tenant.",
        }
    }
}

/// E-mail domains that may sign in; none listed allows every domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EmailDomains(Vec<String>);

impl EmailDomains {
    /// Reads them as people write them: any case, with or without `@`.
    pub fn of(domains: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let plain = domains.into_iter().map(|domain| domain.as_ref().trim().trim_start_matches('@').to_ascii_lowercase());
        Self(plain.filter(|domain| !domain.is_empty()).collect())
    }

    fn names(&self, domain: &str) -> bool {
        self.0.iter().any(|allowed| allowed == domain)
    }

    fn allows(&self, domain: &str) -> bool {
        self.0.is_empty() || self.names(domain)
    }
}

impl IdentityClaims<'_> {
    /// The principal that these claims stand for: always a member, whatever else the provider says about the person.
    pub fn principal(&self, allowed: &EmailDomains) -> Result<Principal, IdentityRefusal> {
        if self.subject.is_empty() {
            return Err(IdentityRefusal::NoSubject);
        }
        let (email, domain) = self.email.and_then(address).ok_or(IdentityRefusal::NoEmail)?;
        if self.email_verified != Some(true) {
            return Err(IdentityRefusal::EmailNotVerified);
        }
        if !allowed.allows(&domain) {
            return Err(IdentityRefusal::DomainNotAllowed);
        }
        let claimed = [self.tenant_id, self.tid, self.hd].into_iter().flatten().map(str::trim).find(|claim| !claim.is_empty());
        let tenant = match claimed {
            Some(claim) => name(claim)?,
            // Whoever lists such a domain wants its people in one tenant.
            None if is_consumer_domain(&domain) && !allowed.names(&domain) => {
                return Err(IdentityRefusal::ConsumerDomain);
            }
            None => &domain,
        };
        let tenant_name = match self.tenant_name.map(str::trim).filter(|claim| !claim.is_empty()) {
            Some(claim) => name(claim)?,
            None => tenant,
        };
        let user = UserId::new(self.user());
        Ok(Principal {
            tenant_id: TenantId::new(tenant),
            org_id: OrgId::new(tenant),
            tenant_name: tenant_name.to_owned(),
            user_id: user.clone(),
            account_id: user,
            email: email.to_owned(),
            role: Role::Member,
            auth_source: AuthSource::User,
        })
    }

    /// A subject is unique at its issuer only, and may be anything, so the user is named by both, hashed.
    fn user(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.issuer.trim_end_matches('/'));
        hash.update([0]);
        hash.update(self.subject);
        HEXLOWER.encode(&hash.finalize()[..16])
    }
}

/// An address and its domain in lower case. Stricter than RFC 5322, which allows addresses that no provider gives to people.
fn address(email: &str) -> Option<(&str, String)> {
    let email = email.trim();
    let (local, domain) = email.split_once('@')?;
    let forbidden = |character: char| character.is_whitespace() || character.is_control() || "\"(),:;<>@[\\]".contains(character);
    let is_local = !local.is_empty() && local.len() <= 64 && !local.contains(forbidden);
    let is_label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !label.is_empty() && label.len() <= 63 && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_domain = domain.contains('.') && domain.split('.').all(is_label);
    (email.len() <= LONGEST_EMAIL && is_local && is_domain).then(|| (email, domain.to_ascii_lowercase()))
}

/// A name that can be stored, logged and shown.
fn name(claim: &str) -> Result<&str, IdentityRefusal> {
    let is_plain = claim.len() <= LONGEST_NAME && !claim.contains(char::is_control);
    if is_plain { Ok(claim) } else { Err(IdentityRefusal::MalformedTenant) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kim() -> IdentityClaims<'static> {
        IdentityClaims {
            issuer: "https://id.example/",
            subject: "kim",
            email: Some("Kim@Acme.Example"),
            email_verified: Some(true),
            ..IdentityClaims::default()
        }
    }

    fn refusal(claims: &IdentityClaims<'_>) -> Option<IdentityRefusal> {
        claims.principal(&EmailDomains::default()).err()
    }

    #[test]
    fn the_tenant_is_the_first_of_the_claims_or_else_the_domain() {
        let anywhere = EmailDomains::default();
        let principal = kim().principal(&anywhere).expect("kim is welcome");
        assert_eq!((principal.tenant_id.as_str(), principal.org_id.as_str()), ("acme.example", "acme.example"));
        assert_eq!((principal.tenant_name.as_str(), principal.email.as_str()), ("acme.example", "Kim@Acme.Example"));
        assert_eq!((principal.role, principal.auth_source), (Role::Member, AuthSource::User));

        let with = |tenant_id, tid, hd| IdentityClaims { tenant_id, tid, hd, tenant_name: Some("Acme"), ..kim() };
        for (claims, tenant) in [
            (with(Some("one"), Some("two"), Some("three")), "one"),
            (with(Some(" "), Some("two"), Some("three")), "two"),
            (with(None, None, Some("three")), "three"),
        ] {
            let principal = claims.principal(&anywhere).expect("kim is welcome");
            assert_eq!((principal.tenant_id.as_str(), principal.tenant_name.as_str()), (tenant, "Acme"));
        }
    }

    #[test]
    fn a_user_is_a_subject_at_an_issuer() {
        let user = |issuer, subject| {
            let claims = IdentityClaims { issuer, subject, ..kim() };
            claims.principal(&EmailDomains::default()).expect("welcome").user_id
        };
        // printf 'https://id.example\0kim' | sha256sum | cut -c -32
        assert_eq!(user("https://id.example/", "kim").as_str(), "a971d4ed0e9756fed4da2940a258d31e");
        assert_eq!(user("https://id.example", "kim"), user("https://id.example//", "kim"));
        assert_ne!(user("https://id.example", "kim"), user("https://id.example", "lee"));
        assert_ne!(user("https://id.example", "kim"), user("https://other.example", "kim"));
    }

    #[test]
    fn an_address_must_be_theirs_and_welcome() {
        for email in [None, Some(""), Some("kim"), Some("kim@"), Some("@acme.example"), Some("kim@localhost"), Some("kim@acme..example")] {
            assert_eq!(refusal(&IdentityClaims { email, ..kim() }), Some(IdentityRefusal::NoEmail), "{email:?}");
        }
        for email in ["a b@acme.example", "a@b@acme.example", "<a>@acme.example", "a@acme.example\0", "a@acme.example, b@acme.example"] {
            assert_eq!(refusal(&IdentityClaims { email: Some(email), ..kim() }), Some(IdentityRefusal::NoEmail), "{email:?}");
        }
        for email_verified in [None, Some(false)] {
            assert_eq!(refusal(&IdentityClaims { email_verified, ..kim() }), Some(IdentityRefusal::EmailNotVerified));
        }
        assert_eq!(refusal(&IdentityClaims { subject: "", ..kim() }), Some(IdentityRefusal::NoSubject));
        let only = EmailDomains::of(["@Globex.example", " acme.example "]);
        assert!(kim().principal(&only).is_ok());
        for email in ["kim@acme.example.evil.example", "kim@notacme.example", "kim@sub.acme.example"] {
            let claims = IdentityClaims { email: Some(email), ..kim() };
            assert_eq!(claims.principal(&only).err(), Some(IdentityRefusal::DomainNotAllowed), "{email}");
        }
    }

    #[test]
    fn strangers_of_one_mail_service_share_no_tenant() {
        let claims = IdentityClaims { email: Some("kim@GMAIL.com"), ..kim() };
        assert_eq!(refusal(&claims), Some(IdentityRefusal::ConsumerDomain));
        assert!(claims.principal(&EmailDomains::of(["gmail.com"])).is_ok(), "whoever lists it wants it");
        assert!(IdentityClaims { tid: Some("9188"), ..claims }.principal(&EmailDomains::default()).is_ok(), "a tenant claim is enough");
    }

    #[test]
    fn a_tenant_can_be_stored_and_shown() {
        for claim in ["a\0b", "a\nb", &"x".repeat(201)] {
            assert_eq!(refusal(&IdentityClaims { hd: Some(claim), ..kim() }), Some(IdentityRefusal::MalformedTenant));
            assert_eq!(refusal(&IdentityClaims { tenant_name: Some(claim), ..kim() }), Some(IdentityRefusal::MalformedTenant));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_a_member_with_a_plain_domain(email in "\\PC{0,12}@\\PC{0,12}(\\.[a-z]{2,5})?", verified: bool) {
            let claims = IdentityClaims { email: Some(&email), email_verified: Some(verified), ..kim() };
            if let Ok(principal) = claims.principal(&EmailDomains::default()) {
                prop_assert!(verified);
                prop_assert_eq!(principal.role, Role::Member);
                let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
                prop_assert!(principal.tenant_id.as_str().bytes().all(plain));
            }
        }
    }
}
