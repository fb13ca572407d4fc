//! A small double of the store's XML interface: puts, gets, heads and deletes of objects that carry a generation, an entity tag, a
//! type and a disposition, for whoever shows the one token, or for one service account and whom that gives a signature.

use super::{
    BUCKET, TOKEN,
    account::Account,
    form::{Posted, posted},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use reqwest::{
    Method, StatusCode, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use std::{collections::HashMap, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) content: Bytes,
    pub(super) shown: HeaderMap,
    generation: u64,
}

struct Store {
    objects: Mutex<HashMap<String, Object>>,
    account: Option<Account>,
}

/// A running double; it ends with the test.
pub(super) struct Double {
    pub(super) url: String,
    store: Arc<Store>,
    _serving: AbortOnDropHandle<()>,
}

impl Double {
    pub(super) async fn start(account: Option<Account>) -> Self {
        let store = Arc::new(Store { objects: Mutex::default(), account });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(store.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, store, _serving: AbortOnDropHandle::new(serving) }
    }

    /// Everything that lies there, by its key.
    pub(super) fn objects(&self) -> Vec<(String, Object)> {
        self.store.objects.lock().iter().map(|(key, object)| (key.clone(), object.clone())).collect()
    }
}

impl Store {
    fn admits(&self, method: &Method, headers: &HeaderMap, path: &str, query: &str) -> bool {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        match (&self.account, bearer) {
            (None, Some(token)) => token == TOKEN,
            (Some(account), Some(token)) => account.said(token),
            (Some(account), None) => account.signed_address(method.as_str(), path, query),
            (None, None) => false,
        }
    }

    fn put(&self, key: String, content: Bytes, shown: HeaderMap) -> Response {
        let mut objects = self.objects.lock();
        let generation = objects.get(&key).map_or(1, |object| object.generation + 1);
        let object = objects.entry(key).insert_entry(Object { content, shown, generation });
        (StatusCode::OK, about(object.get())).into_response()
    }
}

async fn answer(State(store): State<Arc<Store>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    if parts.method == Method::POST && path == format!("/{BUCKET}/") {
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(Posted { key, content, content_type }) = store.account.as_ref().and_then(|account| posted(account, content_type, &body))
        else {
            return StatusCode::FORBIDDEN.into_response();
        };
        let content_type = HeaderValue::from_str(&content_type).expect("it came in a header");
        return store.put(key, content, HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]));
    }
    if !store.admits(&parts.method, &parts.headers, path, query) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(key) = plain(path).strip_prefix(&format!("/{BUCKET}/")).map(str::to_owned) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match parts.method {
        Method::PUT => {
            let shown = [header::CONTENT_TYPE, header::CONTENT_DISPOSITION];
            let shown = shown.into_iter().filter_map(|name| parts.headers.get(&name).map(|value| (name, value.clone()))).collect();
            store.put(key, body, shown)
        }
        Method::GET | Method::HEAD => match store.objects.lock().get(&key) {
            Some(object) => (about(object), asked(query, &object.shown), Body::from(object.content.clone())).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Method::DELETE if store.objects.lock().remove(&key).is_some() => StatusCode::NO_CONTENT.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Google's clients escape whatever is no letter and no digit.
fn plain(path: &str) -> String {
    pairs(&format!("path={path}")).remove("path").expect("one value")
}

fn pairs(query: &str) -> HashMap<String, String> {
    Url::parse(&format!("http://double/?{query}")).expect("a query").query_pairs().into_owned().collect()
}

/// How an object is shown: as an address says, else as it was put there.
fn asked(query: &str, shown: &HeaderMap) -> HeaderMap {
    let (mut shown, mut query) = (shown.clone(), pairs(query));
    for (name, header) in [("response-content-type", header::CONTENT_TYPE), ("response-content-disposition", header::CONTENT_DISPOSITION)] {
        if let Some(value) = query.remove(name) {
            shown.insert(header, value.parse().expect("a header"));
        }
    }
    shown
}

fn about(object: &Object) -> [(HeaderName, String); 3] {
    [
        (header::ETAG, format!("\"{}\"", object.generation)),
        (header::LAST_MODIFIED, "Wed, 04 Mar 2026 05:06:07 GMT".to_owned()),
        (HeaderName::from_static("x-goog-generation"), object.generation.to_string()),
    ]
}
