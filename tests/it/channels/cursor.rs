use super::{bind, server, telegram, text, thread};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_cursor_never_goes_back() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let bound = bind(&server, &token, thread(&binding, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    let thread_id = text(&bound.body["binding"]["bindingId"]);
    let save = async |mut body: Value| {
        body["bindingId"] = json!(thread_id);
        let saved = server.ask_with(&token, Method::POST, "/api/channels/cursor", Some(body)).await.expect(StatusCode::OK, "");
        assert_eq!(saved.body["binding"], saved.body["result"]["binding"]);
        saved.body
    };
    let saved = save(json!({ "lastEventSequence": 7, "lastWorkspaceSequence": 2, "lastChatMessageId": "m1" })).await;
    assert_eq!((&saved["result"]["ok"], &saved["binding"]["lastEventSequence"]), (&json!(true), &json!(7)));
    let same = save(json!({ "lastEventSequence": 7, "lastWorkspaceSequence": 2 })).await;
    assert_eq!((&same["result"]["ok"], &same["binding"]["lastChatMessageId"]), (&json!(true), &json!("m1")), "equal is no step back");
    for behind in [json!({ "lastEventSequence": 6, "lastWorkspaceSequence": 2 }), json!({ "lastEventSequence": 8 }), json!({})] {
        let stale = save(behind.clone()).await;
        assert_eq!((&stale["result"]["ok"], &stale["result"]["reason"]), (&json!(false), &json!("stale")), "{behind}");
        assert_eq!(
            (&stale["binding"]["lastEventSequence"], &stale["binding"]["lastWorkspaceSequence"]),
            (&json!(7), &json!(2)),
            "{behind}"
        );
    }
    let cleared = save(json!({ "lastEventSequence": 9, "lastWorkspaceSequence": 2, "lastChatMessageId": null })).await;
    assert_eq!(cleared["binding"]["lastChatMessageId"], json!(null));

    // Many at once end at the furthest.
    let together = (10..20).map(|sequence| save(json!({ "lastEventSequence": sequence, "lastWorkspaceSequence": 2 })));
    futures_util::future::join_all(together).await;
    let found = save(json!({ "lastEventSequence": 1 })).await;
    assert_eq!(found["binding"]["lastEventSequence"], json!(19));
    let missing = server.ask_with(&token, Method::POST, "/api/channels/cursor", Some(json!({}))).await;
    assert_eq!(missing.status, StatusCode::BAD_REQUEST, "{missing:?}");
}
