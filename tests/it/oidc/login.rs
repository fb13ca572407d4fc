//! A browser signs in (contract 00 §3.6).

use super::{
    browser::{Browser, location},
    provider::Provider,
};
use crate::server::Server;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const STATE: &str = "open_cowork_cloud_oidc";
const STALE: &str = "Cloud OIDC login is invalid or expired. Sign in again.";

async fn both() -> (Provider, Server) {
    let provider = Provider::start();
    let server = Server::with(&provider.environment()).await;
    provider.told(&[("redirect", &format!("{}/auth/callback", server.url))]).await;
    (provider, server)
}

/// Goes to the provider and back, up to the door of the server.
async fn until_callback(browser: &mut Browser, server: &Server, path: &str) -> String {
    let start = format!("{}{path}", server.url);
    browser.follow(&start, &format!("{}/auth/callback", server.url)).await.into()
}

async fn refused(browser: &mut Browser, url: &str) -> (StatusCode, String) {
    let answer = browser.open(url).await;
    let status = answer.status();
    let body: Value = answer.json().await.expect("an error is JSON");
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_browser_goes_to_the_provider_and_comes_back_signed_in() {
    let (provider, server) = both().await;
    let desktop = server.get("/auth/desktop/config").await;
    let scope = "openid email profile offline_access";
    let expected = json!({"mode": "oidc", "issuerUrl": provider.issuer, "clientId": "cowork", "scope": scope});
    assert_eq!((desktop.status, desktop.body), (StatusCode::OK, expected));

    let mut browser = Browser::new();
    let callback = until_callback(&mut browser, &server, "/auth/login?returnTo=/app/%3Fx=1").await;
    let state_cookie = browser.cookies[STATE].clone();
    let back = browser.open(&callback).await;
    assert_eq!((back.status(), location(&back).as_deref()), (StatusCode::FOUND, Some("/app/?x=1")), "{back:?}");
    assert!(!browser.cookies.contains_key(STATE), "the login is over");

    // The same address once more: from the history of this browser, and by somebody who has its cookie, too.
    assert_eq!(refused(&mut browser, &callback).await, (StatusCode::UNAUTHORIZED, STALE.into()));
    browser.cookies.insert(STATE.into(), state_cookie);
    assert_eq!(refused(&mut browser, &callback).await, (StatusCode::UNAUTHORIZED, STALE.into()));
    assert!(!browser.cookies.contains_key(STATE), "also after a failure");

    for elsewhere in ["//evil.example/", "https://evil.example/", "/\\evil.example"] {
        let mut browser = Browser::new();
        let callback = until_callback(&mut browser, &server, &format!("/auth/login?returnTo={elsewhere}")).await;
        assert_eq!(location(&browser.open(&callback).await).as_deref(), Some("/"), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_login_that_this_browser_did_not_begin_is_not_finished() {
    let (provider, server) = both().await;
    let (mut kim, mut lee) = (Browser::new(), Browser::new());
    let callback = until_callback(&mut kim, &server, "/auth/login").await;
    let planted = until_callback(&mut lee, &server, "/auth/login").await;
    let kims_cookie = kim.cookies[STATE].clone();

    for url in [
        planted.clone(),
        callback.replace("state=", "state=x"),
        callback.replace("code=", "code=x"),
        format!("{}/auth/callback", server.url),
        format!("{}/auth/callback?error=access_denied&state=guessed", server.url),
    ] {
        kim.cookies.insert(STATE.into(), kims_cookie.clone());
        assert_eq!(refused(&mut kim, &url).await, (StatusCode::UNAUTHORIZED, STALE.into()), "{url}");
    }
    assert_eq!(refused(&mut Browser::new(), &callback).await, (StatusCode::UNAUTHORIZED, STALE.into()), "no cookie");

    // A code has a minute, and this one is not redeemed in time.
    provider.told(&[("skip", "600")]).await;
    assert_eq!(refused(&mut lee, &planted).await, (StatusCode::UNAUTHORIZED, STALE.into()), "an expired code");

    provider.told(&[("skip", "0"), ("verified", "false")]).await;
    let mut browser = Browser::new();
    let callback = until_callback(&mut browser, &server, "/auth/login").await;
    let unverified = "The e-mail address of the identity is not verified.".to_owned();
    assert_eq!(refused(&mut browser, &callback).await, (StatusCode::UNAUTHORIZED, unverified));

    for (method, path) in [(Method::POST, "/auth/login"), (Method::GET, "/auth/nope"), (Method::DELETE, "/auth/callback")] {
        let answer = crate::answer::Answer::of(server.request(method, path)).await;
        answer.expect(StatusCode::NOT_FOUND, "Not found.");
    }
}

#[tokio::test]
async fn the_callback_may_be_anywhere_and_the_way_there_may_be_closed() {
    let provider = Provider::start();
    let mut environment = provider.environment();
    environment.push(("OIDC_CALLBACK_PATH", "/oauth2/done"));
    let server = Server::with(&environment).await;
    provider.told(&[("redirect", &format!("{}/oauth2/done", server.url))]).await;
    let mut browser = Browser::new();
    let callback = browser.follow(&format!("{}/auth/login", server.url), &format!("{}/oauth2/done", server.url)).await;
    assert_eq!(browser.open(callback.as_str()).await.status(), StatusCode::FOUND);

    let no_cookies: Vec<_> = provider.environment().into_iter().filter(|(name, _)| *name != "COOKIE_SECRET").collect();
    let server = Server::with(&no_cookies).await;
    for path in ["/auth/login", "/auth/callback?code=x&state=y", "/auth/logout"] {
        server.get(path).await.expect(StatusCode::NOT_FOUND, "Cloud browser sessions are not configured.");
    }
    assert_eq!(server.get("/auth/desktop/config").await.status, StatusCode::OK, "desktops need no cookies");

    let server = Server::with(&[("COOKIE_SECRET", "vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D")]).await;
    server.get("/auth/login").await.expect(StatusCode::NOT_FOUND, "Cloud browser OIDC login is not configured.");
    server.get("/auth/callback").await.expect(StatusCode::NOT_FOUND, "Not found.");
}
