use super::{channel, text};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn whoever_lost_a_claim_learns_so_and_the_same_word_said_twice_counts_once() {
    let channel = channel().await;
    channel.deliver("dl-1", "c1").await;
    // A claim that ends soon: the gateway that made it froze.
    let frozen = channel.claim_with(json!({ "claimedBy": "a", "ttlMs": 1, "waitMs": 5000 })).await.remove(0);
    let taken = channel.claim("b", 1).await.remove(0);
    assert_eq!((&taken["deliveryId"], &taken["attemptCount"]), (&json!("dl-1"), &json!(2)));
    assert_ne!(frozen["claimToken"], taken["claimToken"]);

    let lost = channel.settle(&frozen, "sent").await;
    assert_eq!((lost.status, &lost.body["code"]), (StatusCode::CONFLICT, &json!("channels.claim_lost")));
    let renew = |token| channel.post("deliveries/dl-1/renew", json!({ "claimToken": token, "ttlMs": 600_000 }));
    assert_eq!(renew(frozen["claimToken"].clone()).await.status, StatusCode::CONFLICT);
    let renewed = renew(taken["claimToken"].clone()).await.expect(StatusCode::OK, "");
    assert!(text(&renewed.body["delivery"]["claimExpiresAt"]) > text(&taken["claimExpiresAt"]), "{renewed:?}");

    let sent = channel.settle(&taken, "sent").await.expect(StatusCode::OK, "");
    let again = channel.settle(&taken, "sent").await.expect(StatusCode::OK, "");
    assert_eq!(sent.body, again.body);
    assert_eq!(channel.settle(&taken, "dead").await.status, StatusCode::CONFLICT, "it was sent");
    assert_eq!(channel.shown("dl-1").await["status"], json!("sent"));
}

#[tokio::test]
async fn what_cannot_be_an_acknowledgement_is_refused_with_a_sentence() {
    let channel = channel().await;
    channel.deliver("dl-1", "c1").await;
    for (body, status) in [
        (json!({}), StatusCode::BAD_REQUEST),
        (json!({ "status": "pending" }), StatusCode::BAD_REQUEST),
        (json!({ "status": "sent", "claimToken": "nonsense" }), StatusCode::BAD_REQUEST),
        (json!({ "status": "sent", "leaseEpoch": "one" }), StatusCode::BAD_REQUEST),
        (json!({ "status": "failed", "nextAttemptAt": "tomorrow" }), StatusCode::BAD_REQUEST),
        (json!({ "status": "sent" }), StatusCode::NOT_FOUND),
        (json!({ "status": "sent", "claimToken": "dct_00000000000000000000000000000007_1" }), StatusCode::CONFLICT),
    ] {
        let answer = channel.post("deliveries/dl-1/ack", body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert!(!answer.error().is_empty(), "{body}");
    }
}
