use super::{BROWSERS, Browser};
use crate::{
    answer::Answer,
    caller::Caller,
    server::Server,
    tokens::{issue, path},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn people_see_their_browsers_and_end_one_from_another() {
    let server = Server::with(&BROWSERS).await;
    let kim = Caller::new("acme", "kim", "owner");
    let lee = Caller::new("acme", "lee", "member");
    let laptop = Browser::sign_in(&server, &kim, "Laptop").await;
    let phone = Browser::sign_in(&server, &kim, "Phone").await;
    let theirs = Browser::sign_in(&server, &lee, "Theirs").await;
    let list = async |browser: &Browser| {
        let listed = browser.ask(&server, Method::GET, "/auth/sessions", None).await;
        assert_eq!(listed.status, StatusCode::OK, "{listed:?}");
        listed.body["sessions"].as_array().expect("a list").clone()
    };
    let listed = list(&laptop).await;
    let named = |name: &str| listed.iter().find(|session| session["userAgent"] == name).unwrap_or_else(|| panic!("no {name}: {listed:#?}"));
    assert_eq!((listed.len(), &named("Laptop")["current"], &named("Phone")["current"]), (2, &json!(true), &json!(false)));
    assert_eq!(named("Phone")["address"], "127.0.0.1");

    let path = |session: &Value| format!("/auth/sessions/{}", session["sessionId"].as_str().expect("an id"));
    let of_phone = path(named("Phone"));
    let forged = Browser { shown: None, ..laptop.clone() };
    assert_eq!(forged.ask(&server, Method::DELETE, &of_phone, None).await.status, StatusCode::FORBIDDEN);
    let unknown = "Browser session was not found.";
    theirs.ask(&server, Method::DELETE, &of_phone, None).await.expect(StatusCode::NOT_FOUND, unknown);
    laptop.ask(&server, Method::DELETE, "/auth/sessions/none", None).await.expect(StatusCode::NOT_FOUND, unknown);
    assert_eq!(phone.code(&server).await, Value::Null);
    let ended = laptop.ask(&server, Method::DELETE, &of_phone, None).await;
    assert_eq!((ended.status, ended.body), (StatusCode::OK, json!({ "ended": true })));
    assert_eq!(phone.code(&server).await, "auth.session_revoked");
    laptop.ask(&server, Method::DELETE, &of_phone, None).await.expect(StatusCode::NOT_FOUND, unknown);
    assert_eq!(list(&laptop).await.len(), 1);

    let (_, token) = issue(&server, &kim, &["desktop", "admin"]).await;
    let refused = server.ask_with(&token, Method::GET, "/auth/sessions", None).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"));
    let everywhere = server.ask_with(&token, Method::POST, "/auth/logout", Some(json!({ "everywhere": true }))).await;
    assert_eq!(everywhere.status, StatusCode::FORBIDDEN, "a token that got lost signs nobody out");
    assert_eq!(laptop.code(&server).await, Value::Null);
}

#[tokio::test]
async fn cookies_made_from_a_token_reach_no_further_and_live_no_longer_than_the_token() {
    let server = Server::with(&BROWSERS).await;
    let kim = Caller::new("acme", "kim", "owner");
    let laptop = Browser::sign_in(&server, &kim, "Laptop").await;
    let (token, plaintext) = issue(&server, &kim, &["desktop"]).await;
    let exchanged = Browser::made_by(server.request(Method::POST, "/auth/session").bearer_auth(&plaintext)).await;
    let me = exchanged.ask(&server, Method::GET, "/auth/me", None).await;
    assert_eq!((me.status, &me.body["principal"]["accountId"]), (StatusCode::OK, &json!("kim")));
    let everywhere = Some(json!({ "everywhere": true }));
    for (method, path, body) in
        [(Method::GET, "/api/sessions", None), (Method::GET, "/auth/sessions", None), (Method::POST, "/auth/logout", everywhere)]
    {
        let refused = exchanged.ask(&server, method, path, body).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"), "{path}");
    }
    server.ask(&kim, Method::DELETE, &path(&token), None).await;
    let over = exchanged.ask(&server, Method::GET, "/auth/me", None).await;
    assert_eq!((over.status, &over.body["code"]), (StatusCode::UNAUTHORIZED, &json!("auth.session_revoked")));
    assert_eq!(laptop.code(&server).await, Value::Null);
}

#[tokio::test]
async fn a_device_is_shown_with_the_address_that_a_trusted_proxy_names_and_nobody_else() {
    let kim = Caller::new("acme", "kim", "owner");
    for (trusted, expected) in [("127.0.0.0/8", "203.0.113.7"), ("192.0.2.0/24", "127.0.0.1")] {
        let trusting = [("TRUST_PROXY_HEADERS", "true"), ("TRUSTED_PROXY_CIDRS", trusted)];
        let server = Server::with(&[&BROWSERS[..], &trusting].concat()).await;
        let request = server.request(Method::POST, "/auth/session").headers(kim.headers()).header("x-forwarded-for", "203.0.113.7");
        assert_eq!(Answer::of(request).await.status, StatusCode::OK);
        let listed = server.ask(&kim, Method::GET, "/auth/sessions", None).await;
        assert_eq!(listed.body["sessions"][0]["address"], expected, "proxies in {trusted} are trusted");
    }
}
