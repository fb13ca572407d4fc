//! Who we are to Azure: a client secret, a workload's federated token, or the machine's managed identity.

use super::{
    ServiceError,
    reference::secure,
    surroundings::{Surroundings, read_file},
    wire::{Wire, form, query},
};
use cowork_domain::secret::Secret;
use serde::Deserialize;

const AUTHORITY: &str = "https://login.microsoftonline.com";
const MACHINE: &str = "http://169.254.169.254";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Where access tokens come from.
pub(super) struct AzureToken {
    wire: Wire,
    service: &'static str,
    /// What the token is for: the cloud's vaults.
    resource: String,
    source: Source,
}

enum Source {
    Client { url: String, client: String, proof: Proof },
    Platform { endpoint: String, header: Secret<String>, client: Option<String> },
    Machine { endpoint: String, client: Option<String> },
}

enum Proof {
    Secret(Secret<String>),
    FederatedToken(String),
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
}

impl AzureToken {
    pub(super) fn find(service: &'static str, vault: &str, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        Ok(Self { wire: Wire::new(service)?, service, resource: resource(vault), source: Source::find(service, surroundings)? })
    }

    pub(super) async fn fetch(&self) -> Result<Secret<String>, ServiceError> {
        let answer: TokenAnswer = match &self.source {
            Source::Client { url, client, proof } => {
                let scope = format!("{}/.default", self.resource);
                let mut pairs = vec![("grant_type", "client_credentials"), ("client_id", client.as_str()), ("scope", scope.as_str())];
                let token;
                match proof {
                    Proof::Secret(secret) => pairs.push(("client_secret", secret.expose().as_str())),
                    Proof::FederatedToken(path) => {
                        token = read_file(self.service, path)?;
                        pairs.extend([("client_assertion_type", ASSERTION), ("client_assertion", token.expose().as_str())]);
                    }
                }
                let body = form(&pairs);
                let build = |http: &reqwest::Client| {
                    Ok(http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body.to_vec()))
                };
                self.wire.json("/error", build).await?
            }
            Source::Platform { endpoint, header, client } => {
                let url = format!("{endpoint}?{}", self.asked("2019-08-01", client.as_deref()));
                self.wire.json("/error", |http| Ok(http.get(&url).header("x-identity-header", header.expose()))).await?
            }
            Source::Machine { endpoint, client } => {
                let url = format!("{endpoint}/metadata/identity/oauth2/token?{}", self.asked("2018-02-01", client.as_deref()));
                self.wire.json("/error", |http| Ok(http.get(&url).header("metadata", "true"))).await?
            }
        };
        Ok(Secret::new(answer.access_token))
    }

    fn asked(&self, version: &str, client: Option<&str>) -> String {
        let pairs = [("api-version", version), ("resource", self.resource.as_str())];
        query(pairs.into_iter().chain(client.map(|client| ("client_id", client))))
    }
}

impl Source {
    fn find(service: &'static str, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        let client = surroundings.variable("AZURE_CLIENT_ID");
        let proof = surroundings
            .secret("AZURE_CLIENT_SECRET")
            .map(Proof::Secret)
            .or_else(|| surroundings.variable("AZURE_FEDERATED_TOKEN_FILE").map(Proof::FederatedToken));
        let checked = |url: String| secure(url).map_err(|why| ServiceError::Credentials { service, what: why.to_string() });
        if let Some(proof) = proof {
            let (Some(tenant), Some(client)) = (surroundings.variable("AZURE_TENANT_ID"), client) else {
                let what = "set AZURE_TENANT_ID and AZURE_CLIENT_ID, too".to_owned();
                return Err(ServiceError::Credentials { service, what });
            };
            let authority = surroundings.variable("AZURE_AUTHORITY_HOST").unwrap_or_else(|| AUTHORITY.to_owned());
            let url = checked(format!("{}/{tenant}/oauth2/v2.0/token", authority.trim_end_matches('/')))?;
            return Ok(Self::Client { url, client, proof });
        }
        if let (Some(endpoint), Some(header)) = (surroundings.variable("IDENTITY_ENDPOINT"), surroundings.secret("IDENTITY_HEADER")) {
            return Ok(Self::Platform { endpoint, header, client });
        }
        let endpoint = surroundings.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or_else(|| MACHINE.to_owned());
        Ok(Self::Machine { endpoint: endpoint.trim_end_matches('/').to_owned(), client })
    }
}

/// The audience of the vaults of a cloud: the vault's host without its name.
fn resource(vault: &str) -> String {
    let host = vault.trim_start_matches("https://");
    match host.split_once('.') {
        Some((_, cloud)) if cloud.starts_with("vault.") => format!("https://{cloud}"),
        _ => "https://vault.azure.net".to_owned(),
    }
}
