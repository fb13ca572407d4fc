//! Keys that stay in the customer's vault: the row names them, a worker reads them when it needs them.

use super::{PROVIDER, audit, owner, prompt, provider::Provider, provider::with, until_shown, validate};
use crate::{answer::answer, caller::Caller, server::Server, setting::Setting};
use axum::{Json, Router, extract::State, http::HeaderMap, routing::get};
use cowork_store::test_database::TestDatabase;
use parking_lot::Mutex;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

const KEY: &str = "sk-that-stays-in-the-vault-0123456789";
const TOKEN: &str = "hvs.token-of-the-workers-0123456789";
const REFERENCE: &str = "vault://kv/customers/acme#openai";

/// Version 2 of Vault's KV engine, with one secret at `kv/customers/acme`.
struct Vault {
    url: String,
    /// What it answers; nothing: it is sealed.
    field: Arc<Mutex<Option<&'static str>>>,
    _serving: AbortOnDropHandle<()>,
}

impl Vault {
    async fn start() -> Self {
        let field = Arc::new(Mutex::new(Some(KEY)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/v1/kv/data/customers/acme", get(read)).with_state(field.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, field, _serving: AbortOnDropHandle::new(serving) }
    }
}

async fn read(State(field): State<Arc<Mutex<Option<&'static str>>>>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    if headers.get("x-vault-token").is_none_or(|token| token != TOKEN) {
        return (StatusCode::FORBIDDEN, Json(json!({ "errors": ["permission denied"] })));
    }
    match *field.lock() {
        Some(key) => (StatusCode::OK, Json(json!({ "data": { "data": { "openai": key }, "metadata": { "version": 1 } } }))),
        None => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "errors": ["Vault is sealed"] }))),
    }
}

async fn name(server: &Server, caller: &Caller, reference: &str) -> crate::answer::Answer {
    server.ask(caller, Method::POST, &format!("/api/byok/{PROVIDER}"), Some(json!({ "kmsRef": reference }))).await
}

#[tokio::test]
async fn a_key_that_a_reference_names_is_read_from_its_vault_and_used() {
    let (vault, provider) = (Vault::start().await, Provider::start(&[KEY]).await);
    let environment = provider.environment();
    let settings = [("BYOK_KMS_REFS", "true"), ("BYOK_KMS_REF_PREFIXES", "vault://kv/customers/"), ("BYOK_REVALIDATE_EVERY", "0")];
    let setting = Setting::new(Some(TestDatabase::create().await), &with(&environment, &settings));
    let server = Server::launch(setting.with_foreign("VAULT_ADDR", &vault.url).with_foreign("VAULT_TOKEN", TOKEN));
    let kim = owner("acme");
    for (foreign, status) in [
        ("vault://kv/deployment#cookie-secret", StatusCode::FORBIDDEN),
        ("vault://kv/customers/acme?endpoint=http://evil.example#openai", StatusCode::FORBIDDEN),
        ("vault://kv/customers/../deployment#cookie-secret", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(name(&server, &kim, foreign).await.status, status, "{foreign}");
    }

    assert_eq!(name(&server, &kim, REFERENCE).await.status, StatusCode::CREATED);
    let valid = validate(&server, &kim).await.body;
    assert_eq!((&valid["validated"], &valid["secret"]["status"]), (&json!(true), &json!("active")), "{valid:#}");
    assert_eq!(answer(&prompt(&server, &kim, "ping").await), "pong");
    assert!(provider.seen().iter().all(|request| request.key == KEY), "the provider saw the vault's key and no other");
    assert!(audit(&server, &kim).await.iter().all(|(_, metadata)| !metadata.to_string().contains(KEY)));

    // A vault that is sealed for a while takes no working key away.
    *vault.field.lock() = None;
    let unread = validate(&server, &kim).await.body;
    let told = (&unread["secret"]["status"], &unread["secret"]["validationError"]);
    assert_eq!(told, (&json!("active"), &json!("the secret manager is not available now")), "{unread:#}");
    *vault.field.lock() = Some(KEY);
    until_shown(&server, &kim, |shown| shown["inUse"]["health"] == "healthy").await;
}
