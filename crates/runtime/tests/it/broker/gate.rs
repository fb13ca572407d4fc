//! Who gets through, and with what.

use super::{Behaviour, HELLO, Stage, call, grant, hello};
use cowork_runtime::broker::BrokerLimits;
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[tokio::test]
async fn only_what_was_granted_leaves() {
    let limits = BrokerLimits { request_bytes: 1000, ..BrokerLimits::default() };
    let stage = Stage::with("openai-compatible", Behaviour::Streams(vec![HELLO]), limits).await;
    let lease = stage.broker.grant(grant());
    let (base_url, token) = (lease.base_url().to_owned(), lease.token().to_owned());
    let status = async |token: &str, path: &str, body: &_| {
        let answer = call(&base_url, token, path, body).await;
        let code = answer.headers().get("x-cowork-code").map(|code| code.to_str().expect("text").to_owned()).unwrap_or_default();
        (answer.status().as_u16(), code)
    };
    let chat = "chat/completions";
    assert_eq!(status("", chat, &hello("model-a")).await.0, 401);
    assert_eq!(status(&token.replace("ocb_", "ocb-"), chat, &hello("model-a")).await.0, 401);
    assert_eq!(status(&token, chat, &hello("model-b")).await, (403, "byok.model_not_allowed".into()));
    assert_eq!(status(&token, chat, &hello("granted")).await.0, 403);
    for path in ["models", "files", "messages", "responses", "chat/completions/../../files", "v1/chat/completions"] {
        assert_eq!(status(&token, path, &hello("model-a")).await.0, 404, "{path}");
    }
    assert_eq!(status(&token, chat, &json!([])).await.0, 400);
    assert_eq!(status(&token, chat, &json!({ "model": "model-a", "x": "y".repeat(1000) })).await.0, 413);
    assert!(stage.double.seen().is_empty(), "nothing of this reached the provider");
    assert_eq!(*stage.keys.opened.borrow(), 0, "and no key was opened for it");

    assert_eq!(status(&token, chat, &hello("model-a")).await.0, 200);
    drop(lease);
    assert_eq!(status(&token, chat, &hello("model-a")).await.0, 401);
    assert_eq!(stage.double.seen().len(), 1);
}

#[tokio::test]
async fn other_organisations_have_other_keys_or_none() {
    let stage = Stage::new("openai-compatible", Behaviour::Streams(vec![HELLO])).await;
    let stranger = stage.broker.grant(cowork_runtime::broker::Grant { org: cowork_domain::ids::OrgId::new("other"), ..grant() });
    let answer = call(stranger.base_url(), stranger.token(), "chat/completions", &hello("model-a")).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["x-cowork-code"].to_str().ok()), (403, Some("byok.key_missing")));
    assert!(stage.double.seen().is_empty());
}

#[tokio::test]
async fn a_turn_makes_a_bounded_number_of_calls_at_a_time() {
    let limits = BrokerLimits { calls: 1, ..BrokerLimits::default() };
    let stage = Stage::with("openai-compatible", Behaviour::Endless, limits).await;
    let lease = stage.broker.grant(grant());
    let first = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    let second = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 429));
    drop(first);
    stage.double.traffic(|traffic| traffic.open == 0).await;
}

#[tokio::test]
async fn a_call_counts_before_its_request_is_read() {
    let limits = BrokerLimits { calls: 1, ..BrokerLimits::default() };
    let stage = Stage::with("openai-compatible", Behaviour::Streams(vec![HELLO]), limits).await;
    let lease = stage.broker.grant(grant());
    let mut slow = connect(lease.base_url()).await;
    let body = hello("model-a").to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: broker\r\nauthorization: Bearer {}\r\nexpect: 100-continue\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        lease.token(),
        body.len()
    );
    slow.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = [0; 25];
    slow.read_exact(&mut answer).await.expect("the broker asks for the request");
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");

    let second = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    assert_eq!(second.status().as_u16(), 429);
    slow.write_all(body.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let third = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    assert_eq!(third.status().as_u16(), 200);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_others_to_end() {
    let limits = BrokerLimits { connections: 2, ..BrokerLimits::default() };
    let stage = Stage::with("openai-compatible", Behaviour::Streams(vec![HELLO]), limits).await;
    let lease = stage.broker.grant(grant());
    let (first, _second) = (connect(lease.base_url()).await, connect(lease.base_url()).await);
    let body = hello("model-a");
    let mut third = Box::pin(call(lease.base_url(), lease.token(), "chat/completions", &body));
    tokio::time::timeout(Duration::from_millis(300), &mut third).await.expect_err("there is no room");
    drop(first);
    assert_eq!(third.await.status().as_u16(), 200);
}

async fn connect(base_url: &str) -> TcpStream {
    let address = base_url.trim_start_matches("http://").split('/').next().expect("an address");
    TcpStream::connect(address).await.expect("the broker listens")
}
