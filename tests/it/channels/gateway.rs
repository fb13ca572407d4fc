//! A gateway as it was recorded (contract examples, gateway-sequence): its calls, in its order, with its bodies.

use super::{agent, allow, binding, gateway, server, text};
use crate::{answer::Answer, caller::Caller, event_stream::EventStream, server::Server};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const CLAIMANT: &str = "gateway:local";
const GONE: &str = "Channel interaction was not found or is no longer pending.";

/// One gateway with a webhook provider, and what its chat was shown.
struct Gateway {
    server: Server,
    owner: Caller,
    agent: String,
    binding: String,
    token: String,
    token_id: String,
    /// Messages of the chat: what they render, and what they say.
    chat: Vec<(Value, String)>,
}

/// A thread that it serves: its session binding, its session, and the open stream.
struct Thread {
    binding: String,
    session: String,
    stream: EventStream,
    /// How many events were rendered.
    shown: usize,
}

impl Gateway {
    async fn start() -> Self {
        let (server, owner) = server().await;
        let agent = agent(&server, &owner, "support").await;
        let binding = binding(&server, &owner, &agent, "webhook", "hook").await;
        allow(&server, &owner, "webhook", "u-1", "member").await;
        let (token, token_id) = gateway(&server, &owner, &[&binding]).await;
        Self { server, owner, agent, binding, token, token_id, chat: Vec::new() }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.server.ask_with(&self.token, Method::POST, &format!("/api/channels/{path}"), Some(body)).await
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.server.request(Method::GET, &format!("/api/channels/{path}")).bearer_auth(&self.token)
    }

    async fn claim(&self, event: &str, kind: &str) -> Answer {
        let metadata = json!({ "providerKind": "webhook", "providerMessageId": event, "targetChatId": "chat-1", "targetThreadId": "thr-1",
            "senderUserId": "u-1", "command": null, "attachmentCount": 0, "interactionKind": null, "receivedAt": "2026-11-22T09:00:00.000Z" });
        let body = json!({ "provider": "webhook", "providerInstanceId": "webhook", "channelBindingId": self.binding, "externalWorkspaceId": null,
            "providerEventId": event, "eventType": kind, "claimedBy": CLAIMANT, "ttlMs": 300_000, "metadata": metadata });
        self.post("provider-events/claim", body).await
    }

    async fn complete(&self, event: &Value, outcome: Value) {
        let mut body = json!({ "channelBindingId": self.binding, "claimedBy": CLAIMANT });
        body.as_object_mut().expect("an object").extend(outcome.as_object().expect("an object").clone());
        self.post(&format!("provider-events/{}/complete", text(event)), body).await.expect(StatusCode::OK, "");
    }

    /// Section 2 of the recording, until the message is a prompt.
    async fn receive(&self, event: &str, said: &str, thread: Option<Thread>) -> Thread {
        let claimed = self.claim(event, "message").await.expect(StatusCode::OK, "");
        assert_eq!((&claimed.body["claimed"], &claimed.body["duplicate"]), (&json!(true), &json!(false)), "{claimed:?}");
        let metadata = json!({ "username": "kim", "displayName": "Kim" });
        let body = json!({ "provider": "webhook", "channelBindingId": self.binding, "externalWorkspaceId": null, "externalUserId": "u-1",
            "metadata": metadata });
        let identity = self.post("identities/resolve", body).await.expect(StatusCode::OK, "").body["identity"].clone();
        let body = json!({ "identityId": identity["identityId"], "provider": "webhook", "externalWorkspaceId": null, "externalUserId": "u-1",
            "channelBindingId": self.binding, "externalChatId": "chat-1", "externalThreadId": "thr-1", "title": said });
        let bound = self.post("sessions/bind", body).await.expect(StatusCode::OK, "");
        let (id, session) = (text(&bound.body["binding"]["bindingId"]), text(&bound.body["session"]["session"]["sessionId"]));
        let prompt = json!({ "bindingId": id, "text": said, "agent": null, "idempotencyKey": claimed.body["event"]["eventId"],
            "identityId": identity["identityId"], "provider": "webhook", "externalWorkspaceId": null, "externalUserId": "u-1" });
        let after = &bound.body["binding"]["lastEventSequence"];
        let (prompted, stream) = tokio::join!(self.post("sessions/prompt", prompt), async {
            if let Some(thread) = thread {
                return thread;
            }
            assert_eq!(after, &json!(0));
            let stream = EventStream::open(self.get(&format!("sessions/{id}/events?after={after}"))).await;
            Thread { binding: id.clone(), session: session.clone(), stream, shown: 0 }
        });
        prompted.expect(StatusCode::ACCEPTED, "");
        self.complete(&claimed.body["event"]["eventId"], json!({ "status": "processed" })).await;
        stream
    }

    /// Renders what came, one event after the other, and says so after each; until one of this type was rendered.
    async fn render(&mut self, thread: &mut Thread, until: &str) -> Value {
        loop {
            let shown = thread.shown;
            let event = thread.stream.until(|records| records.len() > shown).await[shown].clone();
            let payload = &event["payload"];
            match event["type"].as_str().expect("a type") {
                "assistant.message" => self.say(payload),
                "permission.requested" => self.ask(thread, "permission", &payload["permissionId"]).await,
                "question.asked" => self.ask(thread, "question", &payload["requestId"]).await,
                _ => {}
            }
            let last = (!self.chat.is_empty()).then(|| format!("chat-message-{}", self.chat.len()));
            let body = json!({ "bindingId": thread.binding, "lastEventSequence": event["sequence"], "lastWorkspaceSequence": 0,
                "lastChatMessageId": last });
            self.post("cursor", body).await.expect(StatusCode::OK, "");
            thread.shown += 1;
            if event["type"] == until {
                return event;
            }
        }
    }

    /// A new message, or more of the one that the chat has.
    fn say(&mut self, payload: &Value) {
        let (message, content) = (&payload["messageId"], text(&payload["content"]));
        match self.chat.iter_mut().find(|(shown, _)| shown == message) {
            Some((_, said)) if payload["mode"] == "append" => said.push_str(&content),
            Some((_, said)) => *said = content,
            None => self.chat.push((message.clone(), content)),
        }
    }

    /// The latest message.
    fn latest(&self) -> &str {
        self.chat.last().map_or("", |(_, said)| said)
    }

    /// Shows a button: section 5.
    async fn ask(&mut self, thread: &Thread, kind: &str, target: &Value) {
        let body = json!({ "interactionId": format!("gw_{kind}_{}", thread.shown), "agentId": self.agent, "sessionBindingId": thread.binding,
            "sessionId": thread.session, "provider": "webhook", "kind": kind, "targetId": target });
        let button = text(&self.post("interactions", body).await.expect(StatusCode::CREATED, "").body["plaintextToken"]);
        self.chat.push((target.clone(), button));
    }

    /// Sections 6 to 8: a button or a command; the answer of the server.
    async fn press(&self, event: &str, token: &str, decision: Value) -> Answer {
        let claimed = self.claim(event, "interaction").await.expect(StatusCode::OK, "");
        let mut body = json!({ "provider": "webhook", "externalWorkspaceId": null, "externalUserId": "u-1", "externalChatId": "chat-1",
            "token": token, "externalInteractionId": event });
        body.as_object_mut().expect("an object").extend(decision.as_object().expect("an object").clone());
        let resolved = self.post("interactions/resolve", body).await;
        let outcome = if resolved.status == StatusCode::ACCEPTED {
            json!({ "status": "processed" })
        } else {
            json!({ "status": "failed", "retryable": false, "lastError": resolved.error() })
        };
        self.complete(&claimed.body["event"]["eventId"], outcome).await;
        resolved
    }
}

#[tokio::test]
async fn a_conversation_goes_as_it_was_recorded() {
    let mut gateway = Gateway::start().await;
    let mut thread = gateway.receive("in-1", "hello bot", None).await;
    gateway.render(&mut thread, "session.idle").await;
    assert_eq!(gateway.latest(), "echo: hello bot");
    let again = gateway.claim("in-1", "message").await.expect(StatusCode::OK, "");
    assert_eq!((&again.body["claimed"], &again.body["duplicate"]), (&json!(false), &json!(true)), "the provider sends it once more");

    // A permission by button; nobody can press it twice.
    let mut thread = gateway.receive("in-2", "[[write:notes.md|hello]]", Some(thread)).await;
    gateway.render(&mut thread, "permission.requested").await;
    let button = gateway.latest().to_owned();
    assert!(format!("apv:{button}").len() <= 64, "it fits on a button of every chat system");
    gateway.press("cb-1", &button, json!({ "response": { "allowed": true } })).await.expect(StatusCode::ACCEPTED, "");
    gateway.render(&mut thread, "session.idle").await;
    gateway.press("cb-2", &button, json!({ "response": { "allowed": true } })).await.expect(StatusCode::NOT_FOUND, GONE);

    // A question by text.
    let mut thread = gateway.receive("in-3", "[[question:Which?|red|blue]]", Some(thread)).await;
    gateway.render(&mut thread, "question.asked").await;
    let button = gateway.latest().to_owned();
    gateway.press("in-4", &button, json!({ "answers": ["blue"] })).await.expect(StatusCode::ACCEPTED, "");
    gateway.render(&mut thread, "session.idle").await;
    crate::event_stream::assert_dense(thread.stream.records());

    // The gateway is started anew: the thread goes on behind the last event that was rendered.
    let path = "/api/channels/sessions/by-thread?provider=webhook&externalChatId=chat-1&externalThreadId=thr-1";
    let found = gateway.server.ask_with(&gateway.token, Method::GET, path, None).await.expect(StatusCode::OK, "");
    assert_eq!(found.body["binding"]["lastEventSequence"], json!(thread.shown));
    assert_eq!(found.body["binding"]["lastChatMessageId"], format!("chat-message-{}", gateway.chat.len()));
}

#[tokio::test]
async fn strangers_reach_nobody_and_a_revoked_token_ends_everything() {
    let mut gateway = Gateway::start().await;
    let body = json!({ "provider": "webhook", "channelBindingId": gateway.binding, "externalWorkspaceId": null, "externalUserId": "stranger",
        "metadata": {} });
    let stranger = gateway.post("identities/resolve", body).await.expect(StatusCode::OK, "").body["identity"].clone();
    assert_eq!((&stranger["role"], &stranger["status"]), (&json!("viewer"), &json!("pending")));
    let body = json!({ "identityId": stranger["identityId"], "provider": "webhook", "externalWorkspaceId": null, "externalUserId": "stranger",
        "channelBindingId": gateway.binding, "externalChatId": "chat-9", "externalThreadId": "thr-9", "title": "hi" });
    let refused = gateway.post("sessions/bind", body).await;
    let refused = refused.expect(StatusCode::FORBIDDEN, "Channel actor identity is not authorized for this channel session.");
    assert_eq!(refused.body["code"], "gateway.identity_not_allowed");

    let mut thread = gateway.receive("in-1", "hello", None).await;
    gateway.render(&mut thread, "session.idle").await;
    let mut deliveries = EventStream::open(
        gateway.get(&format!("deliveries/stream?claimedBy=gateway%3Alocal&ttlMs=120000&channelBindingId={}", gateway.binding)),
    )
    .await;
    let body = json!({ "agentId": gateway.agent, "channelBindingId": gateway.binding, "provider": "webhook", "eventType": "notice",
        "target": { "externalChatId": "chat-1" }, "payload": { "text": "it is done" }, "deliveryId": "d-1" });
    gateway.post("deliveries", body).await.expect(StatusCode::CREATED, "");
    let frame = deliveries.until(|records| !records.is_empty()).await[0].clone();
    assert_eq!(frame["delivery"]["payload"]["text"], "it is done");
    let ack = json!({ "channelBindingId": gateway.binding, "status": "sent", "claimedBy": CLAIMANT, "lastError": null });
    let sent = gateway.post("deliveries/d-1/ack", ack).await.expect(StatusCode::OK, "");
    assert_eq!(sent.body["delivery"]["status"], "sent");

    let path = format!("/api/api-tokens/{}", gateway.token_id);
    gateway.server.ask(&gateway.owner, Method::DELETE, &path, None).await.expect(StatusCode::OK, "");
    deliveries.until_cut().await;
    thread.stream.until_cut().await;
    let refused = gateway.claim("in-2", "message").await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::UNAUTHORIZED, &json!("auth.token_revoked")));
}

/// R-PROM-03, R-PROM-05, R-PROM-06: one session over three surfaces.
#[tokio::test]
async fn a_session_from_a_chat_is_answered_in_the_browser_and_continued_on_the_desktop() {
    let mut gateway = Gateway::start().await;
    let mut thread = gateway.receive("in-1", "[[write:notes.md|from the chat]]", None).await;
    let asked = gateway.render(&mut thread, "permission.requested").await;
    let button = gateway.latest().to_owned();

    // The browser answers first; the chat's button is too late and says so.
    let session = thread.session.clone();
    let body = json!({ "permissionId": asked["payload"]["permissionId"], "response": "allow" });
    let path = format!("/api/sessions/{session}/permission-respond");
    gateway.server.ask(&gateway.owner, Method::POST, &path, Some(body)).await.expect(StatusCode::ACCEPTED, "");
    gateway.render(&mut thread, "session.idle").await;
    let late = gateway.press("cb-1", &button, json!({ "response": { "allowed": false } })).await;
    assert!(late.status == StatusCode::NOT_FOUND || late.body["alreadyResolved"] == true, "{late:?}");

    // The desktop goes on with it, and the chat sees the answer.
    let (_, desktop) = crate::tokens::issue(&gateway.server, &gateway.owner, &["desktop"]).await;
    let path = format!("/api/sessions/{session}/prompt");
    gateway
        .server
        .ask_with(&desktop, Method::POST, &path, Some(json!({ "text": "from the desktop" })))
        .await
        .expect(StatusCode::ACCEPTED, "");
    gateway.render(&mut thread, "session.idle").await;
    assert_eq!(gateway.latest(), "echo: from the desktop");

    // An artifact of the one is everybody's, byte for byte.
    let content: Vec<u8> = (0..=255).collect();
    let body = json!({ "filename": "all-bytes.bin", "contentType": "application/octet-stream", "dataBase64": STANDARD.encode(&content) });
    let path = format!("/api/sessions/{session}/artifacts");
    let made = gateway.server.ask_with(&desktop, Method::POST, &path, Some(body)).await.expect(StatusCode::CREATED, "");
    let id = text(&made.body["artifact"]["artifactId"]);
    gateway.render(&mut thread, "artifact.created").await;
    let chat = format!("/api/channels/sessions/{}/artifacts/{id}", thread.binding);
    let own = format!("{path}/{id}");
    let answers = [
        gateway.server.ask_with(&gateway.token, Method::GET, &chat, None).await,
        gateway.server.ask_with(&desktop, Method::GET, &own, None).await,
        gateway.server.ask(&gateway.owner, Method::GET, &own, None).await,
    ];
    for answer in answers {
        let data = text(&answer.expect(StatusCode::OK, "").body["artifact"]["dataBase64"]);
        assert_eq!(STANDARD.decode(data).expect("base64"), content);
    }
}
