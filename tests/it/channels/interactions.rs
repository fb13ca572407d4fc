use super::{allow, bind, prompt, server, telegram, text, thread};
use crate::{
    answer::{Answer, is_settled},
    caller::{Caller, HEADER_MODE},
    program::GLANCE,
    server::{PATIENCE, Server},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

const GONE: &str = "Channel interaction was not found or is no longer pending.";

/// A thread whose session asks for something.
struct Asking {
    server: Server,
    owner: Caller,
    token: String,
    thread: Value,
}

impl Asking {
    async fn after(text: &str) -> Self {
        let (server, owner) = server().await;
        Self::on(server, owner, text).await
    }

    async fn on(server: Server, owner: Caller, text: &str) -> Self {
        let (binding, token) = telegram(&server, &owner).await;
        let bound = bind(&server, &token, thread(&binding, "telegram", "u-1", "thr-1")).await.expect(StatusCode::OK, "");
        let thread = bound.body["binding"].clone();
        let body = json!({ "bindingId": thread["bindingId"], "text": text, "provider": "telegram", "externalUserId": "u-1" });
        prompt(&server, &token, body).await.expect(StatusCode::ACCEPTED, "");
        Self { server, owner, token, thread }
    }

    /// The session's view, once it is as wanted.
    async fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/sessions/{}/view", text(&self.thread["sessionId"]));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let view = self.server.ask(&self.owner, Method::GET, &path, None).await.expect(StatusCode::OK, "").body;
            if wanted(&view) {
                return view;
            }
            assert!(Instant::now() < deadline, "the session never came to what is wanted: {view:#}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// What the session waits for: a permission's id, or a question's.
    async fn target(&self, list: &str) -> String {
        let view = self.until(|view| view["view"][list][0]["id"].is_string()).await;
        text(&view["view"][list][0]["id"])
    }

    async fn create(&self, kind: &str, target: &str, seed: &str) -> Answer {
        let body = json!({ "agentId": self.thread["agentId"], "sessionId": self.thread["sessionId"], "provider": "telegram", "kind": kind,
            "targetId": target, "sessionBindingId": self.thread["bindingId"], "interactionId": seed });
        self.server.ask_with(&self.token, Method::POST, "/api/channels/interactions", Some(body)).await
    }

    async fn token_for(&self, kind: &str, target: &str, seed: &str) -> String {
        let made = self.create(kind, target, seed).await.expect(StatusCode::CREATED, "");
        assert_eq!((&made.body["interaction"]["status"], &made.body["interaction"]["tokenHash"]), (&json!("pending"), &Value::Null));
        text(&made.body["plaintextToken"])
    }

    async fn resolve(&self, body: Value) -> Answer {
        self.server.ask_with(&self.token, Method::POST, "/api/channels/interactions/resolve", Some(body)).await
    }
}

fn shown(token: &str, user: &str, chat: &str) -> Value {
    json!({ "token": token, "provider": "telegram", "externalWorkspaceId": null, "externalUserId": user, "externalChatId": chat,
        "externalInteractionId": "cb-1", "response": { "allowed": true } })
}

#[tokio::test]
async fn a_permission_is_granted_from_the_chat_once_by_somebody_who_may() {
    let asking = Asking::after("[[write:a.txt|hello]]").await;
    allow(&asking.server, &asking.owner, "telegram", "u-3", "viewer").await;
    let permission = asking.target("pendingApprovals").await;
    let token = asking.token_for("permission", &permission, "gw_permission_1").await;
    assert!(token.starts_with("occi_") && token.len() <= 60, "{token}");
    asking
        .create("permission", &permission, "gw_permission_1")
        .await
        .expect(StatusCode::CONFLICT, "Channel interaction id is in use.")
        .coded("channels.interaction_exists");

    let made_up = format!("{}AAAA", &token[..token.len() - 4]);
    for body in [
        json!({}),
        shown(&made_up, "u-1", "chat-1"),
        shown(&token, "u-1", "chat-2"),
        shown(&token, "u-3", "chat-1"),
        shown(&token, "nobody", "chat-1"),
        json!({ "token": token, "response": true }),
        json!({ "externalInteractionId": "cb-1", "externalUserId": "u-1" }),
    ] {
        let refused = asking.resolve(body.clone()).await;
        assert_eq!(
            (refused.status, &refused.body),
            (StatusCode::NOT_FOUND, &json!({ "error": GONE, "code": "resource.not_found" })),
            "{body}"
        );
    }

    let used = asking.resolve(shown(&token, "u-1", "chat-1")).await.expect(StatusCode::ACCEPTED, "");
    assert_eq!((&used.body["interaction"]["status"], &used.body["alreadyResolved"]), (&json!("used"), &json!(false)));
    assert_eq!((&used.body["command"]["kind"], &used.body["processed"]), (&json!("permission.respond"), &json!(1)));
    assert_eq!(used.body["projectionFence"]["commandId"], used.body["command"]["commandId"]);
    asking.resolve(shown(&token, "u-1", "chat-1")).await.expect(StatusCode::NOT_FOUND, GONE);

    let view = asking.until(is_settled).await;
    assert_eq!(view["projection"]["view"]["resolvedApprovals"][0]["allowed"], true);
    assert_eq!(view["view"]["toolCalls"][0]["status"], "complete");
    for action in ["channel_interaction.used", "channel_interaction.permission.responded"] {
        let audit = asking.server.ask(&asking.owner, Method::GET, &format!("/api/admin/audit?action={action}"), None).await;
        assert_eq!(audit.body["events"].as_array().map(Vec::len), Some(1), "{action}: {audit:?}");
    }
}

#[tokio::test]
async fn two_who_answer_one_question_see_who_came_first() {
    let asking = Asking::after("[[question:Which colour?|red|blue]]").await;
    let question = asking.target("pendingQuestions").await;
    let (first, second) = (asking.token_for("question", &question, "q-1").await, asking.token_for("question", &question, "q-2").await);
    let mut answer = shown(&first, "u-1", "chat-1");
    answer["answers"] = json!([["blue"]]);
    // A token that two show at once is one answer.
    let (one, other) = tokio::join!(asking.resolve(answer.clone()), asking.resolve(answer));
    let statuses = [one.status, other.status];
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::ACCEPTED).count(), 1, "{one:?} {other:?}");
    assert!(statuses.iter().all(|status| [202, 404, 409].contains(&status.as_u16())), "{one:?} {other:?}");
    for beaten in [one, other].into_iter().filter(|answer| answer.status == StatusCode::CONFLICT) {
        beaten.coded("channels.interaction_resolved");
    }

    let mut late = shown(&second, "u-1", "chat-1");
    late["reject"] = json!(true);
    let late = asking.resolve(late).await.expect(StatusCode::ACCEPTED, "");
    assert_eq!((&late.body["alreadyResolved"], &late.body["projectionFence"]), (&json!(true), &Value::Null));
    assert_eq!(late.body["command"]["kind"], "question.reject");
    let view = asking.until(is_settled).await;
    let resolved = &view["projection"]["view"]["resolvedQuestions"];
    assert_eq!((resolved.as_array().map(Vec::len), &resolved[0]["answers"]), (Some(1), &json!([["blue"]])), "{resolved}");
}

#[tokio::test]
async fn an_answer_whose_taker_died_still_reaches_its_session() {
    let asking = Asking::after("[[write:a.txt|hello]]").await;
    let permission = asking.target("pendingApprovals").await;
    asking.token_for("permission", &permission, "gw_permission_1").await;
    // What a node leaves behind that died right after it took the answer.
    let by = json!({ "tenantId": "acme", "orgId": "acme", "tenantName": "Tenant", "userId": "kim", "accountId": "kim",
        "email": "kim@acme", "role": "owner", "authSource": "api_token" });
    let payload = json!({ "permissionId": permission, "response": { "allowed": true } });
    asking
        .server
        .sql(&format!(
            "update channel_interactions set status = 'used', used_at = now() - interval '1 minute', command = 'permission.respond',
                    command_payload = '{payload}', command_by = '{by}'"
        ))
        .await;
    let view = asking.until(is_settled).await;
    assert_eq!(view["projection"]["view"]["resolvedApprovals"][0]["allowed"], true);
}

#[tokio::test]
async fn a_deployment_that_takes_no_answers_from_chats_says_so_of_any_token() {
    let environment = [&HEADER_MODE[..], &[("ALLOW_REMOTE_APPROVALS", "false")]].concat();
    let server = Server::with(&environment).await;
    let asking = Asking::on(server, Caller::new("acme", "kim", "owner"), "[[write:a.txt|hello]]").await;
    let permission = asking.target("pendingApprovals").await;
    let token = asking.token_for("permission", &permission, "gw_permission_1").await;
    for token in [token.as_str(), "occi_unknown"] {
        let refused = asking.resolve(shown(token, "u-1", "chat-1")).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "gateway-remote-approval-disabled"), "{token}");
    }
    let path = "/api/admin/audit?action=channel_interaction.remote_policy.denied";
    let audit = asking.server.ask(&asking.owner, Method::GET, path, None).await;
    assert_eq!(audit.body["events"].as_array().map(Vec::len), Some(2), "{audit:?}");
    assert!(audit.body["events"].as_array().expect("two").iter().any(|event| event["targetId"] == "unresolved"), "{audit:?}");
}
