//! A double of Key Vault with real RSA-OAEP, and of the three places where tokens come from.

use crate::{assert_guards, refusal, server::Server};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rsa::{Oaep, RsaPrivateKey, rand_core::OsRng, sha2::Sha256};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

type Reply = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// A vault with one key that has two versions.
struct Vault {
    versions: [RsaPrivateKey; 2],
    current: AtomicU32,
}

fn refused(status: StatusCode, code: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": { "code": code, "message": "…" } })))
}

/// `/keys/<name>/<version>/<operation>`; without a version the current one wraps.
async fn key(State(vault): State<Arc<Vault>>, Path(path): Path<String>, uri: Uri, headers: HeaderMap, Json(body): Json<Value>) -> Reply {
    if headers.get("authorization").is_none_or(|value| value != "Bearer eyJ.token") || uri.query() != Some("api-version=7.4") {
        return Err(refused(StatusCode::UNAUTHORIZED, "Unauthorized"));
    }
    assert_eq!(body["alg"], "RSA-OAEP-256");
    let parts: Vec<&str> = path.split('/').collect();
    let ["cowork", version, operation] = parts[..] else { return Err(refused(StatusCode::NOT_FOUND, "KeyNotFound")) };
    let current = vault.current.load(Ordering::SeqCst) as usize;
    let number = match version {
        "" => current,
        "v0" => 0,
        "v1" => 1,
        _ => return Err(refused(StatusCode::NOT_FOUND, "KeyNotFound")),
    };
    let key = &vault.versions[number];
    let value = BASE64_URL_SAFE_NO_PAD.decode(body["value"].as_str().unwrap()).unwrap();
    let made = match operation {
        "wrapkey" => key.to_public_key().encrypt(&mut OsRng, Oaep::new::<Sha256>(), &value).unwrap(),
        "unwrapkey" if !version.is_empty() => {
            key.decrypt(Oaep::new::<Sha256>(), &value).map_err(|_| refused(StatusCode::BAD_REQUEST, "BadParameter"))?
        }
        _ => return Err(refused(StatusCode::BAD_REQUEST, "BadParameter")),
    };
    let kid = format!("https://acme.vault.azure.net/keys/cowork/v{number}");
    Ok(Json(json!({ "kid": kid, "value": BASE64_URL_SAFE_NO_PAD.encode(made) })))
}

fn token() -> Json<Value> {
    Json(json!({ "access_token": "eyJ.token", "expires_in": "3599", "token_type": "Bearer" }))
}

async fn client(Path(tenant): Path<String>, body: String) -> Reply {
    let common = "grant_type=client_credentials&client_id=app-1&scope=https%3A%2F%2Fvault.azure.net%2F.default";
    let secret = format!("{common}&client_secret=s%26cret");
    let assertion = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=pod.jwt";
    if tenant == "tenant-1" && [secret, format!("{common}&{assertion}")].contains(&body) {
        return Ok(token());
    }
    Err((StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client", "error_description": format!("AADSTS7000215: {body}") }))))
}

async fn machine(uri: Uri, headers: HeaderMap) -> Reply {
    assert_eq!(uri.query(), Some("api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net"));
    if headers.get("metadata").is_some_and(|value| value == "true") { Ok(token()) } else { Err(refused(StatusCode::BAD_REQUEST, "x")) }
}

async fn platform(uri: Uri, headers: HeaderMap) -> Reply {
    assert_eq!(uri.query(), Some("api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net&client_id=app-1"));
    if headers.get("x-identity-header").is_some_and(|value| value == "guid") {
        Ok(token())
    } else {
        Err(refused(StatusCode::BAD_REQUEST, "x"))
    }
}

#[tokio::test]
async fn a_key_vault_guards_a_key_over_its_own_rotation_for_every_kind_of_identity() {
    let versions = [(); 2].map(|()| RsaPrivateKey::new(&mut OsRng, 2048).unwrap());
    let vault = Arc::new(Vault { versions, current: AtomicU32::new(0) });
    let router = Router::new()
        .route("/keys/{*path}", post(key))
        .route("/{tenant}/oauth2/v2.0/token", post(client))
        .route("/metadata/identity/oauth2/token", get(machine))
        .route("/msi/token", get(platform))
        .with_state(vault.clone());
    let server = Server::start(router).await;
    let url = server.url();
    let reference = format!("azure-kv://acme/keys/cowork?endpoint={url}");
    let managed = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", url.as_str())];
    let wrapped = assert_guards(&reference, &managed).await;

    // A rotated key still unwraps what its earlier version wrapped.
    vault.current.store(1, Ordering::SeqCst);
    let variables = managed.map(|(name, value)| (name, value));
    assert!(cowork_secrets::service::unwrap(&wrapped, &crate::surroundings(&variables)).await.is_ok());

    let app = [("AZURE_TENANT_ID", "tenant-1"), ("AZURE_CLIENT_ID", "app-1"), ("AZURE_AUTHORITY_HOST", url.as_str())];
    assert_guards(&reference, &[&app[..], &[("AZURE_CLIENT_SECRET", "s&cret")]].concat()).await;
    let pod = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(pod.path(), "pod.jwt").unwrap();
    assert_guards(&reference, &[&app[..], &[("AZURE_FEDERATED_TOKEN_FILE", pod.path().to_str().unwrap())]].concat()).await;
    let endpoint = format!("{url}/msi/token");
    let service = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "guid"), ("AZURE_CLIENT_ID", "app-1")];
    assert_guards(&reference, &service).await;

    let wrong = refusal(&wrapped, &[&app[..], &[("AZURE_CLIENT_SECRET", "canary")]].concat()).await;
    assert_eq!(wrong, "Azure Key Vault refused with 401: invalid_client");
    assert!(refusal(&wrapped, &[("AZURE_CLIENT_SECRET", "s")]).await.contains("set AZURE_TENANT_ID and AZURE_CLIENT_ID"));
}
