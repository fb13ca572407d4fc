//! A program shows an id token (contract 00 §3.4).

use super::provider::Provider;
use crate::{answer::Answer, server::Server};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const INVALID: &str = "Cloud OIDC bearer token is invalid or expired.";

async fn shown(server: &Server, token: &str, path: &str) -> Answer {
    Answer::of(server.request(Method::GET, path).bearer_auth(token)).await
}

#[tokio::test]
async fn a_token_of_the_provider_is_its_person_and_a_forged_one_is_nobody() {
    let provider = Provider::start();
    let server = Server::with(&provider.environment()).await;
    let token = provider.id_token().await;
    let me = shown(&server, &token, "/auth/me").await;
    let user = HEXLOWER.encode(&Sha256::digest(format!("{}\0account-of-kim@acme.example", provider.issuer))[..16]);
    assert_eq!(
        me.body["principal"],
        json!({"tenantId": "acme.example", "orgId": "acme.example", "tenantName": "Acme", "userId": user, "accountId": user,
            "email": "kim@acme.example", "role": "member", "authSource": "user"}),
        "{me:?}"
    );
    let created = Answer::of(server.request(Method::POST, "/api/sessions").bearer_auth(&token).json(&json!({}))).await;
    assert_eq!((created.status, &created.body["session"]["userId"]), (StatusCode::CREATED, &json!(user)), "{created:?}");
    assert_eq!(shown(&server, &token, "/api/ops/supervision").await.status, StatusCode::FORBIDDEN);

    let [head, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("a token has three parts") };
    let decode = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON") };
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let (mut none, mut owner) = (decode(head), decode(body));
    none["alg"] = json!("none");
    owner["sub"] = json!("somebody-else");
    for forged in [
        format!("{}.{body}.", encode(&none)),
        format!("{head}.{}.{signature}", encode(&owner)),
        format!("{head}.{body}.{}", "A".repeat(342)),
        format!("{head}.{body}"),
        "x".to_owned(),
        "9".repeat(30_000),
    ] {
        let refused = shown(&server, &forged, "/api/sessions").await;
        assert_eq!(
            (refused.status, &refused.body),
            (StatusCode::UNAUTHORIZED, &json!({ "error": INVALID, "code": "auth.required" })),
            "{forged}"
        );
    }
    server.get("/api/sessions").await.expect(StatusCode::UNAUTHORIZED, "Cloud OIDC bearer token is required.");
    let log = server.log();
    assert!(!log.contains(signature) && !log.contains("panicked") && !log.contains("kim@"), "the log tells too much:\n{log}");
}

#[tokio::test]
async fn tokens_end_and_so_do_keys() {
    let provider = Provider::start();
    let server = Server::with(&provider.environment()).await;
    provider.told(&[("skip", "-7200")]).await;
    let expired = provider.id_token().await;
    provider.told(&[("skip", "0")]).await;
    let old = provider.id_token().await;
    assert_eq!(shown(&server, &old, "/auth/me").await.status, StatusCode::OK);
    shown(&server, &expired, "/auth/me").await.expect(StatusCode::UNAUTHORIZED, INVALID);

    provider.told(&[("rotate", "")]).await;
    let new = provider.id_token().await;
    assert_eq!(shown(&server, &old, "/auth/me").await.status, StatusCode::OK, "nobody has told the server yet");
    assert_eq!(shown(&server, &new, "/auth/me").await.status, StatusCode::OK, "the server asks for a key that it doesn't know");
    shown(&server, &old, "/auth/me").await.expect(StatusCode::UNAUTHORIZED, INVALID);
}

#[tokio::test]
async fn a_provider_that_is_away_keeps_no_server_from_starting() {
    let provider = Provider::start();
    let token = provider.id_token().await;
    let environment: Vec<(String, String)> =
        provider.environment().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    drop(provider);
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let server = Server::with(&environment).await;
    assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
    let away = "Cloud OIDC provider is unavailable.";
    let login = server.get("/auth/login").await.expect(StatusCode::SERVICE_UNAVAILABLE, away);
    assert_eq!((&login.body["code"], login.header("retry-after")), (&json!("auth.provider_unavailable"), "5"));
    shown(&server, &token, "/auth/me").await.expect(StatusCode::UNAUTHORIZED, away);
}

#[tokio::test]
async fn where_an_organisation_enforces_its_own_sign_in_the_deployments_is_not_enough() {
    let provider = Provider::start();
    let server = Server::with(&provider.environment()).await;
    let token = provider.id_token().await;
    assert_eq!(shown(&server, &token, "/api/workspace").await.status, StatusCode::OK);
    let enforce = |domain: &str| {
        format!(
            "insert into sso_configs (org, protocol, enabled, enforced, verified_domains, texts, verification_token, scim_enabled)
             values ('acme.example', 'oidc', true, true, '{{{domain}}}', '{{}}', 't', false) on conflict (org) do update set verified_domains = excluded.verified_domains"
        )
    };
    server.sql(&enforce("other.example")).await;
    assert_eq!(shown(&server, &token, "/api/workspace").await.status, StatusCode::OK, "another domain's rule is not theirs");
    server.sql(&enforce("acme.example")).await;
    let refused = shown(&server, &token, "/api/workspace").await;
    let text = "This organization requires SSO login. Sign in through your identity provider.";
    assert_eq!(refused.expect(StatusCode::FORBIDDEN, text).body["code"], "auth.sso_required");
}
