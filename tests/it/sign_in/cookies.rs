use super::{BROWSERS, Browser};
use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_cookie_opens_what_its_csrf_token_lets_it_change() {
    let server = Server::with(&BROWSERS).await;
    let kim = Caller::new("acme", "kim", "owner");
    let request = server.request(Method::POST, "/auth/session").headers(kim.headers());
    let opened = Answer::of(request).await;
    let lines: Vec<&str> = opened.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("text")).collect();
    assert!(lines[0].starts_with("open_cowork_cloud_session="), "{lines:?}");
    assert!(lines[0].ends_with("; Max-Age=28800; Path=/; SameSite=Lax; HttpOnly; Secure"), "{lines:?}");
    assert!(lines[1].starts_with("open_cowork_cloud_csrf="), "{lines:?}");
    assert!(lines[1].ends_with("; Max-Age=28800; Path=/; SameSite=Lax; Secure"), "pages must read it: {lines:?}");
    assert_eq!((&opened.body["principal"]["userId"], &opened.body["principal"]["authSource"]), (&json!("kim"), &json!("header")));

    let browser = Browser::sign_in(&server, &kim, "Firefox").await;
    let me = browser.ask(&server, Method::GET, "/auth/me", None).await;
    assert_eq!((&me.body["csrfToken"], &me.body["principal"]["userId"]), (&json!(browser.csrf), &json!("kim")));
    assert!(me.body["expiresAt"].is_string(), "{me:?}");

    let other = Browser::sign_in(&server, &kim, "Chrome").await;
    let change = async |browser: &Browser| browser.ask(&server, Method::POST, "/api/sessions", Some(json!({}))).await;
    let foreign = Browser { shown: Some(other.csrf.clone()), ..browser.clone() };
    let swapped = Browser { csrf: other.csrf.clone(), shown: Some(other.csrf), ..browser.clone() };
    for forgery in [Browser { shown: None, ..browser.clone() }, foreign, swapped] {
        let refused = change(&forgery).await.expect(StatusCode::FORBIDDEN, "Cloud CSRF token is missing or invalid.");
        assert_eq!((&refused.body["code"], refused.policy_code()), (&json!("auth.csrf_invalid"), ""));
    }
    assert_eq!(change(&browser).await.status, StatusCode::CREATED);
    assert_eq!(Browser { shown: None, ..browser.clone() }.ask(&server, Method::GET, "/api/sessions", None).await.status, StatusCode::OK);

    let alone = browser.ask(&server, Method::POST, "/auth/session", None).await;
    assert_eq!(alone.status, StatusCode::UNAUTHORIZED, "a cookie doesn't prolong itself: {alone:?}");
    let last = if browser.session.ends_with('A') { "Q" } else { "A" };
    let forged = Browser { session: format!("{}{last}", &browser.session[..browser.session.len() - 1]), ..browser };
    let refused = forged.ask(&server, Method::GET, "/api/sessions", None).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::UNAUTHORIZED, &json!("auth.required")), "{refused:?}");
    let metrics = server.get("/metrics").await.body;
    assert!(metrics.as_str().expect("text").contains("cowork_auth_refused_total{kind=\"cookie\"} 1\n"), "a forgery is counted");
    let dump = server.dump().await;
    let secret = forged.session.split_once('.').expect("two parts").1;
    assert!(dump.contains("browser_sessions") && !dump.contains(&secret[..secret.len() - 1]), "the database holds no cookie");
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_or_old_and_use_keeps_it() {
    let server = Server::with(&BROWSERS).await;
    let kim = Caller::new("acme", "kim", "owner");
    let [idle, old, used] = [
        Browser::sign_in(&server, &kim, "idle").await,
        Browser::sign_in(&server, &kim, "old").await,
        Browser::sign_in(&server, &kim, "used").await,
    ];
    server
        .sql(
            "update browser_sessions set last_seen_at = now() - interval '4 hours' where user_agent = 'idle';
             update browser_sessions set expires_at = now() where user_agent = 'old';
             update browser_sessions set last_seen_at = now() - interval '3 hours' where user_agent = 'used'",
        )
        .await;
    assert_eq!(idle.code(&server).await, "auth.session_expired");
    assert_eq!(old.code(&server).await, "auth.session_expired");
    assert_eq!(used.code(&server).await, Value::Null);
    let is_noted = "select 1 from browser_sessions where user_agent = 'used' and last_seen_at > now() - interval '1 hour'";
    let deadline = std::time::Instant::now() + crate::server::PATIENCE;
    while server.rows(is_noted).await.is_empty() {
        assert!(std::time::Instant::now() < deadline, "its use was never noted");
        tokio::time::sleep(crate::program::GLANCE).await;
    }
}

#[tokio::test]
async fn a_deployment_without_a_cookie_secret_says_so_before_it_asks_who_is_there() {
    let server = Server::with(&HEADER_MODE).await;
    let text = "Cloud browser sessions are not configured.";
    let routes = [
        (Method::POST, "/auth/session"),
        (Method::POST, "/auth/logout"),
        (Method::GET, "/auth/sessions"),
        (Method::DELETE, "/auth/sessions/bses_00000000000070008000000000000000"),
        (Method::GET, "/auth/login"),
        (Method::GET, "/auth/nowhere"),
        (Method::PUT, "/auth/me"),
    ];
    for (method, path) in routes {
        Answer::of(server.request(method, path)).await.expect(StatusCode::NOT_FOUND, text);
    }
    let server = Server::with(&BROWSERS).await;
    for (method, path) in [(Method::GET, "/auth/nowhere"), (Method::GET, "/auth/session"), (Method::PUT, "/auth/me")] {
        Answer::of(server.request(method, path)).await.expect(StatusCode::NOT_FOUND, "Not found.");
    }
}
