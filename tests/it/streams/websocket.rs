//! `GET /api/ws`: the same records as the streams, and commands with acknowledgements (docs/websocket.md).

use crate::{
    answer::{Answer, is_settled, said},
    caller::{Caller, HEADER_MODE},
    event_stream::assert_dense,
    server::{PATIENCE, Server, session_id},
};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::HeaderValue,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

/// An open socket and everything that came over it.
struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard: Vec<Value>,
}

impl Socket {
    async fn connect(server: &Server, headers: HeaderMap, protocol: Option<&'static str>) -> Result<Self, Box<tungstenite::Error>> {
        let url = format!("{}/api/ws", server.url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a request");
        request.headers_mut().extend(headers);
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
        }
        let (socket, response) = connect_async(request).await.map_err(Box::new)?;
        assert_eq!(response.headers()["sec-websocket-protocol"], "cowork.v1");
        Ok(Self { socket, heard: Vec::new() })
    }

    async fn open(server: &Server) -> Self {
        Self::connect(server, HeaderMap::new(), Some("cowork.v1")).await.expect("the socket opens")
    }

    async fn say(&mut self, message: Value) {
        self.socket.send(Message::Text(message.to_string().into())).await.expect("the socket is open");
    }

    /// Listens until a message is as wanted, and returns that one.
    async fn hear(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            let next = next.unwrap_or_else(|_| panic!("what is wanted never came: {:#?}", self.heard));
            let message = next.expect("the socket stays open").expect("the socket works");
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("messages are JSON");
            self.heard.push(message.clone());
            if wanted(&message) {
                return message;
            }
        }
    }

    async fn ask(&mut self, message: Value) -> Value {
        self.say(message.clone()).await;
        self.hear(|answer| if message["id"].is_null() { answer["type"] != "event" } else { answer["id"] == message["id"] }).await
    }

    /// How the server ends the talk.
    async fn end(mut self) -> Option<CloseCode> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the socket never ends");
            match next? {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    fn events(&self, topic: &str) -> Vec<Value> {
        let events = self.heard.iter().filter(|message| message["type"] == "event" && message["topic"] == topic);
        events.map(|message| message["event"].clone()).collect()
    }
}

#[tokio::test]
async fn a_socket_shows_what_the_streams_show_and_takes_commands() {
    let server = Server::start().await;
    let session = server.session().await;
    let topic = format!("session:{session}");
    let mut socket = Socket::open(&server).await;
    assert_eq!(socket.hear(|_| true).await, json!({ "type": "hello", "protocol": "cowork.v1" }));
    let subscribed = socket.ask(json!({ "type": "subscribe", "topic": topic, "after": 0 })).await;
    assert_eq!(subscribed, json!({ "type": "subscribed", "topic": topic, "after": 0 }));
    socket.say(json!({ "type": "subscribe", "topic": "workspace" })).await;

    let prompt =
        json!({ "type": "command", "id": "c1", "sessionId": session, "command": "prompt", "payload": { "text": "[[write:a.txt|hello]]" } });
    let accepted = socket.ask(prompt).await;
    assert_eq!((&accepted["type"], &accepted["status"]), (&json!("accepted"), &json!(202)), "{accepted}");
    assert_eq!((&accepted["body"]["command"]["kind"], &accepted["body"]["processed"]), (&json!("prompt"), &json!(1)));
    let is = |message: &Value, event_type: &str| message["topic"] == topic.as_str() && message["event"]["type"] == event_type;
    if !socket.heard.iter().any(|message| is(message, "permission.requested")) {
        socket.hear(|message| is(message, "permission.requested")).await;
    }
    let requested = socket.heard.iter().find(|message| is(message, "permission.requested")).expect("it came");
    let payload = json!({ "permissionId": requested["event"]["payload"]["permissionId"], "response": "once" });
    let respond = json!({ "type": "command", "id": "c2", "sessionId": session, "command": "permission.respond", "payload": payload });
    assert_eq!(socket.ask(respond).await["type"], "accepted");
    let view = server.until(&session, is_settled).await;
    assert_eq!(view["view"]["toolCalls"][0]["status"], "complete");

    let log = server.log_of(&session).await;
    while socket.events(&topic).len() < log.len() || socket.events("workspace").len() < log.len() {
        socket.hear(|_| true).await;
    }
    assert_eq!(socket.events(&topic), log, "the very records of the stream");
    assert_dense(&socket.events("workspace"));

    let mut resumed = Socket::open(&server).await;
    resumed.say(json!({ "type": "subscribe", "topic": topic, "after": 3 })).await;
    while resumed.events(&topic).len() < log.len() - 3 {
        resumed.hear(|_| true).await;
    }
    assert_eq!(resumed.events(&topic), &log[3..]);
}

#[tokio::test]
async fn a_close_is_answered_and_who_breaks_the_rules_is_told_which() {
    let server = Server::start().await;
    let mut leaving = Socket::open(&server).await;
    leaving.hear(|message| message["type"] == "hello").await;
    let frame = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    leaving.socket.send(Message::Close(Some(frame))).await.expect("the socket is open");
    assert_eq!(leaving.end().await, Some(CloseCode::Normal));

    let mut wordy = Socket::open(&server).await;
    wordy.hear(|message| message["type"] == "hello").await;
    wordy.socket.send(Message::Text("x".repeat(1024 * 1024 + 1).into())).await.expect("the socket is open");
    assert_eq!(wordy.end().await, Some(CloseCode::Size));
}

#[tokio::test]
async fn a_command_has_one_effect_and_a_refusal_names_what_it_answers() {
    let server = Server::start().await;
    let session = server.session().await;
    let prompt = |id: &str| json!({ "type": "command", "id": id, "sessionId": session, "command": "prompt", "payload": { "text": "once" }, "idempotencyKey": "k" });
    let mut first = Socket::open(&server).await;
    let mut second = Socket::open(&server).await;
    for socket in [&mut first, &mut second] {
        socket.hear(|message| message["type"] == "hello").await;
    }
    let (one, two) = (first.ask(prompt("a")).await, second.ask(prompt("b")).await);
    assert_eq!(one["body"]["command"]["commandId"], two["body"]["command"]["commandId"], "also on another socket");
    let route = server.request(Method::POST, &format!("/api/sessions/{session}/prompt")).header("idempotency-key", "k");
    let three = Answer::of(route.json(&json!({ "text": "once" }))).await;
    assert_eq!(three.body["command"]["commandId"], one["body"]["command"]["commandId"], "and by its route");
    let view = server.until(&session, |view| said(view, "assistant") == ["echo: once"]).await;
    assert_eq!(said(&view, "user"), ["once"]);

    let mut socket = first;
    let refused = [
        (json!({ "type": "command", "id": "1", "sessionId": "ses_none", "command": "abort" }), 404, "Cloud session was not found."),
        (
            json!({ "type": "command", "id": "2", "sessionId": session, "command": "prompt", "payload": { "text": " " } }),
            400,
            "Prompt text is required.",
        ),
        (json!({ "type": "command", "id": "3", "sessionId": session, "command": "dance" }), 403, "Workspace action is not authorized."),
    ];
    for (message, status, error) in refused {
        let answer = socket.ask(message).await;
        assert_eq!((&answer["type"], &answer["status"], &answer["body"]["error"]), (&json!("error"), &json!(status), &json!(error)));
    }
    let unknown = socket.ask(json!({ "type": "subscribe", "topic": "weather" })).await;
    assert_eq!((&unknown["type"], &unknown["topic"], &unknown["status"]), (&json!("error"), &json!("weather"), &json!(404)));
    socket.socket.send(Message::Text("{ not json".into())).await.expect("open");
    assert_eq!(socket.hear(|message| message["type"] == "error").await["status"], 400);
    assert_eq!(
        socket.ask(json!({ "type": "ping", "id": "p" })).await,
        json!({ "type": "pong", "id": "p" }),
        "the socket survives all that"
    );
}

#[tokio::test]
async fn a_topic_is_followed_from_its_end_without_what_was_before() {
    let server = Server::start().await;
    let session = server.session().await;
    let mut socket = Socket::open(&server).await;
    socket.hear(|message| message["type"] == "hello").await;
    for topic in ["workspace".to_owned(), format!("session:{session}")] {
        let subscribed = socket.ask(json!({ "type": "subscribe", "topic": topic, "latest": true })).await;
        assert_eq!(subscribed, json!({ "type": "subscribed", "topic": topic, "after": 1 }), "the session was made before");
    }
    let prompt = json!({ "type": "command", "id": "c1", "sessionId": session, "command": "prompt", "payload": { "text": "Hello" } });
    assert_eq!(socket.ask(prompt).await["type"], "accepted");
    while socket.events("workspace").is_empty() || socket.events(&format!("session:{session}")).is_empty() {
        socket.hear(|_| true).await;
    }
    assert_eq!(socket.events("workspace")[0]["sequence"], 2);
    assert_eq!(socket.events(&format!("session:{session}"))[0]["sequence"], 2);
}

#[tokio::test]
async fn topics_count_as_streams_and_make_room_when_they_are_left() {
    let server = Server::with(&[("MAX_SSE_CONNECTIONS_PER_ORG", "1")]).await;
    let session = server.session().await;
    let topic = format!("session:{session}");
    let mut socket = Socket::open(&server).await;
    socket.hear(|message| message["type"] == "hello").await;
    assert_eq!(socket.ask(json!({ "type": "subscribe", "topic": topic })).await["type"], "subscribed");
    let refused = socket.ask(json!({ "type": "subscribe", "topic": "workspace" })).await;
    assert_eq!((&refused["type"], &refused["status"]), (&json!("error"), &json!(429)), "{refused}");
    assert_eq!(refused["body"]["error"], "Too many concurrent streams for this organization.");
    assert_eq!(server.get("/api/events").await.status, StatusCode::TOO_MANY_REQUESTS);
    let left = socket.ask(json!({ "type": "unsubscribe", "topic": topic })).await;
    assert_eq!(left, json!({ "type": "unsubscribed", "topic": topic }));
    assert_eq!(socket.ask(json!({ "type": "subscribe", "topic": "workspace" })).await["type"], "subscribed");
}

#[tokio::test]
async fn commands_over_a_socket_count_like_requests_and_a_refused_one_closes_nothing() {
    // The window that a test sees began in 2019 and ends in 2029.
    let server = Server::with(&[("HTTP_RATE_LIMIT_WINDOW_MS", "315360000000"), ("HTTP_RATE_LIMIT_MAX_REQUESTS", "5")]).await;
    let session = server.session().await;
    let mut socket = Socket::open(&server).await;
    socket.hear(|message| message["type"] == "hello").await;
    let abort = |id: &str| json!({ "type": "command", "id": id, "sessionId": session, "command": "abort" });
    assert_eq!(socket.ask(json!({ "type": "subscribe", "topic": "workspace" })).await["type"], "subscribed");
    for id in ["a", "b"] {
        assert_eq!(socket.ask(abort(id)).await["type"], "accepted", "the session, the socket, the topic, and two commands are five");
    }
    for refused in [socket.ask(abort("c")).await, socket.ask(json!({ "type": "subscribe", "topic": format!("session:{session}") })).await] {
        assert_eq!((&refused["type"], &refused["status"]), (&json!("error"), &json!(429)), "{refused}");
        assert_eq!(refused["body"]["code"], "rate_limit.http_exceeded");
        assert!(refused["body"]["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{refused}");
    }
    assert_eq!(socket.ask(json!({ "type": "ping", "id": "p" })).await, json!({ "type": "pong", "id": "p" }), "it goes on");
    assert_eq!(server.get("/api/sessions").await.status, StatusCode::TOO_MANY_REQUESTS, "there is one count for both ways");
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye_to_its_sockets() {
    let mut server = Server::start().await;
    let mut socket = Socket::open(&server).await;
    socket.hear(|message| message["type"] == "hello").await;
    server.signal(nix::sys::signal::Signal::SIGTERM);
    let goodbye = tokio::time::timeout(PATIENCE, socket.socket.next()).await.expect("in time").expect("not cut").expect("in order");
    let Message::Close(Some(frame)) = goodbye else { panic!("no goodbye: {goodbye:?}") };
    assert_eq!(u16::from(frame.code), 1012, "come again");
    drop(socket);
    assert_eq!(server.exit_code(), Some(0));
}

#[tokio::test]
async fn a_socket_opens_for_its_protocol_its_people_and_its_own_pages() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = Caller::new("acme", "kim", "member");
    let status = |refused: Result<Socket, Box<tungstenite::Error>>| match refused.err().map(|error| *error) {
        Some(tungstenite::Error::Http(response)) => response.status().as_u16(),
        other => panic!("not refused: {other:?}"),
    };
    assert_eq!(status(Socket::connect(&server, HeaderMap::new(), Some("cowork.v1")).await), 401);
    assert_eq!(status(Socket::connect(&server, kim.headers(), None).await), 400);
    assert_eq!(status(Socket::connect(&server, kim.headers(), Some("other.v1")).await), 400);
    let mut foreign = kim.headers();
    foreign.insert("origin", HeaderValue::from_static("https://elsewhere.example"));
    assert_eq!(status(Socket::connect(&server, foreign, Some("cowork.v1")).await), 403);
    assert_eq!(server.ask(&kim, Method::GET, "/api/ws", None).await.status, StatusCode::BAD_REQUEST, "not a hand-shake");

    let session = session_id(&server.ask(&kim, Method::POST, "/api/sessions", Some(json!({}))).await);
    let stranger = Caller::new("globex", "kim", "owner");
    let mut socket = Socket::connect(&server, stranger.headers(), Some("cowork.v1")).await.expect("it opens");
    socket.hear(|message| message["type"] == "hello").await;
    let refused = socket.ask(json!({ "type": "subscribe", "topic": format!("session:{session}") })).await;
    assert_eq!((&refused["type"], &refused["status"]), (&json!("error"), &json!(404)), "{refused}");
}
