//! The block of facts in the document (contract 00 §7), so that the page can paint before its first request.

use crate::{http::HttpState, identity::AuthMode};
use cowork_domain::event::EventType;
use serde_json::{Value, json};

/// Which parts of the branding a stranger may see: what a sign-in page shows.
const PUBLIC: [&str; 7] = ["productName", "shortName", "logoUrl", "supportUrl", "privacyUrl", "securityUrl", "legalUrl"];

/// The block as JSON that is safe within a `<script>` element.
pub(super) fn block(state: &HttpState) -> String {
    let options = state.options();
    let sign_in = match options.auth.mode {
        AuthMode::None => "none",
        AuthMode::Header { .. } => "header",
        AuthMode::Oidc(_) => "oidc",
    };
    let branding: serde_json::Map<String, Value> = PUBLIC
        .into_iter()
        .filter_map(|key| options.branding.get(key).filter(|value| value.is_string()).map(|value| (key.to_owned(), value.clone())))
        .collect();
    let block = json!({
        "authRequired": sign_in != "none",
        "sessionEventTypes": EventType::ALL.map(EventType::as_str),
        "artifactDirectUpload": false,
        "signIn": sign_in,
        "browserLogin": sign_in == "oidc" && options.auth.signing_key.is_some(),
        "branding": branding,
    });
    block.to_string().replace('<', "\\u003c")
}
