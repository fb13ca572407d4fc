//! A transit engine with real AES-GCM behind Vault's HTTP API.

use crate::{assert_guards, refusal, server::Server, surroundings};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use cowork_secrets::{
    sealing::OpeningKey,
    service::{self, KeyReference},
};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// What the engine knows.
#[derive(Default)]
struct Vault {
    calls: AtomicU32,
    /// So many calls fail first.
    trouble: AtomicU32,
    seals: AtomicU32,
}

type Reply = Result<Json<Value>, (StatusCode, Json<Value>)>;

fn refused(status: StatusCode, error: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "errors": [error] })))
}

fn key() -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap())
}

async fn transit(
    State(vault): State<Arc<Vault>>,
    Path((operation, name)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Reply {
    vault.calls.fetch_add(1, Ordering::SeqCst);
    if vault.trouble.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        return Err(refused(StatusCode::SERVICE_UNAVAILABLE, "Vault is sealed"));
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    if header("x-vault-token") != "s.entered" || header("x-vault-request") != "true" || header("x-vault-namespace") != "teams/a" {
        return Err(refused(StatusCode::FORBIDDEN, "permission denied"));
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    match operation.as_str() {
        "encrypt" => {
            let mut bytes = BASE64_STANDARD.decode(text("plaintext")).unwrap();
            let mut nonce = [0; 12];
            nonce[..4].copy_from_slice(&vault.seals.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            key().seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name), &mut bytes).unwrap();
            Ok(Json(json!({ "data": { "ciphertext": format!("vault:v1:{}", BASE64_STANDARD.encode([&nonce[..], &bytes].concat())) } })))
        }
        "decrypt" => {
            let invalid = || refused(StatusCode::BAD_REQUEST, "invalid ciphertext: unable to decrypt");
            let text = text("ciphertext");
            let mut bytes = BASE64_STANDARD.decode(text.strip_prefix("vault:v1:").ok_or_else(invalid)?).map_err(|_| invalid())?;
            let sealed = bytes.split_off(12);
            let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| invalid())?;
            let mut sealed = sealed;
            let opened = key().open_in_place(nonce, Aad::from(name), &mut sealed).map_err(|_| invalid())?;
            Ok(Json(json!({ "data": { "plaintext": BASE64_STANDARD.encode(opened) } })))
        }
        _ => Err(refused(StatusCode::NOT_FOUND, "unsupported path")),
    }
}

async fn login(Path(mount): Path<String>, Json(body): Json<Value>) -> Reply {
    let is_known = match mount.as_str() {
        "approle" => body == json!({ "role_id": "role-1", "secret_id": "secret-1" }),
        "cluster-7" => body == json!({ "role": "cowork", "jwt": "pod.jwt" }),
        _ => false,
    };
    if is_known {
        return Ok(Json(json!({ "auth": { "client_token": "s.entered", "lease_duration": 60 } })));
    }
    Err(refused(StatusCode::BAD_REQUEST, "invalid role or secret ID"))
}

async fn start() -> (Server, Arc<Vault>, String) {
    let vault = Arc::new(Vault::default());
    let router = Router::new()
        .route("/v1/teams/transit/{operation}/{key}", post(transit))
        .route("/v1/auth/{mount}/login", post(login))
        .with_state(vault.clone());
    let server = Server::start(router).await;
    let reference = format!("vault-transit://{}/teams/transit/cowork?tls=off", server.host);
    (server, vault, reference)
}

const NAMESPACE: (&str, &str) = ("VAULT_NAMESPACE", "teams/a");

#[tokio::test]
async fn vault_guards_a_key_whichever_way_it_is_entered() {
    let (_server, _, reference) = start().await;
    let token = ("VAULT_TOKEN", "s.entered");
    let wrapped = assert_guards(&reference, &[token, NAMESPACE]).await;
    assert_guards(&reference, &[("VAULT_ROLE_ID", "role-1"), ("VAULT_SECRET_ID", "secret-1"), NAMESPACE]).await;
    let pod = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(pod.path(), "pod.jwt\n").unwrap();
    let path = pod.path().to_str().unwrap();
    let kubernetes =
        [("VAULT_KUBERNETES_ROLE", "cowork"), ("VAULT_KUBERNETES_TOKEN_PATH", path), ("VAULT_AUTH_MOUNT", "cluster-7"), NAMESPACE];
    assert_guards(&reference, &kubernetes).await;

    // Refusals say what the service said, and nothing of what it was shown.
    assert_eq!(refusal(&wrapped, &[("VAULT_TOKEN", "s.wrong"), NAMESPACE]).await, "Vault refused with 403: permission denied");
    let wrong = refusal(&wrapped, &[("VAULT_ROLE_ID", "role-1"), ("VAULT_SECRET_ID", "s.canary"), NAMESPACE]).await;
    assert_eq!(wrong, "Vault refused with 400: invalid role or secret ID");
    assert!(refusal(&wrapped, &[]).await.contains("set VAULT_TOKEN"));
    let mut altered = wrapped.clone();
    *altered.ciphertext.last_mut().unwrap() = b'!';
    assert!(refusal(&altered, &[token, NAMESPACE]).await.contains("invalid ciphertext"));
}

#[tokio::test]
async fn a_service_in_trouble_is_asked_again_a_few_times_and_no_more() {
    let (server, vault, reference) = start().await;
    let variables = [("VAULT_TOKEN", "s.entered"), NAMESPACE];
    let reference = KeyReference::parse(&reference).unwrap();
    let key = OpeningKey::generate();
    vault.trouble.store(2, Ordering::SeqCst);
    let wrapped = service::wrap(&key, reference, &surroundings(&variables)).await.expect("the third try is answered");
    assert_eq!(vault.calls.swap(0, Ordering::SeqCst), 3);
    vault.trouble.store(100, Ordering::SeqCst);
    assert_eq!(refusal(&wrapped, &variables).await, "Vault is not available: it answered 503");
    assert_eq!(vault.calls.load(Ordering::SeqCst), 4);
    drop(server);
    assert!(refusal(&wrapped, &variables).await.starts_with("Vault is not available: "));
}
