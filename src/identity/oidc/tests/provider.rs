//! A provider on this machine that does as it is told, and counts.

use super::*;
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::StatusCode;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::task::AbortHandle;

/// What it does.
#[derive(Default)]
pub(super) struct Conduct {
    pub(super) keys: Vec<Value>,
    pub(super) is_away: bool,
    /// What it says instead of its description.
    pub(super) description: Option<Response>,
    /// What it gives for a code.
    pub(super) id_token: Option<String>,
    /// The last token request.
    pub(super) redeemed: Option<Redeemed>,
    pub(super) asked_for_keys: u32,
    pub(super) asked_for_description: u32,
}

/// A token request: its form, and its `Authorization`.
pub(super) type Redeemed = (Vec<(String, String)>, Option<String>);

/// The running provider; it ends with the test.
pub(super) struct Provider {
    pub(super) url: String,
    pub(super) conduct: Arc<Mutex<Conduct>>,
    server: AbortHandle,
}

#[derive(Clone)]
struct Shared(String, Arc<Mutex<Conduct>>);

impl Provider {
    pub(super) async fn start(keys: Vec<Value>) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let conduct = Arc::new(Mutex::new(Conduct { keys, ..Conduct::default() }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route("/jwks", get(key_set))
            .route("/token", post(token))
            .with_state(Shared(url.clone(), conduct.clone()));
        let server = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Self { url, conduct, server }
    }

    /// As this server sees it.
    pub(super) fn seen(&self) -> OidcProvider {
        self.seen_with(|_| {})
    }

    pub(super) fn seen_with(&self, change: impl FnOnce(&mut OidcOptions)) -> OidcProvider {
        let mut options = options(&self.url);
        change(&mut options);
        OidcProvider::connect(options).expect("a client can be made")
    }

    pub(super) fn set_away(&self, is_away: bool) {
        self.conduct.lock().is_away = is_away;
    }

    pub(super) fn asked_for_keys(&self) -> u32 {
        self.conduct.lock().asked_for_keys
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn description(State(Shared(url, conduct)): State<Shared>) -> Response {
    let mut conduct = conduct.lock();
    conduct.asked_for_description += 1;
    if conduct.is_away {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    conduct.description.take().unwrap_or_else(|| {
        Json(json!({
            "issuer": url, "authorization_endpoint": format!("{url}/auth"), "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/jwks"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }))
        .into_response()
    })
}

async fn key_set(State(Shared(_, conduct)): State<Shared>) -> Response {
    let mut conduct = conduct.lock();
    conduct.asked_for_keys += 1;
    if conduct.is_away { StatusCode::BAD_GATEWAY.into_response() } else { Json(json!({"keys": conduct.keys})).into_response() }
}

async fn token(State(Shared(_, conduct)): State<Shared>, headers: http::HeaderMap, form: String) -> Response {
    let mut conduct = conduct.lock();
    if conduct.is_away {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let url = reqwest::Url::parse(&format!("http://form/?{form}")).expect("a form");
    let authorization = headers.get("authorization").map(|value| value.to_str().expect("text").to_owned());
    conduct.redeemed = Some((url.query_pairs().into_owned().collect(), authorization));
    match conduct.id_token.take() {
        Some(id_token) => {
            Json(json!({"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": id_token})).into_response()
        }
        None => (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response(),
    }
}
