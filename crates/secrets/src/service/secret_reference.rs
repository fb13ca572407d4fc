//! Where a secret manager keeps a setting of ours.

use super::reference::{KeyReferenceError, Query, is_path, secure, vault_address};
use std::fmt;

/// The address of a text in a secret manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretReference {
    /// A field of a secret in version 2 of Vault's KV engine; `VAULT_ADDR` says where Vault is.
    Vault {
        /// Where the engine is mounted.
        mount: String,
        /// Path of the secret.
        path: String,
        /// Name of the field.
        field: String,
    },
    /// A secret of AWS Secrets Manager.
    Aws {
        /// Its name or ARN.
        id: String,
        /// Its region.
        region: String,
        /// A key of the JSON object that the secret is; none means that the text is the secret.
        field: Option<String>,
        /// Where the service answers, if not at its usual address.
        endpoint: Option<String>,
    },
    /// A version of a secret in Google Cloud's Secret Manager.
    Google {
        /// `projects/…/secrets/…/versions/…`
        name: String,
        /// Where the service answers, if not at its usual address.
        endpoint: Option<String>,
    },
    /// A secret in an Azure Key Vault.
    Azure {
        /// Where the vault answers.
        address: String,
        /// Name of the secret.
        name: String,
        /// Its version; none means the current one.
        version: Option<String>,
    },
}

/// Why a text is no reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretReferenceError {
    /// An unknown scheme.
    #[error("a secret is named by vault://, aws-sm://, gcp-sm://, azure-kv:// or the https address of a Key Vault secret")]
    Scheme,
    /// A known scheme, and something else behind it.
    #[error("expected {0}")]
    Form(&'static str),
    /// Plain text over a network.
    #[error("a service that is not on this machine is only spoken to over https")]
    Insecure,
}

const VAULT: &str = "vault://mount/path#field";
const AWS: &str = "aws-sm://<name or ARN>?region=…[#field]";
const GOOGLE: &str = "gcp-sm://projects/…/secrets/…[/versions/…]";
const AZURE: &str = "azure-kv://vault/secrets/name[/version]";

impl From<KeyReferenceError> for SecretReferenceError {
    fn from(error: KeyReferenceError) -> Self {
        match error {
            KeyReferenceError::Scheme => Self::Scheme,
            KeyReferenceError::Form(form) => Self::Form(form),
            KeyReferenceError::Insecure => Self::Insecure,
        }
    }
}

impl SecretReference {
    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, SecretReferenceError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(SecretReferenceError::Scheme)?;
        let (rest, field) = rest.split_once('#').map_or((rest, None), |(rest, field)| (rest, Some(field)));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query = Query(query);
        let is_clean = text.chars().all(|c| !c.is_control() && !c.is_whitespace()) && field.is_none_or(is_path);
        match (scheme, field) {
            _ if !is_clean => Err(SecretReferenceError::Scheme),
            ("vault", Some(field)) => Self::vault(path, field, &query),
            ("vault", None) => Err(SecretReferenceError::Form(VAULT)),
            ("aws-sm", field) => Self::aws(path, field, &query),
            ("gcp-sm", None) => Self::google(path, &query),
            ("azure-kv", None) => {
                query.only(&["endpoint"], AZURE)?;
                let (vault, secret) = path.split_once('/').ok_or(SecretReferenceError::Form(AZURE))?;
                let address = query.endpoint()?;
                if address.is_none() && !is_path(vault) {
                    return Err(SecretReferenceError::Form(AZURE));
                }
                Self::azure(address.unwrap_or_else(|| vault_address(vault)), secret)
            }
            ("https", None) => {
                let (host, secret) = path.split_once('/').ok_or(SecretReferenceError::Form(AZURE))?;
                // Any other host would be sent a token of ours.
                let is_vault = is_path(host) && host.contains(".vault.");
                if is_vault { Self::azure(format!("https://{host}"), secret) } else { Err(SecretReferenceError::Scheme) }
            }
            _ => Err(SecretReferenceError::Scheme),
        }
    }

    fn vault(path: &str, field: &str, query: &Query<'_>) -> Result<Self, SecretReferenceError> {
        query.only(&[], VAULT)?;
        match path.split_once('/') {
            Some((mount, path)) if is_path(mount) && is_path(path) => {
                Ok(Self::Vault { mount: mount.to_owned(), path: path.to_owned(), field: field.to_owned() })
            }
            _ => Err(SecretReferenceError::Form(VAULT)),
        }
    }

    fn aws(id: &str, field: Option<&str>, query: &Query<'_>) -> Result<Self, SecretReferenceError> {
        query.only(&["region", "endpoint"], AWS)?;
        match query.get("region").filter(|region| is_path(region) && !region.contains('/')) {
            Some(region) if !id.is_empty() => {
                Ok(Self::Aws { id: id.to_owned(), region: region.to_owned(), field: field.map(str::to_owned), endpoint: query.endpoint()? })
            }
            _ => Err(SecretReferenceError::Form(AWS)),
        }
    }

    fn google(path: &str, query: &Query<'_>) -> Result<Self, SecretReferenceError> {
        query.only(&["endpoint"], GOOGLE)?;
        let parts: Vec<&str> = path.split('/').collect();
        let name = match parts[..] {
            ["projects", _, "secrets", _] if is_path(path) => format!("{path}/versions/latest"),
            ["projects", _, "secrets", _, "versions", _] if is_path(path) => path.to_owned(),
            _ => return Err(SecretReferenceError::Form(GOOGLE)),
        };
        Ok(Self::Google { name, endpoint: query.endpoint()? })
    }

    fn azure(address: String, path: &str) -> Result<Self, SecretReferenceError> {
        let parts: Vec<&str> = path.split('/').collect();
        let (name, version) = match parts[..] {
            ["secrets", name] if is_path(path) => (name, None),
            ["secrets", name, version] if is_path(path) => (name, Some(version)),
            _ => return Err(SecretReferenceError::Form(AZURE)),
        };
        Ok(Self::Azure { address: secure(address)?, name: name.to_owned(), version: version.map(str::to_owned) })
    }
}

impl fmt::Display for SecretReference {
    /// What a person is told about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault { mount, path, field } => write!(f, "the field {field} of {mount}/{path} in Vault"),
            Self::Aws { id, region, .. } => write!(f, "{id} in AWS Secrets Manager, region {region}"),
            Self::Google { name, .. } => write!(f, "{name} in Google Cloud's Secret Manager"),
            Self::Azure { address, name, .. } => write!(f, "the secret {name} of {address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_one_secret_of_a_known_manager_is_a_reference() {
        for text in [
            "vault://kv/teams/cowork#cookie-secret",
            "aws-sm://prod/cowork?region=eu-west-1",
            "aws-sm://arn:aws:secretsmanager:eu-west-1:1:secret:cowork-x?region=eu-west-1#key",
            "gcp-sm://projects/p/secrets/s",
            "gcp-sm://projects/p/secrets/s/versions/3",
            "azure-kv://acme/secrets/cookie",
            "https://acme.vault.azure.net/secrets/cookie/0123",
        ] {
            assert!(SecretReference::parse(text).is_ok(), "{text}");
        }
        for text in [
            "vault://kv/teams/cowork",
            "vault://kv/../sys#x",
            "aws-sm://prod/cowork",
            "aws-sm://prod?region=eu&endpoint=http://sm.example",
            "gcp-sm://projects/p",
            "azure-kv://acme/keys/cookie",
            "azure-kv://acme@evil.example/secrets/cookie",
            "https://evil.example/secrets/cookie",
            "https://evil.example@x.vault.azure.net/secrets/cookie",
            "keychain://x",
        ] {
            assert!(SecretReference::parse(text).is_err(), "{text}");
        }
    }
}
