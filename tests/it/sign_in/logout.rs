use super::{BROWSERS, Browser};
use crate::{answer::Answer, caller::Caller, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn signing_out_ends_the_session_here_or_everywhere_and_needs_the_csrf_token() {
    let server = Server::with(&BROWSERS).await;
    let kim = Caller::new("acme", "kim", "owner");
    let lee = Caller::new("acme", "lee", "member");
    let [one, two, three] = [
        Browser::sign_in(&server, &kim, "one").await,
        Browser::sign_in(&server, &kim, "two").await,
        Browser::sign_in(&server, &kim, "three").await,
    ];
    let theirs = Browser::sign_in(&server, &lee, "theirs").await;
    let logout = async |browser: &Browser, body| browser.ask(&server, Method::POST, "/auth/logout", Some(body)).await;
    let forged = logout(&Browser { shown: None, ..one.clone() }, json!({})).await;
    forged.expect(StatusCode::FORBIDDEN, "Cloud CSRF token is missing or invalid.");
    assert_eq!(one.code(&server).await, Value::Null);

    let done = logout(&one, json!({})).await;
    assert_eq!((done.status, &done.body), (StatusCode::OK, &json!({ "ok": true })));
    let lines: Vec<&str> = done.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("text")).collect();
    assert_eq!(
        lines,
        [
            "open_cowork_cloud_session=; Max-Age=0; Path=/; SameSite=Lax; HttpOnly; Secure",
            "open_cowork_cloud_csrf=; Max-Age=0; Path=/; SameSite=Lax; Secure"
        ]
    );
    assert_eq!(one.code(&server).await, "auth.session_revoked", "a copy of the cookie opens nothing any more");
    assert_eq!(two.code(&server).await, Value::Null);
    assert_eq!(logout(&one, json!({})).await.body, json!({ "ok": true }), "nobody is signed in, which is what was asked for");
    assert_eq!(Answer::of(server.request(Method::POST, "/auth/logout")).await.body, json!({ "ok": true }));
    assert_eq!(logout(&one, json!({ "everywhere": true })).await.status, StatusCode::UNAUTHORIZED, "who?");

    assert_eq!(logout(&two, json!({ "everywhere": true })).await.body, json!({ "ok": true, "endedSessions": 2 }));
    for browser in [&two, &three] {
        assert_eq!(browser.code(&server).await, "auth.session_revoked");
    }
    assert_eq!(theirs.code(&server).await, Value::Null, "somebody else stays");
    let audit = server.ask(&kim, Method::GET, "/api/admin/audit?action=auth.&actorId=kim", None).await;
    let mut types: Vec<&str> =
        audit.body["events"].as_array().expect("a list").iter().filter_map(|event| event["eventType"].as_str()).collect();
    types.sort_unstable();
    let signed_in = ["auth.sign_in"; 3];
    assert_eq!(types, [&["auth.session_revoked"][..], &signed_in, &["auth.sign_out"; 2]].concat());
}
