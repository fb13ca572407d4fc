use super::{allow, server, telegram, text};
use crate::{
    answer::{Answer, is_settled, said},
    caller::Caller,
    program::GLANCE,
    server::{PATIENCE, Server},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

pub(super) fn message(binding: &str, id: &str, user: &str, said: &str) -> Value {
    json!({ "channelBindingId": binding, "provider": "telegram", "providerInstanceId": "telegram", "providerEventId": id,
        "externalChatId": "chat-1", "externalThreadId": "thr-1", "externalUserId": user, "username": "kim", "text": said })
}

async fn hand_over(server: &Server, token: &str, body: Value) -> Answer {
    server.ask_with(token, Method::POST, "/api/channels/inbox", Some(body)).await
}

pub(super) async fn accepted(server: &Server, token: &str, body: Value) -> String {
    let accepted = hand_over(server, token, body).await.expect(StatusCode::ACCEPTED, "");
    text(&accepted.body["message"]["messageId"])
}

/// A message, once something became of it.
pub(super) async fn settled(server: &Server, token: &str, message: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let shown = server.ask_with(token, Method::GET, &format!("/api/channels/inbox/{message}"), None).await;
        let shown = shown.expect(StatusCode::OK, "").body["message"].clone();
        if shown["status"] != "received" {
            return shown;
        }
        assert!(Instant::now() < deadline, "nothing became of {shown}");
        tokio::time::sleep(GLANCE).await;
    }
}

/// The session of a message, once nothing runs in it.
pub(super) async fn conversation(server: &Server, owner: &Caller, message: &Value) -> Value {
    let path = format!("/api/sessions/{}/view", text(&message["sessionId"]));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let view = server.ask(owner, Method::GET, &path, None).await.expect(StatusCode::OK, "").body;
        if is_settled(&view) && said(&view, "user").len() == said(&view, "assistant").len() {
            return view;
        }
        assert!(Instant::now() < deadline, "it never came to rest: {view:#}");
        tokio::time::sleep(GLANCE).await;
    }
}

#[tokio::test]
async fn messages_of_a_thread_become_prompts_in_their_order_each_once() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let mut ids = Vec::new();
    for number in 0..8 {
        let body = message(&binding, &format!("m-{number}"), "u-1", &format!("message {number}"));
        ids.push(accepted(&server, &token, body.clone()).await);
        let again = hand_over(&server, &token, body).await.expect(StatusCode::ACCEPTED, "");
        assert_eq!((&again.body["duplicate"], &again.body["message"]["messageId"]), (&json!(true), &json!(ids[number])));
    }
    let last = settled(&server, &token, ids.last().expect("eight")).await;
    assert_eq!(last["status"], "done", "{last}");
    let view = conversation(&server, &owner, &last).await;
    let expected: Vec<String> = (0..8).map(|number| format!("message {number}")).collect();
    assert_eq!(said(&view, "user"), expected);
    assert_eq!(view["session"]["title"], "message 0");

    // The contract's own calls find the same thread.
    let path = "/api/channels/sessions/by-thread?provider=telegram&externalChatId=chat-1&externalThreadId=thr-1";
    let found = server.ask_with(&token, Method::GET, path, None).await.expect(StatusCode::OK, "");
    assert_eq!((&found.body["binding"]["bindingId"], &found.body["binding"]["sessionId"]), (&last["sessionBindingId"], &last["sessionId"]));
}

#[tokio::test]
async fn who_may_not_prompt_is_told_so_and_is_noted_for_an_admin() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let stranger = accepted(&server, &token, message(&binding, "m-1", "u-2", "let me in")).await;
    let refused = settled(&server, &token, &stranger).await;
    assert_eq!((&refused["status"], &refused["code"]), (&json!("refused"), &json!("gateway.identity_not_allowed")));
    let known = server.ask(&owner, Method::GET, "/api/channels/identities?status=pending", None).await;
    assert_eq!(known.body["identities"][0]["externalUserId"], "u-2", "{known:?}");

    allow(&server, &owner, "telegram", "u-2", "member").await;
    let welcome = accepted(&server, &token, message(&binding, "m-2", "u-2", "hello")).await;
    assert_eq!(settled(&server, &token, &welcome).await["status"], "done");

    let other = Caller::new("globex", "kim", "owner");
    let (_, foreign) = telegram(&server, &other).await;
    let refused = hand_over(&server, &foreign, message(&binding, "m-3", "u-1", "hello")).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "channels.binding_scope_required"));
    let unseen = server.ask_with(&foreign, Method::GET, &format!("/api/channels/inbox/{welcome}"), None).await;
    unseen.expect(StatusCode::NOT_FOUND, "Channel message was not found.");
    for field in ["provider", "providerInstanceId", "providerEventId", "externalChatId", "externalUserId", "text"] {
        let mut body = message(&binding, "m-4", "u-1", "hello");
        body[field] = json!("  ");
        assert_eq!(hand_over(&server, &token, body).await.status, StatusCode::BAD_REQUEST, "{field}");
    }
}

/// What keeps a node from getting further with a message than a point, until it is taken away.
pub(super) const NOT_FURTHER: &str =
    "create function not_further() returns trigger language plpgsql as $$ begin raise exception 'not further'; end $$;";

/// Kills a server that has taken a message over and got no further than `obstacle` lets it; once it is back and free, the message
/// is one prompt.
async fn dies_at(obstacle: &str, table: &str, reached: &str) {
    let (mut server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    server.sql(&format!("{NOT_FURTHER} {obstacle}")).await;
    let id = accepted(&server, &token, message(&binding, "m-1", "u-1", "once")).await;
    let deadline = Instant::now() + PATIENCE;
    while server.rows(reached).await.is_empty() {
        assert!(Instant::now() < deadline, "the message never got as far as {table}");
        tokio::time::sleep(GLANCE).await;
    }
    server.kill();
    server.sql(&format!("drop trigger not_further on {table}")).await;
    server.start_again();

    let done = settled(&server, &token, &id).await;
    assert_eq!(done["status"], "done", "{done}");
    let view = conversation(&server, &owner, &done).await;
    assert_eq!(said(&view, "user"), ["once"]);
    assert_eq!(server.rows("select session from commands").await.len(), 1, "the message became more than one command");
}

#[tokio::test]
async fn a_node_that_dies_before_the_prompt_leaves_one_prompt() {
    let obstacle = "create trigger not_further before insert or update on channel_identities for each row execute function not_further();";
    dies_at(obstacle, "channel_identities", "select id from channel_inbox where attempts > 0").await;
}

#[tokio::test]
async fn a_node_that_dies_after_the_prompt_leaves_one_prompt() {
    let obstacle = "create trigger not_further before update on channel_inbox for each row when (new.status = 'done') \
                    execute function not_further();";
    dies_at(obstacle, "channel_inbox", "select session from commands").await;
}
