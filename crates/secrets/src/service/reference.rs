//! Where a key service keeps the key that guards ours.

use std::fmt;

/// The address of a key in a key service. It holds no credentials: those come from where the process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyReference {
    /// A file with an opening key, on a volume of its own.
    File {
        /// Absolute path.
        path: String,
    },
    /// A key of HashiCorp Vault's transit engine.
    VaultTransit {
        /// Where Vault answers.
        address: String,
        /// Where the engine is mounted; may have several segments.
        mount: String,
        /// Name of the key.
        key: String,
    },
    /// A symmetric key of AWS KMS.
    AwsKms {
        /// Its id, ARN or alias.
        key: String,
        /// Its region.
        region: String,
        /// Where the service answers, if not at its usual address.
        endpoint: Option<String>,
    },
    /// A symmetric key of Google Cloud KMS.
    GcpKms {
        /// `projects/…/locations/…/keyRings/…/cryptoKeys/…`
        name: String,
        /// Where the service answers, if not at its usual address.
        endpoint: Option<String>,
    },
    /// An RSA key of Azure Key Vault.
    AzureKey {
        /// Where the vault answers.
        address: String,
        /// Name of the key.
        name: String,
        /// Its version; none means the current one.
        version: Option<String>,
    },
}

/// Why a text is no reference to a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyReferenceError {
    /// An unknown scheme.
    #[error("a key is named by file:///path, vault-transit://, aws-kms://, gcp-kms:// or azure-kv://")]
    Scheme,
    /// A known scheme, and something else behind it.
    #[error("expected {0}")]
    Form(&'static str),
    /// Plain text over a network.
    #[error("a service that is not on this machine is only spoken to over https")]
    Insecure,
}

const VAULT: &str = "vault-transit://host[:port]/mount/key";
const AWS: &str = "aws-kms://<key id, ARN or alias>?region=…";
const GCP: &str = "gcp-kms://projects/…/locations/…/keyRings/…/cryptoKeys/…";
const AZURE: &str = "azure-kv://vault/keys/name[/version]";

impl KeyReference {
    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, KeyReferenceError> {
        let text = text.trim();
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(KeyReferenceError::Scheme);
        }
        let (scheme, rest) = text.split_once("://").ok_or(KeyReferenceError::Scheme)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query = Query(query);
        match scheme {
            "file" if rest.starts_with('/') && rest.len() > 1 => Ok(Self::File { path: rest.to_owned() }),
            "file" => Err(KeyReferenceError::Form("file:///path")),
            "vault-transit" => Self::vault(rest, &query),
            "aws-kms" => Self::aws(rest, &query),
            "gcp-kms" => Self::gcp(rest, &query),
            "azure-kv" => Self::azure(rest, &query),
            _ => Err(KeyReferenceError::Scheme),
        }
    }

    /// The service's name, for reports.
    pub const fn service(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::VaultTransit { .. } => "vault-transit",
            Self::AwsKms { .. } => "aws-kms",
            Self::GcpKms { .. } => "gcp-kms",
            Self::AzureKey { .. } => "azure-kv",
        }
    }

    fn vault(rest: &str, query: &Query<'_>) -> Result<Self, KeyReferenceError> {
        query.only(&["tls"], VAULT)?;
        let form = KeyReferenceError::Form(VAULT);
        let (host, path) = rest.split_once('/').ok_or(form.clone())?;
        let (mount, key) = path.rsplit_once('/').ok_or(form.clone())?;
        if host.is_empty() || key.is_empty() || !is_path(mount) || !is_path(key) {
            return Err(form);
        }
        let address = match query.get("tls") {
            None => format!("https://{host}"),
            Some("off") => secure(format!("http://{host}"))?,
            Some(_) => return Err(form),
        };
        Ok(Self::VaultTransit { address, mount: mount.to_owned(), key: key.to_owned() })
    }

    fn aws(rest: &str, query: &Query<'_>) -> Result<Self, KeyReferenceError> {
        query.only(&["region", "endpoint"], AWS)?;
        let region = query.get("region").filter(|region| is_path(region) && !region.contains('/'));
        match region {
            Some(region) if !rest.is_empty() => {
                Ok(Self::AwsKms { key: rest.to_owned(), region: region.to_owned(), endpoint: query.endpoint()? })
            }
            _ => Err(KeyReferenceError::Form(AWS)),
        }
    }

    fn gcp(rest: &str, query: &Query<'_>) -> Result<Self, KeyReferenceError> {
        query.only(&["endpoint"], GCP)?;
        let parts: Vec<&str> = rest.split('/').collect();
        match parts[..] {
            ["projects", project, "locations", location, "keyRings", ring, "cryptoKeys", key]
                if [project, location, ring, key].iter().all(|part| is_path(part)) =>
            {
                Ok(Self::GcpKms { name: rest.to_owned(), endpoint: query.endpoint()? })
            }
            _ => Err(KeyReferenceError::Form(GCP)),
        }
    }

    fn azure(rest: &str, query: &Query<'_>) -> Result<Self, KeyReferenceError> {
        query.only(&["endpoint"], AZURE)?;
        let parts: Vec<&str> = rest.split('/').collect();
        let (vault, name, version) = match parts[..] {
            [vault, "keys", name] => (vault, name, None),
            [vault, "keys", name, version] => (vault, name, Some(version)),
            _ => return Err(KeyReferenceError::Form(AZURE)),
        };
        if [vault, name].into_iter().chain(version).any(|part| !is_path(part)) {
            return Err(KeyReferenceError::Form(AZURE));
        }
        let address = query.endpoint()?.unwrap_or_else(|| vault_address(vault));
        Ok(Self::AzureKey { address, name: name.to_owned(), version: version.map(str::to_owned) })
    }
}

/// A vault is named by its first label in the public cloud, and by its whole host elsewhere.
pub(super) fn vault_address(vault: &str) -> String {
    if vault.contains('.') { format!("https://{vault}") } else { format!("https://{vault}.vault.azure.net") }
}

/// What stands in a path unchanged, so that nobody leaves the path that a reference means.
pub(super) fn is_path(text: &str) -> bool {
    let is_usable = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    text.split('/').all(|segment| !segment.is_empty() && segment != "." && segment != ".." && segment.chars().all(is_usable))
}

/// Credentials and keys travel to this address: in the clear only within one machine.
pub(super) fn secure(address: String) -> Result<String, KeyReferenceError> {
    let uri: http::Uri = address.parse().map_err(|_| KeyReferenceError::Insecure)?;
    let host = uri.host().unwrap_or_default();
    let is_here = host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => Ok(address),
        Some("http") if is_here => Ok(address),
        _ => Err(KeyReferenceError::Insecure),
    }
}

/// The parameters behind a reference's question mark.
pub(super) struct Query<'a>(pub(super) &'a str);

impl<'a> Query<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.pairs().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    pub(super) fn only(&self, names: &[&str], form: &'static str) -> Result<(), KeyReferenceError> {
        let is_known = self.pairs().all(|(name, value)| names.contains(&name) && !value.is_empty());
        if is_known { Ok(()) } else { Err(KeyReferenceError::Form(form)) }
    }

    pub(super) fn endpoint(&self) -> Result<Option<String>, KeyReferenceError> {
        self.get("endpoint").map(|endpoint| secure(endpoint.trim_end_matches('/').to_owned())).transpose()
    }

    fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }
}

impl fmt::Display for KeyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = |endpoint: &Option<String>, mark: char| endpoint.as_ref().map(|at| format!("{mark}endpoint={at}")).unwrap_or_default();
        match self {
            Self::File { path } => write!(f, "file://{path}"),
            Self::VaultTransit { address, mount, key } => match address.strip_prefix("http://") {
                Some(host) => write!(f, "vault-transit://{host}/{mount}/{key}?tls=off"),
                None => write!(f, "vault-transit://{}/{mount}/{key}", address.trim_start_matches("https://")),
            },
            Self::AwsKms { key, region, endpoint } => write!(f, "aws-kms://{key}?region={region}{}", tail(endpoint, '&')),
            Self::GcpKms { name, endpoint } => write!(f, "gcp-kms://{name}{}", tail(endpoint, '?')),
            Self::AzureKey { address, name, version } => {
                let version = version.as_ref().map(|version| format!("/{version}")).unwrap_or_default();
                match address.strip_prefix("https://") {
                    Some(host) if !host.contains(['/', ':']) => write!(f, "azure-kv://{host}/keys/{name}{version}"),
                    _ => write!(f, "azure-kv://vault/keys/{name}{version}?endpoint={address}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back_what_it_prints() {
        for text in [
            "file:///run/keys/guard",
            "vault-transit://vault.internal:8200/transit/cowork",
            "vault-transit://vault.internal/teams/a/transit/cowork",
            "vault-transit://127.0.0.1:8200/transit/cowork?tls=off",
            "aws-kms://arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab?region=eu-west-1",
            "aws-kms://alias/cowork?region=eu-west-1&endpoint=http://127.0.0.1:5000",
            "gcp-kms://projects/p/locations/global/keyRings/r/cryptoKeys/k",
            "azure-kv://acme.vault.azure.net/keys/cowork/0123abcd",
            "azure-kv://vault/keys/cowork?endpoint=http://127.0.0.1:9000",
        ] {
            let reference = KeyReference::parse(text).unwrap();
            assert_eq!(reference.to_string(), text);
            assert_eq!(KeyReference::parse(&reference.to_string()), Ok(reference));
        }
        let short = KeyReference::parse("azure-kv://acme/keys/cowork").unwrap();
        assert_eq!(short.to_string(), "azure-kv://acme.vault.azure.net/keys/cowork");
    }

    #[test]
    fn what_is_no_reference_is_refused_with_the_form_that_was_meant() {
        for (text, said) in [
            ("", "a key is named by"),
            ("kms://x", "a key is named by"),
            ("file://relative", "file:///path"),
            ("vault-transit://vault/transit", "expected vault-transit://"),
            ("vault-transit://vault/transit/../sys/seal", "expected vault-transit://"),
            ("vault-transit://vault:8200/transit/key?tls=off", "only spoken to over https"),
            ("aws-kms://alias/cowork", "region="),
            ("aws-kms://alias/cowork?region=eu&endpoint=http://kms.example", "only spoken to over https"),
            ("aws-kms://alias/cowork?region=eu&regoin=eu", "region="),
            ("gcp-kms://projects/p/locations/global", "cryptoKeys"),
            ("azure-kv://acme/secrets/cowork", "/keys/name"),
        ] {
            let error = KeyReference::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
