//! Single sign-on of an organisation (contract 02 §8, 00 §3.7): its configuration, how it is changed, and whom it binds.

mod edit;

pub use edit::{SsoEdit, SsoInvalid};

use crate::principal::AuthSource;
use std::collections::BTreeMap;

/// What the identity provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SsoProtocol {
    /// OpenID Connect.
    Oidc,
    /// SAML 2.0, behind a bridge that speaks OpenID Connect.
    Saml,
}

impl SsoProtocol {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oidc => "oidc",
            Self::Saml => "saml",
        }
    }

    /// The protocol with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Oidc, Self::Saml].into_iter().find(|protocol| protocol.as_str() == name)
    }
}

macro_rules! texts {
    ($($variant:ident $name:literal $rule:expr,)*) => {
        /// A name or address of the identity provider.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is described by its name")]
        pub enum SsoText { $($variant,)* }

        impl SsoText {
            /// All of them, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            const fn rule(self) -> TextRule {
                match self { $(Self::$variant => $rule,)* }
            }
        }
    };
}

/// What a text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextRule {
    /// Anything of at most so many characters.
    Name(usize),
    /// An address that begins with `https://`.
    Url,
}

texts! {
    DisplayName "displayName" TextRule::Name(200),
    OidcIssuer "oidcIssuer" TextRule::Url,
    OidcClientId "oidcClientId" TextRule::Name(512),
    SamlEntityId "samlEntityId" TextRule::Name(2048),
    SamlAcsUrl "samlAcsUrl" TextRule::Url,
    SamlSloUrl "samlSloUrl" TextRule::Url,
    SamlIdpEntityId "samlIdpEntityId" TextRule::Name(2048),
    SamlIdpSsoUrl "samlIdpSsoUrl" TextRule::Url,
    SamlIdpMetadataUrl "samlIdpMetadataUrl" TextRule::Url,
}

/// An organisation's single sign-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoConfig {
    /// What the identity provider speaks.
    pub protocol: SsoProtocol,
    /// Whether any of this counts.
    pub enabled: bool,
    /// Whether people of the verified domains may sign in through nothing else.
    pub enforced: bool,
    /// Domains of e-mail addresses, lower case, each once.
    pub verified_domains: Vec<String>,
    /// Names and addresses that are set.
    pub texts: BTreeMap<SsoText, String>,
    /// Whether a directory may manage the members.
    pub scim_enabled: bool,
}

impl Default for SsoConfig {
    /// As a first change finds it.
    fn default() -> Self {
        Self {
            protocol: SsoProtocol::Oidc,
            enabled: false,
            enforced: false,
            verified_domains: Vec::new(),
            texts: BTreeMap::new(),
            scim_enabled: false,
        }
    }
}

impl SsoConfig {
    /// A text, where it is set.
    pub fn text(&self, text: SsoText) -> Option<&str> {
        self.texts.get(&text).map(String::as_str)
    }
}

/// Whether a login isn't enough because the organisation enforces single sign-on for the address (contract 00 §3.7). Headers
/// of a proxy and tokens are not logins.
pub fn requires_sso(enforced_domains: &[String], source: AuthSource, email: &str) -> bool {
    let Some((_, domain)) = email.rsplit_once('@') else { return false };
    source == AuthSource::User && enforced_domains.iter().any(|enforced| enforced.eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enforcement_binds_logins_of_its_domains_alone() {
        let domains = ["acme.test".to_owned()];
        assert!(requires_sso(&domains, AuthSource::User, "kim@ACME.test"));
        for (source, email) in [
            (AuthSource::User, "kim@sub.acme.test"),
            (AuthSource::User, "kim"),
            (AuthSource::Header, "kim@acme.test"),
            (AuthSource::ApiToken, "kim@acme.test"),
        ] {
            assert!(!requires_sso(&domains, source, email), "{source:?} {email}");
        }
        assert!(!requires_sso(&[], AuthSource::User, "kim@acme.test"));
    }
}
