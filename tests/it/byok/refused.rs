//! Keys, providers and people that are turned away.

use super::{
    PROVIDER, owner,
    provider::{Provider, with},
    save, validate,
};
use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
    setting::Setting,
};
use cowork_store::test_database::TestDatabase;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn what_can_be_no_key_is_refused_with_a_sentence() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = owner("acme");
    let exactly_one = "BYOK credential requires exactly one of plaintext/apiKey/key/secret or kmsRef.";
    for (body, error) in [
        (json!({}), exactly_one),
        (json!({ "apiKey": "  ", "secret": 7 }), exactly_one),
        (json!({ "apiKey": "sk-0123456789", "kmsRef": "aws-sm://acme/key" }), exactly_one),
        (json!({ "apiKey": "1234" }), "A provider key has at least 8 characters."),
        (json!({ "apiKey": "sk-01234 56789" }), "A provider key holds no spaces, line breaks or control characters."),
        (json!({ "apiKey": "sk-01234\u{0}56789" }), "A provider key holds no spaces, line breaks or control characters."),
        (json!({ "apiKey": "k".repeat(5000) }), "A provider key has at most 4096 bytes."),
    ] {
        let refused = server.ask(&kim, Method::POST, "/api/byok/openai", Some(body)).await.expect(StatusCode::BAD_REQUEST, error);
        assert_eq!(refused.body["code"], "request.invalid_field");
    }
    let large = server.ask(&kim, Method::POST, "/api/byok/openai", Some(json!({ "apiKey": "k".repeat(70_000) }))).await;
    assert_eq!((large.status, &large.body["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("request.body_too_large")));
    for (method, path) in [(Method::GET, ""), (Method::POST, ""), (Method::POST, "/validate"), (Method::DELETE, "")] {
        let refused = server.ask(&kim, method, &format!("/api/byok/No%20Such{path}"), Some(json!({ "key": "sk-0123456789" }))).await;
        refused.expect(StatusCode::BAD_REQUEST, "Unsupported BYOK provider id No Such.");
    }
    let reference = server.ask(&kim, Method::POST, "/api/byok/openai", Some(json!({ "kmsRef": "aws-sm://acme/key" }))).await;
    let reference = reference.expect(StatusCode::FORBIDDEN, "KMS-backed BYOK references are disabled in this cloud deployment.");
    assert_eq!(reference.policy_code(), "byok.reference_refused");
    let nothing = server.ask(&kim, Method::GET, "/api/byok", None).await;
    assert_eq!((&nothing.body["secrets"], &nothing.body["inUse"]), (&json!([]), &json!([])), "nothing of it was kept");
}

#[tokio::test]
async fn a_provider_needs_the_deployments_and_the_organisations_consent() {
    let server = Server::with(&[&HEADER_MODE[..], &[("BYOK_PROVIDERS", "openai,openrouter")]].concat()).await;
    let (kim, key) = (owner("acme"), json!({ "apiKey": "sk-0123456789abc" }));
    for (method, path) in
        [(Method::GET, ""), (Method::POST, ""), (Method::POST, "/validate"), (Method::POST, "/override"), (Method::DELETE, "")]
    {
        let refused = server.ask(&kim, method.clone(), &format!("/api/byok/anthropic{path}"), Some(key.clone())).await;
        let text = "Provider \"anthropic\" is not enabled for BYOK in this cloud profile.";
        assert_eq!(refused.expect(StatusCode::FORBIDDEN, text).policy_code(), "byok.provider_disabled", "{method} {path}");
    }
    assert_eq!(server.ask(&kim, Method::POST, "/api/byok/OpenAI", Some(key.clone())).await.status, StatusCode::CREATED);
    server.ask(&kim, Method::PUT, "/api/policy", Some(json!({ "deniedProviders": ["openai"] }))).await;
    for path in ["", "/validate", "/override"] {
        let refused = server.ask(&kim, Method::POST, &format!("/api/byok/openai{path}"), Some(key.clone())).await;
        let refused = refused.expect(StatusCode::FORBIDDEN, "Provider \"openai\" is not allowed by the organization's policy.");
        assert_eq!(refused.policy_code(), "byok.provider_disabled");
    }
    let shown = server.ask(&kim, Method::GET, "/api/byok/openai", None).await;
    assert_eq!(shown.body["secret"]["status"], "pending_validation", "what is there is still shown, and can be disabled");
    assert_eq!(server.ask(&kim, Method::DELETE, "/api/byok/openai", None).await.body["disabled"], true);
}

#[tokio::test]
async fn keys_are_for_those_who_manage_the_policy_of_their_own_organisation() {
    let provider = Provider::start(&["sk-0123456789abc"]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[])).await;
    let (kim, lee, eve) = (owner("acme"), Caller::new("acme", "lee", "member"), owner("other"));
    save(&server, &kim, "sk-0123456789abc").await;
    assert_eq!(validate(&server, &kim).await.body["validated"], true);
    for (method, path) in [(Method::GET, ""), (Method::POST, "/validate"), (Method::DELETE, "")] {
        let refused = server.ask(&lee, method, &format!("/api/byok/{PROVIDER}{path}"), None).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"));
    }
    assert_eq!(server.ask(&eve, Method::GET, "/api/byok", None).await.body["secrets"], json!([]));
    assert_eq!(validate(&server, &eve).await.body["secret"], Value::Null);
    let foreign = super::prompt(&server, &eve, "whose key?").await;
    assert_eq!(foreign["errorCode"], "byok.key_missing", "{foreign:#}");
    server.ask(&kim, Method::PUT, "/api/policy", Some(json!({ "deniedProviders": [PROVIDER] }))).await;
    let denied = super::prompt(&server, &kim, "a key is not what is missing").await;
    assert_eq!(denied["errorCode"], "byok.provider_disabled", "{denied:#}");
    assert!(provider.seen().iter().all(|seen| seen.path == "/v1/models"), "{:?}", provider.seen());
}

#[tokio::test]
async fn tokens_need_the_admin_scope_and_a_member_who_may_manage_the_policy() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = owner("acme");
    for (scopes, allowed) in [(&["desktop"][..], false), (&["operator"], false), (&["admin"], true)] {
        let (_, token) = crate::tokens::issue(&server, &kim, scopes).await;
        for (method, path) in
            [(Method::GET, "/api/byok"), (Method::POST, "/api/byok/openai/validate"), (Method::DELETE, "/api/byok/openai")]
        {
            let answer = server.ask_with(&token, method.clone(), path, None).await;
            if allowed {
                assert_eq!(answer.status, StatusCode::OK, "{method} {path}: {answer:?}");
            } else {
                assert_eq!(
                    (answer.status, answer.policy_code()),
                    (StatusCode::FORBIDDEN, "authorization.scope_required"),
                    "{scopes:?} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_deployment_without_own_keys_says_so_everywhere() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("cloud.json");
    let cloud = json!({ "cloud": { "profiles": { "full": { "features": { "byok": false } } } } });
    std::fs::write(&file, cloud.to_string()).expect("a file can be written");
    let server = Server::launch(Setting::new(Some(TestDatabase::create().await), &HEADER_MODE).with_file(&file));
    let (kim, key) = (owner("acme"), json!({ "apiKey": "sk-0123456789abc" }));
    for (method, path) in [
        (Method::GET, ""),
        (Method::GET, "/openai"),
        (Method::POST, "/openai"),
        (Method::POST, "/openai/validate"),
        (Method::POST, "/openai/override"),
        (Method::DELETE, "/openai"),
    ] {
        let refused = server.ask(&kim, method.clone(), &format!("/api/byok{path}"), Some(key.clone())).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "byok.disabled"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_provider_that_nobody_knows_is_never_used() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = owner("acme");
    for order in ["validate", "override"] {
        server.ask(&kim, Method::POST, "/api/byok/zzz", Some(json!({ "apiKey": "sk-0123456789abc" }))).await;
        let answer = server.ask(&kim, Method::POST, &format!("/api/byok/zzz/{order}"), Some(json!({ "reason": "trust me" }))).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let secret = &answer.body["secret"];
        assert_eq!(
            (&secret["status"], &secret["validationCode"]),
            (&json!("unsupported"), &json!("byok.unsupported_provider")),
            "{answer:?}"
        );
        assert!(answer.body["validated"] == json!(false) || answer.body["overridden"] == json!(false), "{answer:?}");
    }
    assert_eq!(server.ask(&kim, Method::GET, "/api/byok", None).await.body["inUse"], json!([]));
}
