//! The wait after rejected credentials.

use super::{AGE_MS, Pair, alone, assert_backed_off};
use crate::{answer::Answer, caller::Caller, server::Server};
use reqwest::{Method, StatusCode};

const THREE: [(&str, &str); 3] = [("AUTH_BACKOFF_WINDOW_MS", AGE_MS), ("AUTH_BACKOFF_MAX_FAILURES", "3"), ("AUTH_BACKOFF_MS", "3600000")];

async fn guess(server: &Server, token: &str) -> Answer {
    Answer::of(server.request(Method::GET, "/api/config").bearer_auth(token)).await
}

#[tokio::test]
async fn all_nodes_turn_away_who_failed_on_any_of_them() {
    let pair = Pair::with(&THREE).await;
    let [left, right] = &pair.nodes;
    let kim = Caller::new("acme", "kim", "owner");
    for (node, token) in [(left, "one"), (right, "two"), (left, "three")] {
        assert_eq!(guess(node, token).await.status, StatusCode::UNAUTHORIZED, "the first failures are answered");
        let good = right.ask(&kim, Method::GET, "/api/config", None).await;
        assert!(token == "three" || good.status == StatusCode::OK, "{good:?}");
    }
    let wait = assert_backed_off(&guess(left, "four").await);
    assert!(wait <= 3_600_000, "{wait}");
    let good = left.ask(&kim, Method::GET, "/api/config", None).await;
    assert_backed_off(&good);
    let learnt = right.until_answer("/api/config", |answer| answer.status == StatusCode::TOO_MANY_REQUESTS).await;
    assert_backed_off(&learnt);
    assert_backed_off(&right.ask(&kim, Method::GET, "/scim/v2/Users", None).await);
    for node in &pair.nodes {
        assert_eq!(node.get("/livez").await.status, StatusCode::OK);
        assert_eq!(node.get("/").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_cookie_hides_no_guesses() {
    let server = alone(&THREE).await;
    let with_cookie = |token: Option<&'static str>| {
        let request = server.request(Method::GET, "/api/config").header("cookie", "open_cowork_cloud_session=e30.x");
        Answer::of(if let Some(token) = token { request.bearer_auth(token) } else { request })
    };
    for token in [None, Some("one"), None] {
        assert_eq!(with_cookie(token).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_backed_off(&with_cookie(Some("two")).await);
    assert_backed_off(&with_cookie(None).await);
    // Paths that no route answers are no place to go on guessing.
    for path in ["/webhooks/workflows/x", "/app/assets/x", "/metrics", "/%ff"] {
        assert_backed_off(&server.get(path).await);
    }
}

#[tokio::test]
async fn a_wait_ends() {
    let short = [("AUTH_BACKOFF_WINDOW_MS", AGE_MS), ("AUTH_BACKOFF_MAX_FAILURES", "1"), ("AUTH_BACKOFF_MS", "500")];
    let server = alone(&short).await;
    assert_eq!(guess(&server, "one").await.status, StatusCode::UNAUTHORIZED);
    let kim = Caller::new("acme", "kim", "owner");
    let deadline = std::time::Instant::now() + crate::server::PATIENCE;
    loop {
        let answer = server.ask(&kim, Method::GET, "/api/config", None).await;
        if answer.status == StatusCode::OK {
            break;
        }
        assert!(assert_backed_off(&answer) <= 500);
        assert!(std::time::Instant::now() < deadline, "the wait never ends");
        tokio::time::sleep(crate::program::GLANCE).await;
    }
}
