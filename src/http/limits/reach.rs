//! Which requests are limited: those from step 7 of the dispatch order on (contract 00 §1, §6).

use http::Method;

/// How far limits reach a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Not at all: health checks must always work, and the browser's first page is as cheap as a refusal.
    Nothing,
    /// The request isn't counted, but rejected credentials are. What no route answers here is authenticated like any unknown
    /// path, and must not be the one place where guessing is free. A route that authenticates in a way of its own, with a
    /// limiter of its own, goes to `Nothing`.
    Rejections,
    /// In full.
    Everything,
}

impl Reach {
    /// For a path in its normal form.
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let is_page = *method == Method::GET && matches!(path, "/" | "/index.html" | "/app");
        let is_probe = matches!(path, "/livez" | "/progressz" | "/readyz");
        let is_asset = *method == Method::GET && path.starts_with("/app/assets/");
        // It has a limiter of its own.
        let is_billing = path == "/webhooks/billing";
        let is_webhook = path.starts_with("/webhooks/workflows/");
        // Counted behind authentication, in a budget of their own.
        let is_cursor = *method == Method::POST && path == "/api/channels/cursor";
        if is_page || is_probe || is_billing || *method == Method::OPTIONS {
            Self::Nothing
        } else if is_asset || is_webhook || is_cursor {
            Self::Rejections
        } else {
            Self::Everything
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_before_step_7_and_cursors_are_free() {
        for (method, path, reach) in [
            (Method::OPTIONS, "/api/sessions", Reach::Nothing),
            (Method::GET, "/", Reach::Nothing),
            (Method::GET, "/app", Reach::Nothing),
            (Method::GET, "/livez", Reach::Nothing),
            (Method::POST, "/readyz", Reach::Nothing),
            (Method::GET, "/app/assets/index.js", Reach::Rejections),
            (Method::POST, "/webhooks/workflows/w1", Reach::Rejections),
            (Method::POST, "/webhooks/billing", Reach::Nothing),
            (Method::POST, "/api/channels/cursor", Reach::Rejections),
            (Method::GET, "/api/channels/cursor", Reach::Everything),
            (Method::HEAD, "/", Reach::Everything),
            (Method::POST, "/app", Reach::Everything),
            (Method::GET, "/metrics", Reach::Everything),
            (Method::GET, "/webhooks", Reach::Everything),
            (Method::POST, "/scim/v2/Users", Reach::Everything),
            (Method::POST, "/api/invites/accept", Reach::Everything),
            (Method::GET, "/auth/login", Reach::Everything),
            (Method::GET, "/nothing", Reach::Everything),
        ] {
            assert_eq!(Reach::of(&method, path), reach, "{method} {path}");
        }
    }
}
