//! What a source may name to sign in with: a reference into a secret manager, never the secret itself.

use super::SourceDenied;
use crate::{codes::Code, ids::OrgId};

const LONGEST: usize = 1024;

/// Stands for the organisation in a prefix, so that one organisation can't use another's credential.
const ORGANISATION: &str = "{org}";

/// Which references a deployment follows. The default follows none: each makes workers read what somebody else names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CredentialReferences {
    /// What a reference must begin with, such as `vault://kv/git/{org}/` or `env:GIT_`.
    pub prefixes: Vec<String>,
}

impl CredentialReferences {
    /// Whether this organisation may use a reference.
    pub fn take(&self, reference: &str, org: &OrgId) -> Result<(), SourceDenied> {
        let denied = |reason: &str| Err(SourceDenied::new(Code::ProjectSourceCredentialReference, reason));
        if !is_reference(reference) {
            return denied("Git credential reference is malformed.");
        }
        if self.prefixes.is_empty() {
            return denied("Git credential references are not enabled for this cloud profile.");
        }
        if self.prefixes.iter().any(|prefix| begins(reference, prefix, org.as_str())) {
            return Ok(());
        }
        denied("Git credential reference is not allowed.")
    }
}

/// A plain address. A path that climbs would leave what its prefix allows; an `endpoint` would choose who is asked for the secret.
fn is_reference(text: &str) -> bool {
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"%\\\"'`<>{}|^".contains(&byte));
    let climbs = text.split(['/', '?', '#', ':']).any(|part| matches!(part, "." | ".."));
    let query = text.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let asks = query.split('&').filter(|field| !field.is_empty()).all(|field| field.starts_with("region="));
    has_scheme && text.len() <= LONGEST && is_plain && !climbs && asks
}

fn begins(reference: &str, prefix: &str, org: &str) -> bool {
    let prefix = prefix.trim();
    let is_name = !org.is_empty() && org.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || byte == b'.');
    if prefix.is_empty() || (prefix.contains(ORGANISATION) && (!is_name || org.starts_with('.'))) {
        return false;
    }
    reference.starts_with(&prefix.replace(ORGANISATION, org))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_needs_a_prefix_of_its_own_organisation() {
        let rules = CredentialReferences { prefixes: vec!["vault://kv/git/{org}/".into(), "env:GIT_".into(), "aws-sm://git/".into()] };
        let take = |reference: &str, org: &str| rules.take(reference, &OrgId::new(org)).map_err(|denied| denied.reason);
        for good in ["vault://kv/git/acme/deploy#token", "env:GIT_ACME", "aws-sm://git/acme?region=eu-west-1#token"] {
            assert_eq!(take(good, "acme"), Ok(()), "{good}");
        }
        for other in ["vault://kv/git/other/deploy#token", "vault://kv/prod#x", "env:PATH", "gcp-sm://projects/p/secrets/s"] {
            assert_eq!(take(other, "acme"), Err("Git credential reference is not allowed.".into()), "{other}");
        }
        for bad in [
            "",
            "deploy",
            "env:",
            "vault://kv/git/acme/../other/x#y",
            "aws-sm://git/x?region=eu&endpoint=https://evil.example",
            "env:GIT_%2e",
            "env:GIT A",
        ] {
            assert_eq!(take(bad, "acme"), Err("Git credential reference is malformed.".into()), "{bad}");
        }
        assert!(take("vault://kv/git/a/b/x#y", "a/b").is_err(), "an organisation's name is no path");
        let none = CredentialReferences::default().take("env:GIT_ACME", &OrgId::new("acme"));
        assert!(none.is_err_and(|denied| denied.code == Code::ProjectSourceCredentialReference));
    }
}
