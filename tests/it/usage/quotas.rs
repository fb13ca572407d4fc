//! What is left.

use super::{quota, totals};
use crate::server::Server;
use reqwest::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn prompts_are_counted_until_the_quota_is_used_up() {
    let server = Server::with(&[("MAX_PROMPTS_PER_HOUR", "3"), ("MAX_GATEWAY_PROMPTS_PER_HOUR", "7")]).await;
    let fresh = server.get("/api/usage/summary").await;
    assert_eq!(fresh.status, StatusCode::OK, "{fresh:?}");
    let quotas = fresh.body["quotas"].as_array().expect("a list");
    let shown: Vec<_> = quotas.iter().map(|quota| ["quotaKey", "policyCode"].map(|field| quota[field].as_str().expect("text"))).collect();
    let expected = [
        ["prompts:hour", "quota.prompts_per_hour_exceeded"],
        ["workflow_runs:hour", "quota.workflow_runs_per_hour_exceeded"],
        ["gateway_prompts:hour", "quota.gateway_prompts_per_hour_exceeded"],
        ["gateway_deliveries:hour", "quota.gateway_deliveries_per_hour_exceeded"],
        ["worker_minutes:hour", "quota.worker_minutes_per_hour_exceeded"],
        ["artifact_bytes:day", "quota.artifact_bytes_per_day_exceeded"],
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        (&fresh.body["enabled"], &fresh.body["totalsScope"], &fresh.body["eventSampleLimit"]),
        (&json!(true), &json!("recent_events"), &json!(100))
    );
    let unlimited = quota(&fresh.body, "gateway_deliveries:hour");
    assert_eq!((&unlimited["limit"], &unlimited["used"], &unlimited["remaining"]), (&Value::Null, &json!(0), &Value::Null));
    let gateway = quota(&fresh.body, "gateway_prompts:hour");
    assert_eq!((&gateway["limit"], &gateway["used"], &gateway["remaining"]), (&json!(7), &json!(0), &json!(7)));

    let session = server.session().await;
    server.run(&session, "one").await;
    server.run(&session, "two").await;
    let after = server.get("/api/usage/summary").await.body;
    let prompts = quota(&after, "prompts:hour");
    assert_eq!((&prompts["limit"], &prompts["used"], &prompts["remaining"]), (&json!(3), &json!(2), &json!(1)), "{prompts}");
    assert_eq!(prompts["label"], "Prompts per hour");
    assert!(prompts["windowStartedAt"].as_str().is_some_and(|at| at.ends_with(":00:00.000Z")), "{prompts}");
    let minutes = quota(&after, "worker_minutes:hour");
    assert_eq!(
        (&minutes["used"], &minutes["unit"], &minutes["enabled"]),
        (&json!(2), &json!("minute"), &json!(false)),
        "shown only: {minutes}"
    );
    assert_eq!(totals(&after)["prompt.enqueued"], 2);

    server.run(&session, "three").await;
    let refused = server.post(&format!("/api/sessions/{session}/prompt"), json!({ "text": "four" })).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::TOO_MANY_REQUESTS, "quota.prompts_per_hour_exceeded"));
    let full = server.get("/api/usage/summary").await.body;
    let prompts = quota(&full, "prompts:hour");
    assert_eq!((&prompts["used"], &prompts["remaining"]), (&json!(3), &json!(0)), "what is refused is not used");
}

#[tokio::test]
async fn bytes_of_artifacts_count_for_the_day() {
    let server = Server::with(&[("MAX_ARTIFACT_BYTES_PER_DAY", "1000")]).await;
    let session = server.session().await;
    let upload = json!({ "filename": "a.txt", "dataBase64": "aGVsbG8=", "contentType": "text/plain" });
    assert_eq!(server.post(&format!("/api/sessions/{session}/artifacts"), upload).await.status, StatusCode::CREATED);
    let summary = server.get("/api/usage/summary").await.body;
    let bytes = quota(&summary, "artifact_bytes:day");
    assert_eq!((&bytes["used"], &bytes["remaining"], &bytes["windowMs"]), (&json!(5), &json!(995), &json!(86_400_000)), "{bytes}");
    assert!(bytes["resetAt"].as_str().is_some_and(|at| at.ends_with("T00:00:00.000Z")), "{bytes}");
    assert_eq!(totals(&summary)["artifact.uploaded"], 5);
}
