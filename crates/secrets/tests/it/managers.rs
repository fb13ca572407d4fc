//! Doubles of the secret managers' reading calls.

use crate::{server::Server, surroundings};
use axum::{
    Json, Router,
    extract::Path,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use cowork_secrets::service::{SecretReference, read_secret};
use serde_json::{Value, json};

type Reply = Result<Json<Value>, StatusCode>;

fn only_if(is_allowed: bool, answer: Value) -> Reply {
    if is_allowed { Ok(Json(answer)) } else { Err(StatusCode::FORBIDDEN) }
}

fn has(headers: &HeaderMap, name: &str, wanted: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(wanted))
}

async fn aws(headers: HeaderMap, body: String) -> Reply {
    let is_signed = has(&headers, "authorization", "/eu-west-1/secretsmanager/aws4_request");
    assert!(has(&headers, "x-amz-target", "secretsmanager.GetSecretValue") && body == r#"{"SecretId":"prod/cowork"}"#);
    only_if(is_signed, json!({ "Name": "prod/cowork", "SecretString": r#"{"cookie":"from aws"}"# }))
}

fn managers() -> Router {
    Router::new()
        .route(
            "/v1/kv/data/teams/cowork",
            get(async |headers: HeaderMap| {
                only_if(
                    has(&headers, "x-vault-token", "s.entered"),
                    json!({ "data": { "data": { "cookie": "from vault", "n": 1 }, "metadata": {} } }),
                )
            }),
        )
        .route("/", post(aws))
        .route(
            "/v1/projects/{*path}",
            get(async |Path(path): Path<String>, headers: HeaderMap| {
                assert_eq!(path, "p/secrets/s/versions/latest:access");
                only_if(has(&headers, "authorization", "Bearer ya29"), json!({ "payload": { "data": "ZnJvbSBnb29nbGU=" } }))
            }),
        )
        .route("/computeMetadata/v1/instance/service-accounts/default/token", get(async || Json(json!({ "access_token": "ya29" }))))
        .route("/metadata/identity/oauth2/token", get(async || Json(json!({ "access_token": "eyJ" }))))
        .route(
            "/secrets/cookie/",
            get(async |headers: HeaderMap| only_if(has(&headers, "authorization", "Bearer eyJ"), json!({ "value": "from azure" }))),
        )
        // It hands expired ones out like any other.
        .route("/secrets/old/", get(async || Json(json!({ "value": "too late", "attributes": { "enabled": true, "exp": 1000 } }))))
}

#[tokio::test]
async fn every_manager_gives_the_secret_that_is_referred_to() {
    let server = Server::start(managers()).await;
    let url = server.url();
    let variables = [
        ("VAULT_ADDR", url.as_str()),
        ("VAULT_TOKEN", "s.entered"),
        ("AWS_ACCESS_KEY_ID", "AKIA1"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("GCE_METADATA_HOST", server.host.as_str()),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", url.as_str()),
    ];
    let read = async |reference: &str| {
        let reference = SecretReference::parse(reference).expect("a reference");
        read_secret(&reference, &surroundings(&variables)).await.map(|secret| secret.expose().clone()).map_err(|error| error.to_string())
    };
    assert_eq!(read("vault://kv/teams/cowork#cookie").await.as_deref(), Ok("from vault"));
    assert_eq!(read(&format!("aws-sm://prod/cowork?region=eu-west-1&endpoint={url}#cookie")).await.as_deref(), Ok("from aws"));
    assert_eq!(read(&format!("gcp-sm://projects/p/secrets/s?endpoint={url}")).await.as_deref(), Ok("from google"));
    assert_eq!(read(&format!("azure-kv://acme/secrets/cookie?endpoint={url}")).await.as_deref(), Ok("from azure"));
    let expired = read(&format!("azure-kv://acme/secrets/old?endpoint={url}")).await;
    assert_eq!(expired, Err("Azure Key Vault says that the secret's time is over".to_owned()));
    let missing = read("vault://kv/teams/cowork#n").await;
    assert_eq!(missing, Err("Vault refused with 404: the secret has no text field n".to_owned()));
}
