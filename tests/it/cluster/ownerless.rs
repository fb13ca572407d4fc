//! A deployment in which nobody can work.

use super::harness::{Cluster, until_ready};
use crate::{answer::Answer, server::Server};
use cowork_domain::codes::Code;
use reqwest::{Method, StatusCode};
use serde_json::json;

/// Always the same request.
async fn create(server: &Server) -> Answer {
    Answer::of(server.request(Method::POST, "/api/sessions").header("idempotency-key", "k1").json(&json!({}))).await
}

#[tokio::test]
async fn whoever_asks_is_told_to_come_back_and_a_repetition_that_its_first_is_still_on_the_way() {
    let mut cluster = Cluster::empty().await;
    cluster.join("web", "web", &[]);
    // Neither gets anywhere within the deadline; which of them came first is not said.
    let (one, two) = tokio::join!(create(&cluster["web"]), create(&cluster["web"]));
    let mut told = [one, two]
        .map(|answer| (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned(), answer.body["retryAfterMs"].clone()));
    told.sort_by_key(|(status, ..)| status.as_u16());
    let expected = [
        (StatusCode::CONFLICT, Code::IdempotencyInProgress.as_str().to_owned(), json!(1000)),
        (StatusCode::SERVICE_UNAVAILABLE, Code::ClusterUnavailable.as_str().to_owned(), json!(1000)),
    ];
    assert_eq!(told, expected);

    // With a worker the same request has its one effect.
    cluster.join("w1", "worker", &[]);
    until_ready(&cluster["web"], true).await;
    let mut made = create(&cluster["web"]).await;
    while made.status != StatusCode::CREATED {
        assert!(matches!(made.status, StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE), "{made:?}");
        made = create(&cluster["web"]).await;
    }
    assert_eq!(create(&cluster["web"]).await.body, made.body);
    let listed = cluster["web"].get("/api/sessions").await.body;
    assert_eq!(listed["sessions"].as_array().map(Vec::len), Some(1), "{listed}");
}
