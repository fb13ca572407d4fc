//! A change of single sign-on, read from a request and checked as a whole before anything is applied.

use super::{SsoConfig, SsoProtocol, SsoText, TextRule};
use serde_json::{Map, Value};

const MOST_DOMAINS: usize = 64;
const LONGEST_URL: usize = 2048;
/// RFC 1035: a name and one of its labels.
const LONGEST_DOMAIN: usize = 253;
const LONGEST_LABEL: usize = 63;

/// What is changed; everything else stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SsoEdit {
    protocol: Option<SsoProtocol>,
    enabled: Option<bool>,
    enforced: Option<bool>,
    scim_enabled: Option<bool>,
    verified_domains: Option<Vec<String>>,
    /// None clears.
    texts: Vec<(SsoText, Option<String>)>,
}

/// A change that can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SsoInvalid {
    /// A text of another type.
    #[error("\"{0}\" must be a string or null.")]
    NotText(&'static str),
    /// An address that is not https, or too long.
    #[error("\"{0}\" must be an https URL of at most 2048 characters, without a user name.")]
    Url(&'static str),
    /// A text that is too long or can't be stored.
    #[error("\"{0}\" must be plain text of at most {1} characters.")]
    Text(&'static str, usize),
    /// The domains are no list of strings.
    #[error("\"verifiedDomains\" must be an array of strings.")]
    NotDomains,
    /// One of them is none.
    #[error("\"verifiedDomains\" holds something that is not a domain name.")]
    Domain,
    /// There are too many.
    #[error("\"verifiedDomains\" must not hold more than 64 domains.")]
    TooManyDomains,
    /// A secret that nothing could seal.
    #[error("Storing SSO secrets requires envelope encryption (set OPEN_COWORK_CLOUD_SECRET_KEY).")]
    Unsealed,
}

impl SsoEdit {
    /// Reads the fields of a request. A protocol that is unknown and flags that are not boolean count as absent.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, SsoInvalid> {
        // There is nothing yet that could seal a secret, so none is ever stored, and clearing one has nothing to do.
        for name in ["oidcClientSecret", "samlIdpCertificate"] {
            match fields.get(name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.trim().is_empty() => {}
                Some(Value::String(_)) => return Err(SsoInvalid::Unsealed),
                Some(_) => return Err(SsoInvalid::NotText(name)),
            }
        }
        let flag = |name: &str| fields.get(name).and_then(Value::as_bool);
        let mut texts = Vec::new();
        for text in SsoText::ALL {
            if let Some(value) = fields.get(text.as_str()) {
                texts.push((*text, read_text(*text, value)?));
            }
        }
        Ok(Self {
            protocol: fields.get("protocol").and_then(Value::as_str).and_then(SsoProtocol::parse),
            enabled: flag("enabled"),
            enforced: flag("enforced"),
            scim_enabled: flag("scimEnabled"),
            verified_domains: fields.get("verifiedDomains").map(read_domains).transpose()?,
            texts,
        })
    }

    /// The change that lets a directory in, and nothing else.
    pub fn enabling_scim() -> Self {
        Self { scim_enabled: Some(true), ..Self::default() }
    }

    /// The configuration after the change.
    pub fn apply(&self, mut config: SsoConfig) -> SsoConfig {
        config.protocol = self.protocol.unwrap_or(config.protocol);
        config.enabled = self.enabled.unwrap_or(config.enabled);
        config.enforced = self.enforced.unwrap_or(config.enforced);
        config.scim_enabled = self.scim_enabled.unwrap_or(config.scim_enabled);
        if let Some(domains) = &self.verified_domains {
            config.verified_domains.clone_from(domains);
        }
        for (text, value) in &self.texts {
            match value {
                Some(value) => config.texts.insert(*text, value.clone()),
                None => config.texts.remove(text),
            };
        }
        config
    }
}

/// Blank and null clear.
fn read_text(text: SsoText, value: &Value) -> Result<Option<String>, SsoInvalid> {
    let name = text.as_str();
    let value = match value {
        Value::Null => return Ok(None),
        Value::String(value) => value.trim(),
        _ => return Err(SsoInvalid::NotText(name)),
    };
    if value.is_empty() {
        return Ok(None);
    }
    match text.rule() {
        TextRule::Url if !is_https_url(value) => Err(SsoInvalid::Url(name)),
        TextRule::Name(longest) if value.chars().count() > longest || value.chars().any(char::is_control) => {
            Err(SsoInvalid::Text(name, longest))
        }
        TextRule::Url | TextRule::Name(_) => Ok(Some(value.to_owned())),
    }
}

/// Enough to know where it leads: the scheme, and a host that no user name hides.
fn is_https_url(text: &str) -> bool {
    let Some(rest) = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).map(|_| &text[8..]) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let is_clean = text.chars().all(|character| character.is_ascii_graphic() && !matches!(character, '"' | '<' | '>' | '\\' | '`'));
    text.len() <= LONGEST_URL && is_clean && !authority.contains('@') && !host.is_empty()
}

fn read_domains(value: &Value) -> Result<Vec<String>, SsoInvalid> {
    let Value::Array(items) = value else {
        return if value.is_null() { Ok(Vec::new()) } else { Err(SsoInvalid::NotDomains) };
    };
    let mut domains: Vec<String> = Vec::new();
    for item in items {
        let domain = item.as_str().ok_or(SsoInvalid::NotDomains)?.trim().to_ascii_lowercase();
        if domain.is_empty() || domains.contains(&domain) {
            continue;
        }
        if !is_domain(&domain) {
            return Err(SsoInvalid::Domain);
        }
        if domains.len() == MOST_DOMAINS {
            return Err(SsoInvalid::TooManyDomains);
        }
        domains.push(domain);
    }
    Ok(domains)
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= LONGEST_DOMAIN && text.contains('.') && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn edit(fields: &Value) -> Result<SsoEdit, SsoInvalid> {
        SsoEdit::read(fields.as_object().expect("an object"))
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let first = edit(&json!({
            "protocol": "oidc", "enabled": true, "displayName": " Acme IdP ", "verifiedDomains": ["Acme.test", "acme.test", " "],
            "oidcIssuer": "https://idp.acme.test", "enforced": "yes",
        }));
        let config = first.expect("valid").apply(SsoConfig::default());
        assert_eq!((config.enabled, config.enforced, config.verified_domains.as_slice()), (true, false, &["acme.test".to_owned()][..]));
        assert_eq!(config.text(SsoText::DisplayName), Some("Acme IdP"));
        let second = edit(&json!({ "protocol": "kerberos", "displayName": "", "samlEntityId": "sp" })).expect("valid");
        let changed = second.apply(config);
        assert_eq!((changed.protocol, changed.enabled), (SsoProtocol::Oidc, true));
        assert_eq!((changed.text(SsoText::DisplayName), changed.text(SsoText::SamlEntityId)), (None, Some("sp")));
        assert_eq!(changed.text(SsoText::OidcIssuer), Some("https://idp.acme.test"));
    }

    #[test]
    fn what_leads_nowhere_safe_is_refused() {
        for url in ["http://idp.test", "https://", "https:///path", "https://user@idp.test", "https://idp.test/a b", "javascript:alert(1)"]
        {
            assert_eq!(edit(&json!({ "oidcIssuer": url })), Err(SsoInvalid::Url("oidcIssuer")), "{url}");
        }
        assert_eq!(edit(&json!({ "samlAcsUrl": format!("https://a.test/{}", "x".repeat(2048)) })), Err(SsoInvalid::Url("samlAcsUrl")));
        assert_eq!(edit(&json!({ "samlSloUrl": 7 })), Err(SsoInvalid::NotText("samlSloUrl")));
        for domain in ["localhost", "-a.test", "a..test", "ä.test", "a b.test", "a.test/"] {
            assert_eq!(edit(&json!({ "verifiedDomains": [domain] })), Err(SsoInvalid::Domain), "{domain}");
        }
        let many: Vec<_> = (0..65).map(|number| format!("d{number}.test")).collect();
        assert_eq!(edit(&json!({ "verifiedDomains": many })), Err(SsoInvalid::TooManyDomains));
        assert_eq!(edit(&json!({ "verifiedDomains": "a.test" })), Err(SsoInvalid::NotDomains));
        assert_eq!(edit(&json!({ "displayName": "a\u{0}b" })), Err(SsoInvalid::Text("displayName", 200)));
    }

    #[test]
    fn a_secret_is_never_stored_in_the_clear() {
        assert_eq!(edit(&json!({ "oidcClientSecret": "hunter2" })), Err(SsoInvalid::Unsealed));
        assert!(edit(&json!({ "oidcClientSecret": "", "samlIdpCertificate": null })).is_ok());
    }
}
