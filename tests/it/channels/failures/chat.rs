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
    /// The node that gave it to the gateway.
    pub(super) node: String,
    pub(super) attempt: u64,
    pub(super) chat: String,
    pub(super) number: u64,
}

/// What comes between a message and its answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Obstacle {
    None,
    /// Of this gateway's messages, the one with this number, counted from 1, is taken and never answered. Until then nobody else
    /// gets further than that either, so that the blow falls in the middle.
    Blow {
        victim: &'static str,
        at: usize,
    },
    /// The message with this number, counted from 1, and those behind it are taken and wait for their answers until the test says so.
    Pause {
        at: usize,
    },
}

#[derive(Debug)]
struct Shared {
    messages: Mutex<Vec<Message>>,
    count: watch::Sender<usize>,
    /// Whether the obstacle is out of the way.
    goes_on: watch::Sender<bool>,
    obstacle: Obstacle,
}

/// A running chat system; it ends with the test.
pub(super) struct Chat {
    pub(super) url: String,
    shared: Arc<Shared>,
    _serving: AbortOnDropHandle<()>,
}

impl Chat {
    pub(super) async fn start(obstacle: Obstacle) -> Self {
        let shared =
            Arc::new(Shared { messages: Mutex::default(), count: watch::Sender::new(0), goes_on: watch::Sender::new(false), obstacle });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/messages", listener.local_addr().expect("an address"));
        let router = Router::new().route("/messages", post(take)).with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, shared, _serving: AbortOnDropHandle::new(serving) }
    }

    /// Waits until the victim sent what it gets no answer to.
    pub(super) async fn until_struck(&self) {
        let mut goes_on = self.shared.goes_on.subscribe();
        let waited = timeout(PATIENCE, goes_on.wait_for(|goes_on| *goes_on)).await;
        waited.unwrap_or_else(|_| panic!("the victim never got so far: {:?}", self.messages())).expect("the chat is there");
    }

    /// Ends a pause.
    pub(super) fn go_on(&self) {
        self.shared.goes_on.send_replace(true);
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
    let is_held = match shared.obstacle {
        Obstacle::None => false,
        Obstacle::Blow { victim, at } if of_gateway >= at && gateway == victim => {
            shared.goes_on.send_replace(true);
            return std::future::pending().await;
        }
        Obstacle::Blow { at, .. } => of_gateway >= at,
        Obstacle::Pause { at } => all >= at,
    };
    if is_held {
        shared.goes_on.subscribe().wait_for(|goes_on| *goes_on).await.expect("the chat is there");
    }
    StatusCode::NO_CONTENT
}
