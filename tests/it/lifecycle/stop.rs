//! A server that is told to stop (architecture §5, drain).

use crate::{
    answer::{answer, is_settled},
    event_stream::{assert_dense, of_type},
    program::{GLANCE, is_alive, postmaster},
    server::{PATIENCE, Server},
};
use nix::sys::signal::Signal;
use serde_json::json;
use std::{net::TcpListener, time::Instant};

#[tokio::test]
async fn it_ends_in_order_and_leaves_nothing_running() {
    let mut server = Server::private();
    let session = server.session().await;
    server.run(&session, "hello").await;
    let mut stream = server.events(&session).await;
    stream.until_type("session.idle").await;
    let database = postmaster(&server.data_dir()).expect("it runs");
    server.signal(Signal::SIGTERM);
    stream.read_to_end().await;
    assert_eq!(server.exit_code(), Some(0), "{}", server.log());
    assert_eq!(server.rest_of_stdout(), "", "one line said that it was ready, and that was all");
    assert!(!is_alive(database), "its PostgreSQL went with it");
    let address = server.url.strip_prefix("http://").expect("http").to_owned();
    TcpListener::bind(&address).expect("the port is free");

    server.start_again();
    assert_eq!(answer(&server.view(&session).await), "echo: hello");
}

#[tokio::test]
async fn a_running_turn_may_finish_and_is_parked_otherwise_without_counting_an_attempt() {
    let mut server = Server::with(&[("SHUTDOWN_GRACE_MS", "100")]).await;
    let session = server.session().await;
    server.prompt(&session, "[[slow:1]][[hang]]never").await;
    // More often than a prompt may be interrupted.
    for _ in 0..4 {
        server.signal(Signal::SIGTERM);
        assert_eq!(server.exit_code(), Some(0), "{}", server.log());
        server.start_again();
        server.until(&session, |view| view["view"]["isGenerating"] == true).await;
    }
    let log = server.log_of(&session).await;
    assert_dense(&log);
    assert_eq!((of_type(&log, "runtime.error").count(), of_type(&log, "prompt.submitted").count()), (0, 1));
    let resumed = of_type(&log, "session.status").filter(|record| record["payload"]["reason"] == "resumed after a planned move").count();
    assert_eq!(resumed, 4, "each move is told: {log:#?}");
    server.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    assert_eq!(answer(&server.run(&session, "next").await), "echo: next");
}

#[tokio::test]
async fn a_turn_that_ends_within_the_grace_is_not_interrupted() {
    let mut server = Server::with(&[("SHUTDOWN_GRACE_MS", "60000")]).await;
    let session = server.session().await;
    let mut stream = server.events(&session).await;
    server.prompt(&session, "[[slow:20]][[text:30]]").await;
    stream.until_type("assistant.message").await;
    server.signal(Signal::SIGTERM);
    assert_eq!(server.exit_code(), Some(0), "{}", server.log());
    server.start_again();
    let view = server.until(&session, is_settled).await;
    assert!(answer(&view).ends_with("w29 w30"), "{}", answer(&view));
    let log = server.log_of(&session).await;
    assert!(of_type(&log, "session.status").all(|record| record["payload"]["reason"].is_null()), "nothing was interrupted: {log:#?}");
}

#[tokio::test]
async fn a_second_signal_ends_the_patience() {
    let mut server = Server::with(&[("SHUTDOWN_GRACE_MS", "3600000")]).await;
    let session = server.session().await;
    server.prompt(&session, "[[hang]]").await;
    server.signal(Signal::SIGTERM);
    let deadline = Instant::now() + PATIENCE;
    while !server.log().contains("a second signal stops at once") {
        assert!(Instant::now() < deadline, "it never began to stop: {}", server.log());
        tokio::time::sleep(GLANCE).await;
    }
    server.signal(Signal::SIGINT);
    assert!(server.exit_code().is_some(), "it ended by itself: {}", server.log());
    server.start_again();
    server.until(&session, |view| view["view"]["isGenerating"] == true).await;
}
