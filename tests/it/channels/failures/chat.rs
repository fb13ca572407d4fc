//! A chat system beside the servers: it notes what gateways send, in the order in which it comes.

use crate::server::PATIENCE;
use axum::{Json, Router, extract::State, routing::post};
use parking_lot::Mutex;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};
use tokio::{net::TcpListener, sync::watch, time::timeout};
use tokio_util::task::AbortOnDropHandle;

/// What a gateway sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// The same for the same message, however often it is sent.
    pub(super) idempotency_key: String,
    pub(super) gateway: String,
    pub(super) attempt: u64,
    pub(super) chat: String,
    pub(super) number: u64,
}

/// Of this gateway's messages, the one with this number, counted from 1, is taken and never answered. Until then nobody else gets
/// further than that either, so that the blow falls in the middle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blow {
    pub(super) victim: &'static str,
    pub(super) at: usize,
}

#[derive(Debug)]
struct Shared {
    messages: Mutex<Vec<Message>>,
    count: watch::Sender<usize>,
    has_struck: watch::Sender<bool>,
    blow: Option<Blow>,
}

/// A running chat system; it ends with the test.
pub(super) struct Chat {
    pub(super) url: String,
    shared: Arc<Shared>,
    _serving: AbortOnDropHandle<()>,
}

impl Chat {
    pub(super) async fn start(blow: Option<Blow>) -> Self {
        let shared =
            Arc::new(Shared { messages: Mutex::default(), count: watch::Sender::new(0), has_struck: watch::Sender::new(false), blow });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/messages", listener.local_addr().expect("an address"));
        let router = Router::new().route("/messages", post(take)).with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, shared, _serving: AbortOnDropHandle::new(serving) }
    }

    /// Waits until the victim sent what it gets no answer to.
    pub(super) async fn until_struck(&self) {
        let mut struck = self.shared.has_struck.subscribe();
        let waited = timeout(PATIENCE, struck.wait_for(|has_struck| *has_struck)).await;
        waited.unwrap_or_else(|_| panic!("the victim never got so far: {:?}", self.messages())).expect("the chat is there");
    }

    /// Waits until so many messages came.
    pub(super) async fn until_sent(&self, wanted: usize) {
        let mut count = self.shared.count.subscribe();
        let waited = timeout(PATIENCE, count.wait_for(|count| *count >= wanted)).await;
        waited.unwrap_or_else(|_| panic!("never {wanted} messages: {:?}", self.messages())).expect("the chat is there");
    }

    /// Everything that came, in its order.
    pub(super) fn messages(&self) -> Vec<Message> {
        self.shared.messages.lock().clone()
    }

    /// Each of `chats` got its messages, `of_each` of them, in their order; one that came again came before the next. Returns those
    /// that came more than once, with every time that they did.
    pub(super) fn assert_in_order(&self, chats: usize, of_each: u64) -> Vec<Vec<Message>> {
        let mut by_chat: HashMap<String, Vec<Message>> = HashMap::new();
        for message in self.messages() {
            by_chat.entry(message.chat.clone()).or_default().push(message);
        }
        assert_eq!(by_chat.len(), chats);
        let mut doubles = Vec::new();
        for messages in by_chat.values() {
            let runs: Vec<&[Message]> = messages.chunk_by(|one, next| one.idempotency_key == next.idempotency_key).collect();
            let numbers: Vec<u64> = runs.iter().map(|run| run[0].number).collect();
            assert_eq!(numbers, (0..of_each).collect::<Vec<_>>(), "{messages:#?}");
            doubles.extend(runs.iter().filter(|run| run.len() > 1).map(|run| run.to_vec()));
        }
        doubles
    }
}

async fn take(State(shared): State<Arc<Shared>>, Json(message): Json<Message>) -> StatusCode {
    let gateway = message.gateway.clone();
    let (all, of_gateway) = {
        let mut messages = shared.messages.lock();
        messages.push(message);
        (messages.len(), messages.iter().filter(|message| message.gateway == gateway).count())
    };
    shared.count.send_replace(all);
    if let Some(blow) = shared.blow.filter(|blow| of_gateway >= blow.at) {
        if gateway == blow.victim {
            shared.has_struck.send_replace(true);
            return std::future::pending().await;
        }
        shared.has_struck.subscribe().wait_for(|has_struck| *has_struck).await.expect("the chat is there");
    }
    StatusCode::NO_CONTENT
}
