//! What is taken back on one node ends on all of them (invariant I7).

use super::harness::{Cluster, until_ready};
use crate::{
    caller::Caller,
    program::run_with,
    server::{PATIENCE, Server, session_id},
    sign_in::{BROWSERS, Browser},
    tokens,
};
use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

async fn two_nodes() -> Cluster {
    let mut cluster = Cluster::empty().await;
    for name in ["a", "b"] {
        until_ready(cluster.join(name, "all-in-one", &BROWSERS), true).await;
    }
    cluster
}

async fn open(request: RequestBuilder) -> Response {
    let stream = request.timeout(PATIENCE * 2).send().await.expect("the server answers");
    assert_eq!(stream.status(), StatusCode::OK, "{stream:?}");
    stream
}

/// Everything until the stream is cut, which must come.
async fn rest(mut stream: Response) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = stream.chunk().await {
            bytes.extend_from_slice(&chunk);
        }
    };
    timeout(PATIENCE, reading).await.expect("the stream is cut");
    String::from_utf8(bytes).expect("streams are text")
}

/// What goes on while a credential is taken back: a session with an agent that talks.
async fn talking_session(server: &Server, owner: &Caller) -> String {
    let session = session_id(&server.ask(owner, Method::POST, "/api/sessions", Some(json!({}))).await);
    let prompt = format!("/api/sessions/{session}/prompt");
    let accepted = server.ask(owner, Method::POST, &prompt, Some(json!({ "text": "[[slow:20]][[text:2000]]" }))).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
    session
}

#[tokio::test]
async fn a_token_that_is_revoked_on_one_node_ends_streams_and_sockets_on_the_other() {
    let cluster = two_nodes().await;
    let owner = Caller::new("acme", "kim", "owner");
    let session = talking_session(&cluster["a"], &owner).await;
    let (token, text) = tokens::issue(&cluster["a"], &owner, &["desktop"]).await;
    let (_, kept) = tokens::issue(&cluster["a"], &owner, &["desktop"]).await;
    let events = format!("/api/sessions/{session}/events?after=0");
    let stream = open(cluster["b"].request(Method::GET, &events).bearer_auth(&text)).await;
    let mut other = open(cluster["b"].request(Method::GET, &events).bearer_auth(&kept)).await;
    let mut handshake = format!("{}/api/ws", cluster["b"].url.replacen("http", "ws", 1)).into_client_request().expect("a request");
    handshake.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("cowork.v1"));
    handshake.headers_mut().insert("authorization", HeaderValue::try_from(format!("Bearer {text}")).expect("text"));
    let (mut socket, _) = connect_async(handshake).await.expect("the socket opens");

    let revoked = cluster["a"].ask(&owner, Method::DELETE, &tokens::path(&token), None).await;
    assert_eq!(revoked.status, StatusCode::OK, "{revoked:?}");
    let seen = rest(stream).await;
    let ended = async { while let Some(Ok(Message::Text(_) | Message::Ping(_))) = socket.next().await {} };
    timeout(PATIENCE, ended).await.expect("the socket is ended");

    // Read to its end, the stream holds no word from after the cut: there is no more of it, and no way back.
    assert!(seen.contains("event: "), "{seen}");
    for node in ["a", "b"] {
        let refused = cluster[node].ask_with(&text, Method::GET, &events, None).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::UNAUTHORIZED, &json!("auth.token_revoked")), "on {node}");
    }
    let more = timeout(PATIENCE, other.chunk()).await.expect("in time").expect("it stays open");
    assert!(more.is_some(), "another token of the same account goes on");
}

#[tokio::test]
async fn a_browser_that_is_signed_out_on_one_node_is_so_on_the_other() {
    let cluster = two_nodes().await;
    let owner = Caller::new("acme", "kim", "owner");
    let session = talking_session(&cluster["a"], &owner).await;
    let browser = Browser::sign_in(&cluster["a"], &owner, "Firefox").await;
    let cookies = format!("open_cowork_cloud_session={}", browser.session);
    let events = format!("/api/sessions/{session}/events?after=0");
    let stream = open(cluster["b"].request(Method::GET, &events).header("cookie", cookies)).await;
    let done = browser.ask(&cluster["a"], Method::POST, "/auth/logout", Some(json!({}))).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    rest(stream).await;
    assert_eq!(browser.code(&cluster["b"]).await, "auth.session_revoked");
}

#[tokio::test]
async fn a_member_who_is_disabled_and_an_organisation_that_is_paused_are_out_on_every_node() {
    let cluster = two_nodes().await;
    let (owner, ann) = (Caller::new("acme", "kim", "owner"), Caller::new("acme", "ann", "member"));
    let session = talking_session(&cluster["a"], &owner).await;
    let command = |arguments: &[&str]| {
        run_with(arguments, &[("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", cluster["a"].database_url())]).expect_code(0);
    };
    let status = async |caller: &Caller| cluster["b"].ask(caller, Method::GET, "/api/sessions", None).await.status;
    assert_eq!(status(&ann).await, StatusCode::OK);
    let hers = open(cluster["b"].request(Method::GET, "/api/events?after=0").headers(ann.headers())).await;
    let mut his =
        open(cluster["b"].request(Method::GET, &format!("/api/sessions/{session}/events?after=0")).headers(owner.headers())).await;

    command(&["member", "disable", "--org", "acme", "ann"]);
    rest(hers).await;
    assert_eq!(status(&ann).await, StatusCode::FORBIDDEN);
    let more = timeout(PATIENCE, his.chunk()).await.expect("in time").expect("it stays open");
    assert!(more.is_some(), "another member of the organisation goes on");

    command(&["org", "pause", "acme"]);
    rest(his).await;
    assert_eq!(status(&owner).await, StatusCode::FORBIDDEN);
}
