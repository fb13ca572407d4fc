//! `/openapi.json` and, to read it, `/docs`.

use super::{answer::Json, error::ApiError, gate::Gate, routes, state::HttpState};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderValue, header};
use std::sync::{Arc, LazyLock};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::Config;

/// The viewer draws with inline styles and icons in `data:` URLs; it needs no inline script.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

static DESCRIPTION: LazyLock<String> = LazyLock::new(|| routes::openapi().to_json().expect("the description of the API always serialises"));

static VIEWER: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("/openapi.json")));

/// The routes of this resource: public, like the source code they describe.
pub(super) fn routes(_gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .route("/openapi.json", get(description))
        // Relative links of the viewer need a folder, and paths have no trailing slash here.
        .route("/docs", get(|| async { Redirect::temporary("/docs/index.html") }))
        .route("/docs/{*file}", get(viewer))
}

async fn description() -> Json {
    Json::text(DESCRIPTION.clone())
}

async fn viewer(State(_state): State<HttpState>, Path(file): Path<String>) -> Result<Response, ApiError> {
    let found = utoipa_swagger_ui::serve(&file, VIEWER.clone()).ok().flatten();
    let file = found.ok_or_else(|| ApiError::not_found("Not found."))?;
    let mut response = Body::from(file.bytes.into_owned()).into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_str(&file.content_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    Ok(response)
}
