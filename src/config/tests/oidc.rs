//! Auth mode `oidc`: what it must have, and what it must not be combined with.

use super::*;

const OIDC: [(&str, &str); 4] = [
    ("OPEN_COWORK_CLOUD_AUTH_MODE", "oidc"),
    ("OPEN_COWORK_CLOUD_OIDC_ISSUER_URL", "https://id.example.com/"),
    ("OPEN_COWORK_CLOUD_OIDC_CLIENT_ID", "cowork"),
    ("OPEN_COWORK_CLOUD_COOKIE_SECRET", STRONG),
];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let replaced = |name: &str| more.iter().any(|(other, _)| *other == name);
    OIDC.into_iter().filter(|(name, _)| !replaced(name)).chain(more.iter().copied().filter(|(_, value)| !value.is_empty())).collect()
}

#[test]
fn a_provider_is_named_and_nobody_else_can_answer_for_it() {
    let loaded = load(&OIDC).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    let oidc = loaded.config.auth.oidc;
    assert_eq!((oidc.issuer.as_deref(), oidc.client_id.as_deref()), (Some("https://id.example.com"), Some("cowork")));
    assert_eq!((oidc.client_secret.is_none(), oidc.callback_path.as_str()), (true, "/auth/callback"));

    let issuer = "OPEN_COWORK_CLOUD_OIDC_ISSUER_URL";
    assert_refused(&with(&[(issuer, "")]), "needs OPEN_COWORK_CLOUD_OIDC_ISSUER_URL");
    assert_refused(&with(&[("OPEN_COWORK_CLOUD_OIDC_CLIENT_ID", "")]), "needs OPEN_COWORK_CLOUD_OIDC_CLIENT_ID");
    assert_refused(&with(&[(issuer, "http://id.example.com")]), "must be https");
    assert_refused(&with(&[(issuer, "https://id.example.com/?tenant=a")]), "no query");
    assert_eq!(problems(&with(&[(issuer, "http://127.0.0.1:3000")])), Vec::<String>::new());
    let warnings = load(&with(&[("OPEN_COWORK_CLOUD_COOKIE_SECRET", "")])).unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("browsers can't")), "{warnings:?}");
    let secret = ("OPEN_COWORK_CLOUD_OIDC_CLIENT_SECRET", "hunter2");
    assert!(!format!("{:?}", load(&with(&[secret])).unwrap().config).contains("hunter2"), "a secret shows");
}

#[test]
fn people_come_back_over_https_to_a_place_of_its_own() {
    let (public, url) = (("OPEN_COWORK_CLOUD_HOST", "0.0.0.0"), "OPEN_COWORK_CLOUD_PUBLIC_URL");
    assert_refused(&with(&[public]), "public https OPEN_COWORK_CLOUD_PUBLIC_URL");
    for refused in ["http://cloud.example.com", "https://10.1.2.3", "https://localhost", "https://intranet"] {
        assert_refused(&with(&[public, (url, refused)]), "public https OPEN_COWORK_CLOUD_PUBLIC_URL");
    }
    assert_eq!(problems(&with(&[public, (url, "https://cloud.example.com")])), Vec::<String>::new());
    let callback = "OPEN_COWORK_CLOUD_OIDC_CALLBACK_PATH";
    for refused in ["auth/callback", "/", "//evil.example", "/a/../b", "/a b", "/{id}", "/a?b"] {
        assert_refused(&with(&[(callback, refused)]), "expected a path");
    }
    for taken in ["/api/sessions", "/auth/login", "/livez"] {
        assert_refused(&with(&[(callback, taken)]), "another route");
    }
    assert_eq!(problems(&with(&[(callback, "/oauth2/callback")])), Vec::<String>::new());
}

#[test]
fn production_takes_a_provider_instead_of_a_proxy() {
    let found = problems(&with(&[
        ("OPEN_COWORK_CLOUD_DEPLOYMENT_TIER", "public_production"),
        ("OPEN_COWORK_CLOUD_ROLE", "web"),
        ("OPEN_COWORK_CLOUD_PUBLIC_URL", "https://cloud.example.com"),
    ]));
    assert!(!found.iter().any(|problem| problem.contains("HEADER_AUTH") || problem.contains("auth mode")), "{found:#?}");
}
