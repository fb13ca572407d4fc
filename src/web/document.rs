//! The document of the page: the same for every path within it, with the facts of this deployment.

use super::{bootstrap, files, status_page};
use crate::http::HttpState;
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

const BOOTSTRAP: &str = r#"<script id="cowork-bootstrap" type="application/json">{}</script>"#;
const TITLE: &str = "<title>Open Cowork Cloud</title>";

/// The document for this deployment. It says nothing that a stranger may not know.
pub(super) async fn show(State(state): State<HttpState>, asked: HeaderMap) -> Response {
    let Some(template) = files::document() else { return status_page::show(State(state), asked).await };
    let logo = state.options().branding.get("logoUrl").and_then(serde_json::Value::as_str);
    let page = page(template, state.product_name(), &bootstrap::block(&state));
    let tag = files::tag_of(page.as_bytes());
    let mut response =
        if files::is_known(&asked, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(page).into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy(logo)).expect("made of visible characters"));
    headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("made of hexadecimal digits"));
    response
}

fn page(template: &str, product: &str, bootstrap: &str) -> String {
    let block = BOOTSTRAP.replace("{}", bootstrap);
    let title = format!("<title>{}</title>", status_page::escaped(product));
    template.replacen(TITLE, &title, 1).replacen(BOOTSTRAP, &block, 1)
}

/// Stricter than contract 00 §7 asks for: the page has no inline styles. A logo of another host is the one thing from elsewhere.
fn policy(logo: Option<&str>) -> String {
    let images = logo.and_then(origin_of).map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; img-src 'self' data:{images}; \
         worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
}

/// Scheme, host and port of an absolute address. What is not one names nothing in a policy.
fn origin_of(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority()?;
    let port = authority.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = authority.host();
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.[]:".contains(&byte)).then(|| format!("{scheme}://{host}{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_stay_text() {
        let template = format!("{TITLE}{BOOTSTRAP}");
        let page = page(&template, "</title><script>", "{\"a\":\"\\u003c/script>\"}");
        assert!(page.starts_with("<title>&lt;/title&gt;&lt;script&gt;</title>"), "{page}");
        assert_eq!(page.matches("<script").count(), 1, "{page}");
    }

    #[test]
    fn the_build_left_the_places_where_facts_go() {
        let Some(template) = files::document() else { return };
        assert!(template.contains(TITLE) && template.contains(BOOTSTRAP), "{template}");
    }

    #[test]
    fn only_a_logo_of_another_host_loosens_the_policy() {
        assert!(policy(None).contains("img-src 'self' data:;"));
        assert!(policy(Some("/logo.svg")).contains("img-src 'self' data:;"));
        assert!(policy(Some("https://cdn.example:8443/a.png")).contains("img-src 'self' data: https://cdn.example:8443;"));
        assert!(!policy(Some("https://x;script-src *")).contains("script-src *"));
        assert!(!policy(None).contains("unsafe"));
    }
}
