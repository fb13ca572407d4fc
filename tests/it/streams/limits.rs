//! How many streams, how long, and how far behind (contract 00 §9.3).

use crate::{
    event_stream::{EventStream, assert_dense, of_type},
    program::resident_bytes,
    server::Server,
};
use futures_util::{SinkExt, StreamExt, future::join_all};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::time::Instant;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

const MEBIBYTE: u64 = 1024 * 1024;

#[tokio::test]
async fn an_organisation_has_200_streams_and_no_more() {
    let server = Server::start().await;
    let session = server.session().await;
    let paths = [format!("/api/sessions/{session}/events"), "/api/events".to_owned()];
    let opened = join_all((0..300).map(|number| server.request(Method::GET, &paths[number % 2]).send())).await;
    let opened: Vec<reqwest::Response> = opened.into_iter().map(|response| response.expect("the server answers")).collect();
    let (streams, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(|response| response.status() == StatusCode::OK);
    assert_eq!((streams.len(), refused.len()), (200, 100), "exactly as many as may be, however they race");
    for response in refused {
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.headers()["connection"], "close");
        let body: serde_json::Value = response.json().await.expect("JSON");
        assert_eq!(body["error"], "Too many concurrent streams for this organization.");
        assert_eq!(body["code"], "quota.streams_exceeded");
    }
    assert_eq!(server.get("/api/sessions").await.status, StatusCode::OK, "other requests go on");
    drop(streams);
    let deadline = Instant::now() + crate::server::PATIENCE;
    loop {
        let response = server.request(Method::GET, "/api/events").send().await.expect("the server answers");
        if response.status() == StatusCode::OK {
            break;
        }
        assert!(Instant::now() < deadline, "closed streams make no room");
        tokio::time::sleep(crate::program::GLANCE).await;
    }
}

#[tokio::test]
async fn a_stream_ends_in_order_when_its_time_is_up_and_goes_on_by_cursor() {
    let server = Server::with(&[("SSE_MAX_LIFETIME_MS", "1000")]).await;
    let session = server.session().await;
    server.prompt(&session, "[[slow:20]][[text:200]]").await;
    let mut seen = Vec::new();
    let mut lives = 0;
    while seen.last().is_none_or(|record: &serde_json::Value| record["type"] != "session.idle") {
        let mut stream = server.stream(&format!("/api/sessions/{session}/events?after={}", seen.len())).await;
        seen.extend_from_slice(stream.read_to_end().await);
        lives += 1;
    }
    assert!(lives > 1, "one life was enough");
    assert_dense(&seen);
    assert_eq!(seen, server.log_of(&session).await);
}

/// A connection whose reader will take next to nothing: its receive buffer is small.
async fn narrow_connection(server: &Server) -> TcpStream {
    let address = server.url.strip_prefix("http://").expect("http").parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    socket.connect(address).await.expect("the server listens")
}

/// A WebSocket that follows a session and reads nothing of it.
async fn stopped_socket(server: &Server, session: &str) -> WebSocketStream<TcpStream> {
    let mut request = format!("{}/api/ws", server.url.replacen("http", "ws", 1)).into_client_request().expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("cowork.v1"));
    let (mut socket, _) = client_async(request, narrow_connection(server).await).await.expect("the socket opens");
    let follow = json!({ "type": "subscribe", "topic": format!("session:{session}"), "after": 0 });
    socket.send(Message::Text(follow.to_string().into())).await.expect("the socket is open");
    socket
}

/// A stream whose reader takes nothing.
async fn stopped_reader(server: &Server, path: &str) -> TcpStream {
    let address = server.url.strip_prefix("http://").expect("http");
    let mut connection = narrow_connection(server).await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("the request is sent");
    connection
}

#[tokio::test]
async fn a_reader_that_stops_is_cut_and_costs_the_others_nothing() {
    let server = Server::start().await;
    let session = server.session().await;
    let path = format!("/api/sessions/{session}/events");
    server.run(&session, "warm up").await;
    let mut stopped = Vec::new();
    for path in [&path, &path, &"/api/events".to_owned()] {
        stopped.push(stopped_reader(&server, path).await);
    }
    let mut socket = stopped_socket(&server, &session).await;
    let before = resident_bytes(server.pid());
    // Each prompt is stored as it is, so sixteen of them are 14 MiB of events: more than a reader may be behind.
    let mut reading: EventStream = server.stream(&path).await;
    let flood = async {
        for _ in 0..16 {
            let text = format!("{}[[text:1]]", "x".repeat(900 * 1024));
            let accepted = server.post(&format!("/api/sessions/{session}/prompt"), json!({ "text": text })).await;
            assert_eq!(accepted.status, StatusCode::ACCEPTED);
        }
    };
    tokio::join!(flood, reading.until(|records| of_type(records, "session.idle").count() == 17));
    assert_dense(reading.records());
    let cut =
        server.until_answer("/api/metrics", |answer| metric(answer.body.as_str().unwrap_or_default(), "cowork_sse_cut_total") >= 4.0).await;
    assert!(metric(cut.body.as_str().expect("text"), "cowork_sse_streams{kind=\"session\"}") <= 1.0, "only the reader is left");
    for mut connection in stopped {
        let mut rest = Vec::new();
        // Cut without a goodbye: an end or a reset, but no last chunk that would look like a complete answer.
        connection.read_to_end(&mut rest).await.ok();
        assert!(!rest.ends_with(b"0\r\n\r\n"), "a cut stream must not look complete");
    }
    while let Some(Ok(message)) = socket.next().await {
        assert!(!message.is_close(), "whoever doesn't read isn't told goodbye");
    }
    let grown = resident_bytes(server.pid()).saturating_sub(before);
    assert!(grown < 200 * MEBIBYTE, "memory grew by {} MiB", grown / MEBIBYTE);
}

/// The sum of a metric's samples in Prometheus text.
fn metric(text: &str, name: &str) -> f64 {
    text.lines().filter(|line| line.starts_with(name)).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
