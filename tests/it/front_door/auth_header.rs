//! Trusted headers (contract 00 §3.5), and the wall between organisations (invariant I9).

use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE, now},
    server::{Server, session_id},
};
use reqwest::{Method, StatusCode, header::HeaderValue};
use serde_json::{Value, json};

#[tokio::test]
async fn every_flaw_of_a_signature_has_its_own_words_in_order() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = Caller::new("acme", "kim", "member");
    let genuine = kim.headers();
    let without = |name: &str| {
        let mut headers = genuine.clone();
        headers.remove(format!("x-open-cowork-header-auth-{name}"));
        headers
    };
    let with = |name: &'static str, value: &'static str| {
        let mut headers = genuine.clone();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    };
    let king = Caller::new("acme", "kim", "king").headers();
    let (early, late) = ((now() - 400).to_string(), (now() + 400).to_string());
    let flaws = [
        (reqwest::header::HeaderMap::new(), "secret is invalid."),
        (without("secret"), "secret is invalid."),
        (with("x-open-cowork-header-auth-secret", "wrong"), "secret is invalid."),
        (without("timestamp"), "signature is required."),
        (without("signature"), "signature is required."),
        (kim.signed_at("yesterday"), "timestamp is invalid."),
        (kim.signed_at(&early), "timestamp is outside the allowed window."),
        (kim.signed_at(&late), "timestamp is outside the allowed window."),
        (with("x-open-cowork-user-id", "somebody-else"), "signature is invalid."),
        (with("x-open-cowork-user-role", "owner"), "signature is invalid."),
        (with("x-open-cowork-header-auth-signature", "v1=00"), "signature is invalid."),
        (king, "role is invalid."),
    ];
    for (headers, words) in flaws {
        let refused = Answer::of(server.request(Method::GET, "/auth/me").headers(headers)).await;
        refused.expect(StatusCode::UNAUTHORIZED, &format!("Trusted header authentication {words}"));
    }
    let me = server.ask(&kim, Method::GET, "/auth/me", None).await;
    let principal = &me.body["principal"];
    assert_eq!((&principal["tenantId"], &principal["userId"], &principal["authSource"]), (&json!("acme"), &json!("kim"), &json!("header")));
    assert_eq!((&principal["role"], &me.body["csrfToken"]), (&json!("member"), &Value::Null));
}

#[tokio::test]
async fn no_route_shows_or_touches_what_belongs_to_others() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = Caller::new("acme", "kim", "member");
    let session = session_id(&server.ask(&kim, Method::POST, "/api/sessions", Some(json!({}))).await);
    let prompt = format!("/api/sessions/{session}/prompt");
    server.ask(&kim, Method::POST, &prompt, Some(json!({ "text": "[[question:private?|a|b]]" }))).await;
    let path = format!("/api/sessions/{session}");
    let deadline = std::time::Instant::now() + crate::server::PATIENCE;
    let before = loop {
        let view = server.ask(&kim, Method::GET, &path, None).await.body;
        if view["projection"]["view"]["pendingQuestions"] != json!([]) {
            break view;
        }
        assert!(std::time::Instant::now() < deadline, "the question never came: {view:#}");
        tokio::time::sleep(crate::program::GLANCE).await;
    };

    // Every route of the description that names a session, so that a new one can't be forgotten.
    let description = server.get("/openapi.json").await.body;
    let body = json!({
        "text": "x", "permissionId": "p", "requestId": "r", "answers": [], "response": true,
        "filename": "a.txt", "dataBase64": "eA==",
        "artifactId": "00000000-0000-4000-8000-000000000000", "checksumSha256": "0".repeat(64), "expectedSize": 1,
        "sessionIds": [&session],
    });
    let strangers = [Caller::new("globex", "kim", "owner"), Caller::new("acme", "lee", "owner")];
    let nobodys = "ses_00000000000070008000000000000000";
    let mut tried = 0;
    for (path, methods) in description["paths"].as_object().expect("paths") {
        if !path.contains("{id}") {
            continue;
        }
        let mut body = body.clone();
        if path.ends_with("/{artifactId}/status") {
            body["status"] = json!("in-review");
        }
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            for stranger in &strangers {
                let [existing, missing] = [session.as_str(), nobodys].map(|id| path.replace("{id}", id));
                let theirs = server.ask(stranger, method.clone(), &existing, Some(body.clone())).await;
                let missing = server.ask(stranger, method.clone(), &missing, Some(body.clone())).await;
                let is_refused = [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&theirs.status);
                // Lists of what belongs to a worker that there isn't are empty, what isn't there can't be deleted, and directories
                // have a credential of their own.
                let is_nothing = theirs.body.as_object().is_some_and(|fields| fields.values().all(|value| *value == json!([])))
                    || theirs.body == json!({ "deleted": false });
                let is_for_directories = path.starts_with("/scim/") && theirs.status == StatusCode::UNAUTHORIZED;
                assert!(is_refused || is_nothing || is_for_directories, "{method} {path}: {theirs:?}");
                assert_eq!((theirs.status, &theirs.body), (missing.status, &missing.body), "{method} {path} tells that the session exists");
                tried += 1;
            }
        }
    }
    assert!(tried >= 20, "only {tried} requests were tried");
    for stranger in &strangers {
        let list = server.ask(stranger, Method::GET, &format!("/api/sessions?q={session}"), None).await;
        assert_eq!((&list.body["sessions"], &list.body["totalEstimate"]), (&json!([]), &json!(0)));
    }
    assert_eq!(server.ask(&kim, Method::GET, &path, None).await.body, before, "nothing was touched");
}

#[tokio::test]
async fn a_cursor_of_one_person_is_worthless_to_another() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, lee) = (Caller::new("acme", "kim", "member"), Caller::new("acme", "lee", "member"));
    for caller in [&kim, &kim, &lee, &lee] {
        server.ask(caller, Method::POST, "/api/sessions", Some(json!({}))).await;
    }
    let page = server.ask(&kim, Method::GET, "/api/sessions?limit=1", None).await;
    let path = format!("/api/sessions?limit=1&cursor={}", page.body["nextCursor"].as_str().expect("there is more"));
    assert_eq!(server.ask(&kim, Method::GET, &path, None).await.status, StatusCode::OK);
    let refused = server.ask(&lee, Method::GET, &path, None).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::BAD_REQUEST, "sessions.cursor.invalid"));
}
