//! The order of contract 00 §1, and what every response carries.

use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn unknown_routes_ask_for_credentials_before_they_say_what_is_unknown() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = Caller::new("acme", "kim", "owner");
    let paths = ["/nothing", "/api", "/api/nothing", "/api/sessions/x/fork", "/%ff"];
    for path in paths {
        assert_eq!(server.get(path).await.status, StatusCode::UNAUTHORIZED, "{path} without credentials");
    }
    for path in ["/nothing", "/%ff", "/x%2fy", "/x%00"] {
        server.ask(&kim, Method::GET, path, None).await.expect(StatusCode::NOT_FOUND, "Not found.");
    }
    let unknown = [
        (Method::GET, "/api"),
        (Method::GET, "/api/nothing"),
        (Method::GET, "/api/sessions/x/fork"),
        (Method::DELETE, "/api/sessions/x"),
        (Method::PUT, "/api/sessions"),
        (Method::GET, "/api/sessions/x/view/more"),
    ];
    for (method, path) in unknown {
        let refused = server.ask(&kim, method.clone(), path, None).await;
        let refused = refused.expect(StatusCode::FORBIDDEN, "Workspace action is not authorized.");
        assert_eq!(refused.policy_code(), "authorization.action_unknown", "{method} {path}");
    }
    // HEAD is not GET.
    for (path, status) in [("/", StatusCode::NOT_FOUND), ("/api/config", StatusCode::FORBIDDEN), ("/livez", StatusCode::OK)] {
        let answer = server.ask(&kim, Method::HEAD, path, None).await;
        assert_eq!((answer.status, &answer.body), (status, &json!("")), "{path}");
    }
    assert_eq!(Answer::of(server.request(Method::HEAD, "/")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn harmless_variations_of_a_path_mean_the_same() {
    let server = Server::start().await;
    let session = server.session().await;
    let plain = server.get(&format!("/api/sessions/{session}")).await;
    for path in [
        format!("/api/sessions/{session}/"),
        format!("//api///sessions/{session}"),
        format!("/api/sess%69ons/{}", session.replace('_', "%5F")),
    ] {
        let same = server.get(&path).await;
        assert_eq!((same.status, &same.body), (StatusCode::OK, &plain.body), "{path}");
    }
    for path in ["/api/sessions/%00/view", "/api/sessions/%ff/view", "/api/sessions/a%2Fb/view"] {
        assert_eq!(server.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(server.get(&format!("/api/sessions/{session}%20")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_response_carries_its_id_and_the_security_headers() {
    let server = Server::with(&[("CORS_ORIGIN", "http://localhost:3000")]).await;
    let session = server.session().await;
    let paths = ["/livez", "/api/sessions", "/api/nothing", "/nothing", &format!("/api/sessions/{session}/view")];
    for path in paths {
        let answer = Answer::of(server.request(Method::GET, path).header("x-request-id", "  trace-7 ")).await;
        for (name, value) in [
            ("x-request-id", "trace-7"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
            ("content-type", "application/json; charset=utf-8"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}: nobody asked from a page");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}: plain http");
    }
    let minted = server.get("/livez").await;
    assert_eq!(minted.header("x-request-id").len(), 36, "{minted:?}");

    let from = |method: Method, path: &str, origin: &'static str| Answer::of(server.request(method, path).header("origin", origin));
    let preflight = from(Method::OPTIONS, "/api/anything", "http://localhost:3000").await;
    assert_eq!((preflight.status, &preflight.body), (StatusCode::NO_CONTENT, &json!("")));
    for answer in [preflight, from(Method::GET, "/api/nothing", "http://localhost:3000").await] {
        assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:3000");
        assert_eq!(answer.header("access-control-allow-methods"), "GET,POST,PUT,PATCH,DELETE,OPTIONS");
        assert_eq!(answer.header("vary"), "Origin");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
    let foreign = from(Method::OPTIONS, "/api/sessions", "https://elsewhere.example").await;
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (StatusCode::NO_CONTENT, ""));
    let forged = Answer::of(server.request(Method::POST, "/api/sessions").header("origin", "https://elsewhere.example").body("{}")).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "without credentials, a foreign page must not act for the person at the machine");
}

#[tokio::test]
async fn a_body_is_read_by_its_content_and_only_when_it_is_needed() {
    let server = Server::with(&[("MAX_BODY_BYTES", "2048")]).await;
    let send =
        |path: &'static str, body: Vec<u8>| Answer::of(server.request(Method::POST, path).header("content-type", "text/plain").body(body));
    for body in ["", "  ", "{}", "[1,2]", "\"text\"", "{\"workspaceId\":1,\"unknown\":[]}"] {
        assert_eq!(send("/api/sessions", body.into()).await.status, StatusCode::CREATED, "{body}");
    }
    for body in ["{", "{\"a\":}", "\u{fffd}{}"] {
        send("/api/sessions", body.into()).await.expect(StatusCode::BAD_REQUEST, "Request body must be valid JSON.");
    }
    send("/api/sessions", vec![b' '; 2048]).await.expect(StatusCode::CREATED, "");
    send("/api/sessions", vec![b' '; 2049]).await.expect(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.");

    // A refused request never costs its upload: the answer comes before the body does.
    let refused = raw(&server, "content-length: 20000000\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 403") && refused.ends_with('}'), "{refused}");
    assert!(refused.contains("connection: close\r\n"), "nobody may send another request behind an unread body: {refused}");
    let held_back = raw(&server, "content-length: 2\r\nexpect: 100-continue\r\n\r\n").await;
    assert!(held_back.starts_with("HTTP/1.1 403") && held_back.contains("connection: close\r\n"), "nobody asked for it: {held_back}");
    // A little one is out of the way quickly, and the connection goes on.
    let two = raw(&server, "content-length: 2\r\n\r\n{}GET /api/nothing HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    assert_eq!((two.matches("HTTP/1.1 403").count(), two.matches("connection: close\r\n").count()), (2, 1), "{two}");
}

/// What a connection answers to a request that nobody reads the body of, until it ends.
async fn raw(server: &Server, rest: &str) -> String {
    let address = server.url.strip_prefix("http://").expect("http");
    let mut connection = TcpStream::connect(address).await.expect("the server listens");
    connection.write_all(format!("POST /api/nothing HTTP/1.1\r\nhost: {address}\r\n{rest}").as_bytes()).await.expect("sent");
    let mut answer = String::new();
    tokio::time::timeout(crate::server::PATIENCE, connection.read_to_string(&mut answer)).await.expect("in time").expect("an answer");
    answer
}
