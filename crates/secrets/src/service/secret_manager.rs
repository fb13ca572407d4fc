//! Reads settings out of secret managers, with the same credentials and the same patience as the key services.

use super::{DEADLINE, SecretReference, ServiceError, Surroundings, wire::Wire};
use cowork_domain::secret::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The text behind a reference.
pub async fn read_secret(reference: &SecretReference, surroundings: &Surroundings) -> Result<Secret<String>, ServiceError> {
    let what = || format!("no answer within {} seconds", DEADLINE.as_secs());
    tokio::time::timeout(DEADLINE, read(reference, surroundings))
        .await
        .unwrap_or_else(|_| Err(ServiceError::Unavailable { service: "the secret manager", what: what() }))
}

async fn read(reference: &SecretReference, surroundings: &Surroundings) -> Result<Secret<String>, ServiceError> {
    match reference {
        #[cfg(feature = "vault")]
        SecretReference::Vault { mount, path, field } => vault(mount, path, field, surroundings).await,
        #[cfg(feature = "aws-kms")]
        SecretReference::Aws { id, region, field, endpoint } => aws(id, region, field.as_deref(), endpoint.as_deref(), surroundings).await,
        #[cfg(feature = "gcp-kms")]
        SecretReference::Google { name, endpoint } => google(name, endpoint.as_deref(), surroundings).await,
        #[cfg(feature = "azure-key-vault")]
        SecretReference::Azure { address, name, version } => azure(address, name, version.as_deref(), surroundings).await,
        #[cfg(not(all(feature = "vault", feature = "aws-kms", feature = "gcp-kms", feature = "azure-key-vault")))]
        _ => Err(ServiceError::NotBuilt("this secret manager")),
    }
}

/// The fields of a secret. What isn't asked for is dropped unread.
type Fields = BTreeMap<String, serde_json::Value>;

fn taken(service: &'static str, mut fields: Fields, field: &str) -> Result<Secret<String>, ServiceError> {
    match fields.remove(field) {
        Some(serde_json::Value::String(text)) => Ok(Secret::new(text)),
        _ => Err(ServiceError::Refused { service, status: 404, what: format!("the secret has no text field {field}") }),
    }
}

#[cfg(feature = "vault")]
async fn vault(mount: &str, path: &str, field: &str, surroundings: &Surroundings) -> Result<Secret<String>, ServiceError> {
    use super::vault::{SERVICE, Vault};

    #[derive(Deserialize)]
    struct Version {
        data: Fields,
    }
    let missing = |what: String| ServiceError::Credentials { service: SERVICE, what };
    let address = surroundings.variable("VAULT_ADDR").ok_or_else(|| missing("set VAULT_ADDR".to_owned()))?;
    let address =
        super::reference::secure(address.trim_end_matches('/').to_owned()).map_err(|why| missing(format!("VAULT_ADDR: {why}")))?;
    let version: Version = Vault::new(&address, surroundings)?.call(&format!("{mount}/data/{path}"), None).await?;
    taken(SERVICE, version.data, field)
}

#[cfg(feature = "aws-kms")]
async fn aws(
    id: &str,
    region: &str,
    field: Option<&str>,
    endpoint: Option<&str>,
    surroundings: &Surroundings,
) -> Result<Secret<String>, ServiceError> {
    const SERVICE: &str = "AWS Secrets Manager";

    #[derive(Deserialize)]
    struct Value {
        #[serde(rename = "SecretString")]
        text: String,
    }
    let caller = super::aws_kms::AwsCaller::new(SERVICE, "secretsmanager", region, endpoint, surroundings)?;
    let value: Value = caller.call("secretsmanager.GetSecretValue", &serde_json::json!({ "SecretId": id })).await?;
    let text = Secret::new(value.text);
    match field {
        None => Ok(text),
        Some(field) => {
            let fields: Fields = serde_json::from_str(text.expose()).map_err(|_| ServiceError::Answer(SERVICE))?;
            taken(SERVICE, fields, field)
        }
    }
}

#[cfg(feature = "gcp-kms")]
async fn google(name: &str, endpoint: Option<&str>, surroundings: &Surroundings) -> Result<Secret<String>, ServiceError> {
    const SERVICE: &str = "Google Cloud Secret Manager";

    #[derive(Deserialize)]
    struct Accessed {
        payload: Payload,
    }
    #[derive(Deserialize)]
    struct Payload {
        data: String,
    }
    let token = super::google_token::GoogleToken::find(SERVICE, surroundings)?.fetch().await?;
    let url = format!("{}/v1/{name}:access", endpoint.unwrap_or("https://secretmanager.googleapis.com"));
    let wire = Wire::new(SERVICE)?;
    let accessed: Accessed = wire.json("/error/status", |client| Ok(client.get(&url).bearer_auth(token.expose()))).await?;
    super::wire::text_of(SERVICE, accessed.payload.data)
}

#[cfg(feature = "azure-key-vault")]
async fn azure(address: &str, name: &str, version: Option<&str>, surroundings: &Surroundings) -> Result<Secret<String>, ServiceError> {
    const SERVICE: &str = "Azure Key Vault";

    #[derive(Deserialize)]
    struct Bundle {
        value: String,
        #[serde(default)]
        attributes: Attributes,
    }
    #[derive(Deserialize, Default)]
    struct Attributes {
        /// Seconds since 1970. The service hands an expired secret out all the same and leaves it to whoever asks.
        exp: Option<u64>,
    }
    let token = super::azure_token::AzureToken::find(SERVICE, address, surroundings)?.fetch().await?;
    let url = format!("{address}/secrets/{name}/{}?api-version=7.4", version.unwrap_or_default());
    let wire = Wire::new(SERVICE)?;
    let bundle: Bundle = wire.json("/error/code", |client| Ok(client.get(&url).bearer_auth(token.expose()))).await?;
    let value = Secret::new(bundle.value);
    let now = (surroundings.clock())().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    if bundle.attributes.exp.is_some_and(|end| end <= now) { Err(ServiceError::Expired(SERVICE)) } else { Ok(value) }
}
