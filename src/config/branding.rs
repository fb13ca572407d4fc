//! What people see of the product's name and colours (contract 02 §1, `publicBranding`).

use super::setting::{Kind, Setting};
use super::values::Values;
use serde_json::{Value as Json, json};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("PUBLIC_BRANDING_JSON", Kind::Json, "branding as one JSON object; it is laid over the defaults").file("publicBranding"),
    Setting::new("BRAND_NAME", Kind::Text, "name of the product"),
    Setting::new("BRAND_SHORT_NAME", Kind::Text, "its short name"),
    Setting::new("BRAND_LOGO_URL", Kind::Url, "address of its logo"),
    Setting::new("SUPPORT_URL", Kind::Url, "where people get help"),
    Setting::new("PRIVACY_URL", Kind::Url, "privacy statement"),
    Setting::new("SECURITY_URL", Kind::Url, "security statement"),
    Setting::new("LEGAL_URL", Kind::Url, "terms"),
];

/// Which setting overrides which field.
const FIELDS: [(&str, &str); 7] = [
    ("BRAND_NAME", "productName"),
    ("BRAND_SHORT_NAME", "shortName"),
    ("BRAND_LOGO_URL", "logoUrl"),
    ("SUPPORT_URL", "supportUrl"),
    ("PRIVACY_URL", "privacyUrl"),
    ("SECURITY_URL", "securityUrl"),
    ("LEGAL_URL", "legalUrl"),
];

/// The branding object exactly as clients get it.
pub(super) fn read(values: &Values) -> Json {
    let mut branding = json!({
        "productName": "Open Cowork Cloud",
        "shortName": "OC",
        "supportUrl": "",
        "privacyUrl": "",
        "securityUrl": "",
        "legalUrl": "",
        "theme": { "background": "#0c0d0f", "surface": "#141619" },
        "dashboard": { "title": "Workspace", "subtitle": "Cloud control plane state for this signed-in org." },
        "managedOrgConnectionLabels": {
            "desktopToken": "Desktop token",
            "gatewayToken": "Gateway token",
            "apiToken": "API token",
            "cloudUrl": "Cloud URL",
        },
    });
    if let Some(given) = values.json("PUBLIC_BRANDING_JSON") {
        lay_over(&mut branding, given);
    }
    for (setting, field) in FIELDS {
        if let Some(text) = values.text(setting) {
            branding[field] = Json::String(text);
        }
    }
    branding
}

fn lay_over(base: &mut Json, given: &Json) {
    match (base, given) {
        (Json::Object(base), Json::Object(given)) => {
            for (key, value) in given {
                lay_over(base.entry(key.clone()).or_insert(Json::Null), value);
            }
        }
        (base, given) => *base = given.clone(),
    }
}
