//! Requests per address and organisation.

use super::{AGE_MS, Pair, alone, assert_too_many, through};
use crate::{answer::Answer, caller::Caller, channels, server::Server};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;

const HUNDRED: [(&str, &str); 3] =
    [("HTTP_RATE_LIMIT_WINDOW_MS", AGE_MS), ("HTTP_RATE_LIMIT_MAX_REQUESTS", "100"), ("AUTH_BACKOFF_ENABLED", "false")];

#[tokio::test]
async fn nodes_share_the_window_of_an_address() {
    let pair = Pair::with(&HUNDRED).await;
    let answers = join_all((0..200).map(|number: usize| pair.nodes[number % 2].get("/api/config"))).await;
    let (admitted, refused): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == StatusCode::UNAUTHORIZED);
    // A node keeps at most the rest of one block, a twentieth, for itself.
    assert!((90..=100).contains(&admitted.len()), "{} of 100", admitted.len());
    for answer in refused {
        assert_too_many(answer);
    }
}

#[tokio::test]
async fn nodes_share_the_window_of_an_organisation_wherever_its_people_are() {
    let trusting = [("TRUST_PROXY_HEADERS", "true"), ("TRUSTED_PROXY_CIDRS", "127.0.0.0/8")];
    let pair = Pair::with(&[&HUNDRED[..], &trusting].concat()).await;
    let kim = Caller::new("acme", "kim", "owner");
    let people = (0..200).map(|number: usize| {
        let (node, kim) = (&pair.nodes[number % 2], &kim);
        async move { through(node, kim, &[("x-forwarded-for", &format!("203.0.113.{number}"))]).await }
    });
    let answers = join_all(people).await;
    let (admitted, refused): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == StatusCode::OK);
    assert!((90..=100).contains(&admitted.len()), "{} of 100", admitted.len());
    for answer in refused {
        assert_too_many(answer);
    }
    let other = Caller::new("other", "lee", "owner");
    assert_eq!(through(&pair.nodes[0], &other, &[("x-forwarded-for", "203.0.113.1")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_comes_first_is_never_counted() {
    let token = "an-operator-token-of-some-length-7f";
    let small = [("HTTP_RATE_LIMIT_WINDOW_MS", AGE_MS), ("HTTP_RATE_LIMIT_MAX_REQUESTS", "2"), ("OPERATOR_TOKEN", token)];
    let server = alone(&small).await;
    let kim = Caller::new("acme", "kim", "owner");
    let free = |server: Server| async move {
        for (method, path, status) in [
            (Method::OPTIONS, "/api/sessions", StatusCode::NO_CONTENT),
            (Method::GET, "/", StatusCode::OK),
            (Method::GET, "/app/", StatusCode::OK),
            (Method::GET, "/livez", StatusCode::OK),
            (Method::POST, "/readyz", StatusCode::OK),
        ] {
            assert_eq!(Answer::of(server.request(method.clone(), path)).await.status, status, "{method} {path}");
        }
        let scraped = Answer::of(server.request(Method::GET, "/metrics").bearer_auth(token)).await;
        assert_eq!(scraped.status, StatusCode::OK);
        server
    };
    let server = free(server).await;
    for _ in 0..2 {
        server.ask(&kim, Method::GET, "/api/config", None).await.expect(StatusCode::OK, "");
    }
    for path in ["/api/config", "/nothing", "/%ff", "/scim/v2/Users", "/auth/login", "/openapi.json", "/metrics"] {
        assert_too_many(&server.ask(&kim, Method::GET, path, None).await);
    }
    let foreign = Answer::of(server.request(Method::GET, "/metrics").bearer_auth("somebody-elses-token")).await;
    assert_too_many(&foreign);
    let server = free(server).await;
    let metrics = Answer::of(server.request(Method::GET, "/metrics").bearer_auth(token)).await;
    let text = metrics.body.as_str().expect("text");
    assert!(text.contains("cowork_rate_limited_total{scope=\"ip\"} 8"), "{text}");
}

/// A gateway says after each event how far it is. That must not use up what it needs for everything else, nor the other way round,
/// and has an end all the same.
#[tokio::test]
async fn cursors_of_channels_have_a_budget_of_their_own() {
    let server =
        alone(&[("HTTP_RATE_LIMIT_WINDOW_MS", AGE_MS), ("HTTP_RATE_LIMIT_MAX_REQUESTS", "10"), ("AUTH_BACKOFF_ENABLED", "false")]).await;
    let kim = Caller::new("acme", "kim", "owner");
    let (binding, token) = channels::telegram(&server, &kim).await;
    let bound = channels::bind(&server, &token, channels::thread(&binding, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    let cursor = async |sequence: usize| {
        let body = json!({ "bindingId": bound.body["binding"]["bindingId"], "lastEventSequence": sequence });
        server.ask_with(&token, Method::POST, "/api/channels/cursor", Some(body)).await
    };
    for sequence in 0..100 {
        cursor(sequence).await.expect(StatusCode::OK, "");
    }
    server.ask(&kim, Method::GET, "/api/config", None).await.expect(StatusCode::OK, "");
    for _ in 0..10 {
        server.ask(&kim, Method::GET, "/api/config", None).await;
    }
    assert_too_many(&server.ask(&kim, Method::GET, "/api/config", None).await);
    for sequence in 100..200 {
        cursor(sequence).await.expect(StatusCode::OK, "");
    }
    assert_too_many(&cursor(200).await);
}

#[tokio::test]
async fn a_person_at_their_own_machine_is_not_limited() {
    let server = Server::start().await;
    let answers = join_all((0..650).map(|_| server.get("/api/config"))).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
}

#[tokio::test]
async fn without_the_database_requests_are_admitted_and_counted_again_later() {
    let small = [("HTTP_RATE_LIMIT_WINDOW_MS", AGE_MS), ("HTTP_RATE_LIMIT_MAX_REQUESTS", "3"), ("AUTH_BACKOFF_ENABLED", "false")];
    let server = alone(&small).await;
    server.get("/api/config").await.expect(StatusCode::UNAUTHORIZED, "Trusted header authentication secret is invalid.");
    server.set_database_reachable(false).await;
    for _ in 0..5 {
        assert_eq!(server.get("/api/config").await.status, StatusCode::UNAUTHORIZED, "the limiter's trouble is nobody else's");
    }
    server.set_database_reachable(true).await;
    let refused = server.until_answer("/api/config", |answer| answer.status != StatusCode::UNAUTHORIZED).await;
    assert_too_many(&refused);
}
