//! The status page: one HTML document without scripts.

use crate::http::{HttpState, Standing};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};

const TEMPLATE: &str = include_str!("status_page.html");

/// The document policy of contract 00 §7.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     style-src-attr 'unsafe-inline'; connect-src 'self'; font-src 'self'; img-src 'self' data:; object-src 'none'; \
     base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Draws the page for this moment. It says nothing that `/readyz` does not say.
pub(super) async fn show(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    let (word, class) = match state.standing() {
        _ if state.readiness().draining => ("shutting down", "waiting"),
        Standing::Fit(_) => ("ready", "ready"),
        Standing::Unfit(_) => ("starting", "waiting"),
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8787");
    let address = state.public_url().map_or_else(|| format!("http://{host}"), |url| url.trim_end_matches('/').to_owned());
    let page = page(state.product_name(), word, class, &address);
    let mut response = Body::from(page).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    response
}

fn page(product: &str, word: &str, class: &str, address: &str) -> String {
    TEMPLATE
        .replace("{{word}}", word)
        .replace("{{class}}", class)
        .replace("{{address}}", &escaped(address))
        .replace("{{product}}", &escaped(product))
}

/// Text as HTML shows it, also inside quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(character),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_stay_text() {
        let page = page("<script>", "ready", "ready", "http://\"x");
        assert!(!page.contains("<script") && !page.contains("{{"));
        assert!(page.contains("&lt;script&gt;") && page.contains("http://&quot;x"));
    }
}
