use super::{allow, bind, prompt, server, telegram, text, thread};
use crate::{
    caller::{Caller, HEADER_MODE},
    program::GLANCE,
    server::{PATIENCE, Server},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

/// Waits until a session did what it was told.
async fn settled(server: &Server, owner: &Caller, session: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let view = server.ask(owner, Method::GET, &format!("/api/sessions/{session}/view"), None).await.body;
        if crate::answer::is_settled(&view) && view["view"]["messages"].as_array().is_some_and(|messages| messages.len() > 1) {
            return view;
        }
        assert!(Instant::now() < deadline, "the session never settled: {view}");
        tokio::time::sleep(GLANCE).await;
    }
}

#[tokio::test]
async fn the_same_message_is_one_prompt_and_another_text_under_its_key_is_none() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let bound = bind(&server, &token, thread(&binding, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    let (thread_id, session) = (text(&bound.body["binding"]["bindingId"]), text(&bound.body["binding"]["sessionId"]));
    let said =
        |text: &str| json!({ "bindingId": thread_id, "text": text, "agent": null, "externalUserId": "u-1", "idempotencyKey": "msg-1" });
    let (one, two) = tokio::join!(prompt(&server, &token, said("hello")), prompt(&server, &token, said("hello")));
    let (one, two) = (one.expect(StatusCode::ACCEPTED, ""), two.expect(StatusCode::ACCEPTED, ""));
    assert_eq!(one.body["command"]["commandId"], two.body["command"]["commandId"]);
    assert_eq!((&one.body["binding"]["bindingId"], &one.body["command"]["payload"]["agent"]), (&json!(thread_id), &json!("build")));
    assert!(one.body["processed"].is_u64() && one.body["view"]["session"].is_object(), "{one:?}");

    let view = settled(&server, &owner, &session).await;
    assert_eq!(crate::answer::said(&view, "user"), ["hello"], "it ran once");
    assert_eq!(crate::answer::said(&view, "assistant"), ["echo: hello"]);
    let again = prompt(&server, &token, said("hello")).await.expect(StatusCode::ACCEPTED, "");
    assert_eq!((&again.body["command"]["commandId"], &again.body["processed"]), (&one.body["command"]["commandId"], &json!(0)));
    let other = prompt(&server, &token, said("other")).await;
    let other = other.expect(StatusCode::CONFLICT, "Channel prompt idempotency key was used for a different prompt.");
    assert_eq!(other.body["code"], "channels.prompt_conflict");

    let audit = server.ask(&owner, Method::GET, "/api/admin/audit?action=channel_prompt.enqueued", None).await;
    let rows = audit.body["events"].as_array().expect("a list");
    assert_eq!((rows.len(), &rows[0]["metadata"]["sessionBindingId"]), (1, &json!(thread_id)), "{audit:?}");
    let usage = server.rows("select kind, source from work_usage where steps & 1 <> 0").await;
    assert_eq!(usage, [json!({ "kind": "prompt", "source": "gateway" })]);
}

#[tokio::test]
async fn a_failed_prompt_is_not_told_again() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let bound = bind(&server, &token, thread(&binding, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    let (thread_id, session) = (text(&bound.body["binding"]["bindingId"]), text(&bound.body["binding"]["sessionId"]));
    let body = json!({ "bindingId": thread_id, "text": "[[hang]]", "externalUserId": "u-1", "idempotencyKey": "msg-1" });
    prompt(&server, &token, body.clone()).await.expect(StatusCode::ACCEPTED, "");
    server
        .sql(&format!("update commands set status = 'failed' where kind = 'prompt' and session = '{}'", session.trim_start_matches("ses_")))
        .await;
    let refused = prompt(&server, &token, body).await;
    refused.expect(StatusCode::CONFLICT, "Channel prompt cannot replay a failed idempotent command.");
}

#[tokio::test]
async fn prompts_from_channels_have_a_quota_of_their_own_that_a_replay_does_not_use() {
    let quota = [&HEADER_MODE[..], &[("MAX_GATEWAY_PROMPTS_PER_HOUR", "1")]].concat();
    let (server, owner) = (Server::with(&quota).await, Caller::new("acme", "kim", "owner"));
    let (binding, token) = telegram(&server, &owner).await;
    allow(&server, &owner, "telegram", "u-2", "approver").await;
    let bound = bind(&server, &token, thread(&binding, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    let thread_id = text(&bound.body["binding"]["bindingId"]);
    let said = |user: &str, key: &str| json!({ "bindingId": thread_id, "text": "hi", "externalUserId": user, "idempotencyKey": key });
    let approver = prompt(&server, &token, said("u-2", "k0")).await;
    assert_eq!((approver.status, &approver.body["code"]), (StatusCode::FORBIDDEN, &json!("gateway.identity_not_allowed")));
    for missing in [json!({ "bindingId": thread_id, "text": " " }), json!({ "text": "hi" })] {
        prompt(&server, &token, missing).await.expect(StatusCode::BAD_REQUEST, "Channel prompt requires bindingId and text.");
    }
    prompt(&server, &token, said("u-1", "k1")).await.expect(StatusCode::ACCEPTED, "");
    prompt(&server, &token, said("u-1", "k1")).await.expect(StatusCode::ACCEPTED, "");
    let refused = prompt(&server, &token, said("u-1", "k2")).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::TOO_MANY_REQUESTS, "quota.gateway_prompts_per_hour_exceeded"));
    assert_eq!(refused.error(), "Gateway prompt quota exceeded.");
}
