//! `/api/admin/sso`.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const PATH: &str = "/api/admin/sso";

#[tokio::test]
async fn an_owner_sets_up_single_sign_on_piece_by_piece() {
    let server = Server::start().await;
    assert_eq!(server.get(PATH).await.body, json!({ "sso": null }));
    server.post("/api/admin/sso/scim-token", json!({})).await.expect(StatusCode::NOT_FOUND, "SSO is not configured.");
    let made = server
        .post(
            PATH,
            json!({ "protocol": "oidc", "enabled": true, "displayName": "Acme IdP", "verifiedDomains": ["Acme.test", "acme.test"],
                "oidcIssuer": "https://idp.acme.test", "oidcClientId": "cid" }),
        )
        .await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    let mut sso = made.body["sso"].clone();
    let fields = sso.as_object_mut().expect("an object");
    let token = fields.remove("domainVerificationToken");
    assert!(token.and_then(|token| token.as_str().map(|token| token.starts_with("ocw-sso-verify-"))) == Some(true), "{made:?}");
    assert!(fields.remove("createdAt").is_some() && fields.remove("updatedAt").is_some());
    let expected = json!({
        "orgId": "default", "protocol": "oidc", "enabled": true, "enforced": false, "displayName": "Acme IdP",
        "verifiedDomains": ["acme.test"], "oidcIssuer": "https://idp.acme.test", "oidcClientId": "cid", "samlEntityId": null,
        "samlAcsUrl": null, "samlSloUrl": null, "samlIdpEntityId": null, "samlIdpSsoUrl": null, "samlIdpMetadataUrl": null,
        "scimEnabled": false, "hasOidcClientSecret": false, "hasSamlIdpCertificate": false, "hasScimToken": false,
    });
    assert_eq!(sso, expected);

    let changed = server.post(PATH, json!({ "protocol": "saml", "displayName": " ", "samlEntityId": "sp" })).await.body;
    assert_eq!((&changed["sso"]["protocol"], &changed["sso"]["displayName"]), (&json!("saml"), &Value::Null));
    assert_eq!((&changed["sso"]["samlEntityId"], &changed["sso"]["oidcClientId"]), (&json!("sp"), &json!("cid")));
    assert_eq!(changed["sso"]["domainVerificationToken"], made.body["sso"]["domainVerificationToken"]);

    let sealed = "Storing SSO secrets requires envelope encryption (set OPEN_COWORK_CLOUD_SECRET_KEY).";
    server.post(PATH, json!({ "enabled": false, "oidcClientSecret": "hunter2" })).await.expect(StatusCode::SERVICE_UNAVAILABLE, sealed);
    for refused in [json!({ "oidcIssuer": "http://idp.test" }), json!({ "verifiedDomains": ["nowhere"] }), json!({ "samlAcsUrl": 7 })] {
        let answer = server.post(PATH, refused).await;
        assert_eq!((answer.status, &answer.body["code"]), (StatusCode::BAD_REQUEST, &json!("request.invalid_field")), "{answer:?}");
    }
    assert_eq!(server.get(PATH).await.body, changed, "nothing of a refused change is kept");

    let issued = server.post("/api/admin/sso/scim-token", json!({})).await;
    assert_eq!(issued.status, StatusCode::CREATED, "{issued:?}");
    assert!(issued.body["scimToken"].as_str().is_some_and(|token| token.starts_with("scim_") && token.len() == 48));
    assert_eq!((&issued.body["config"]["scimEnabled"], &issued.body["config"]["hasScimToken"]), (&json!(true), &json!(true)));

    let delete = async || crate::answer::Answer::of(server.request(Method::DELETE, PATH)).await.body;
    assert_eq!(delete().await, json!({ "deleted": true }));
    assert_eq!(delete().await, json!({ "deleted": false }));
    let log = server.get("/api/admin/audit?action=sso_config.").await.body;
    let types: Vec<_> = log["events"].as_array().expect("a list").iter().map(|event| event["eventType"].as_str().expect("text")).collect();
    assert_eq!(types, ["sso_config.deleted", "sso_config.updated", "sso_config.updated", "sso_config.created"]);
    assert_eq!(log["events"][0]["actorType"], "system");
}

#[tokio::test]
async fn each_organisation_has_its_own_and_only_owners_reach_it() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, ann, eve) = (Caller::new("acme", "kim", "owner"), Caller::new("acme", "ann", "admin"), Caller::new("other", "eve", "owner"));
    let made = server.ask(&kim, Method::POST, PATH, Some(json!({ "enabled": true }))).await;
    assert_eq!((made.status, &made.body["sso"]["protocol"]), (StatusCode::OK, &json!("oidc")));
    assert_eq!(server.ask(&eve, Method::GET, PATH, None).await.body, json!({ "sso": null }));
    assert_eq!(server.ask(&eve, Method::DELETE, PATH, None).await.body, json!({ "deleted": false }));
    for (method, path) in [(Method::GET, PATH), (Method::POST, PATH), (Method::DELETE, PATH), (Method::POST, "/api/admin/sso/scim-token")] {
        let refused = server.ask(&ann, method, path, None).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"));
    }
    assert_eq!(server.ask(&kim, Method::GET, PATH, None).await.body, made.body);
}
