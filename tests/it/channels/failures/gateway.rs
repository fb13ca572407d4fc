//! A gateway that is a process of its own: this very program, run again for one test that is no test.

use super::{super::deliveries::stream::deliveries, chat::Message, text};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The variable that holds a gateway's orders.
const ORDERS: &str = "COWORK_TEST_GATEWAY";
/// Where the process begins.
const ENTRY: &str = "channels::failures::gateway::a_gateway_process";
/// How many deliveries a gateway has in hand.
const IN_HAND: usize = 4;
const PAUSE: Duration = Duration::from_millis(50);

/// What a gateway does.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    /// What it calls itself.
    pub(super) name: String,
    /// The nodes that it may talk to: the first one until that doesn't answer, then the next.
    pub(super) clouds: Vec<String>,
    pub(super) token: String,
    /// Where it sends messages.
    pub(super) chat: String,
    /// How long a claim holds.
    pub(super) ttl_ms: u64,
    pub(super) way: Way,
}

/// How a gateway comes by its deliveries.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Way {
    /// It asks for some, again and again.
    Pull,
    /// It follows a stream of them, and opens another one at the next node when that breaks.
    Stream,
}

/// A running gateway.
pub(super) struct Process(Child);

impl Process {
    pub(super) fn start(orders: &Orders) -> Self {
        let program = std::env::current_exe().expect("this program has a place");
        let orders = serde_json::to_string(orders).expect("texts and numbers");
        let mut command = Command::new(program);
        command.args(["--exact", ENTRY, "--ignored", "--nocapture"]).env(ORDERS, orders);
        // It ends with its input: should this process be killed, it leaves nobody behind.
        Self(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the gateway starts"))
    }

    /// Kills it as the kernel would.
    pub(super) fn kill(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
#[ignore = "a process that other tests start; alone it has nothing to do"]
async fn a_gateway_process() {
    #[expect(clippy::disallowed_methods, reason = "a test has no configuration; these are its orders")]
    let Ok(orders) = std::env::var(ORDERS) else { return };
    std::thread::spawn(|| {
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).ok();
        std::process::exit(0);
    });
    rustls::crypto::ring::default_provider().install_default().ok();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().expect("a client can be made");
    Gateway { orders: serde_json::from_str(&orders).expect("orders"), http, cloud: 0 }.serve().await;
}

struct Gateway {
    orders: Orders,
    http: reqwest::Client,
    /// Which of the nodes it talks to, counted on and on.
    cloud: usize,
}

impl Gateway {
    async fn serve(&mut self) {
        loop {
            match self.orders.way {
                Way::Pull => self.pull().await,
                Way::Stream => self.follow().await,
            }
        }
    }

    /// The node that it talks to at the moment.
    fn node(&self) -> String {
        self.orders.clouds[self.cloud % self.orders.clouds.len()].clone()
    }

    async fn pull(&mut self) {
        let asked = Instant::now();
        let order = json!({ "claimedBy": self.orders.name, "max": IN_HAND, "waitMs": 1000, "ttlMs": self.orders.ttl_ms });
        if let Some(claimed) = self.ask("deliveries/claim", &order).await {
            self.deliver(claimed["deliveries"].as_array().expect("an array"), asked, &self.node()).await;
        }
    }

    async fn follow(&mut self) {
        let (cloud, node) = (self.cloud, self.node());
        let query = format!("claimedBy={}&ttlMs={}&credit={IN_HAND}", self.orders.name, self.orders.ttl_ms);
        let request = self.http.get(format!("{node}/api/channels/deliveries/stream?{query}")).bearer_auth(&self.orders.token);
        if let Ok(mut stream) = request.send().await.and_then(reqwest::Response::error_for_status) {
            let mut text = String::new();
            while let Ok(Some(chunk)) = stream.chunk().await {
                let came = Instant::now();
                text.push_str(std::str::from_utf8(&chunk).expect("these deliveries are ASCII"));
                let whole = text.rfind("\n\n").map_or(0, |end| end + 2);
                let frames: String = text.drain(..whole).collect();
                self.deliver(&deliveries(&frames), came, &node).await;
            }
        }
        // Whoever got no answer to their word has gone on to the next node already.
        self.cloud = self.cloud.max(cloud + 1);
        tokio::time::sleep(PAUSE).await;
    }

    /// Sends what a node gave it no earlier than then.
    async fn deliver(&mut self, claimed: &[Value], since: Instant, node: &str) {
        for delivery in claimed {
            // What somebody else may have by now is theirs.
            if since.elapsed() > Duration::from_millis(self.orders.ttl_ms) / 2 {
                return;
            }
            self.send(delivery, node).await;
            let word = json!({ "status": "sent", "claimToken": delivery["claimToken"] });
            self.ask(&format!("deliveries/{}/ack", text(&delivery["deliveryId"])), &word).await;
        }
    }

    async fn send(&self, delivery: &Value, node: &str) {
        let message = Message {
            idempotency_key: text(&delivery["deliveryId"]),
            gateway: self.orders.name.clone(),
            node: node.to_owned(),
            attempt: delivery["attemptCount"].as_u64().expect("a count"),
            chat: text(&delivery["target"]["externalChatId"]),
            number: delivery["payload"]["number"].as_u64().expect("a number"),
        };
        let sent = self.http.post(&self.orders.chat).json(&message).send().await.expect("the chat answers");
        assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    }

    /// Asks until there is an answer that no repetition changes; none if it is a refusal.
    async fn ask(&mut self, path: &str, body: &Value) -> Option<Value> {
        loop {
            let request = self.http.post(format!("{}/api/channels/{path}", self.node())).bearer_auth(&self.orders.token).json(body);
            match request.send().await {
                Ok(answer) if answer.status().is_success() => {
                    if let Ok(body) = answer.json().await {
                        return Some(body);
                    }
                    self.cloud += 1;
                }
                Ok(answer) if answer.status().is_client_error() && answer.status() != StatusCode::TOO_MANY_REQUESTS => return None,
                Ok(_) => {}
                Err(_) => self.cloud += 1,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
