//! Requests as a load balancer in front of the web nodes would pass them on.

use super::people::Person;
use crate::cli::drill::{
    history::{CallRecord, Outcome, Stopwatch},
    http::{Answer, Http},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use tokio::time::timeout;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// A request that isn't answered by then has failed, long after the limit at which it counts as slow.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two tries, once every node was asked.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends each request to the next node in turn.
#[derive(Debug)]
pub(in super::super) struct Balancer {
    nodes: Vec<String>,
    next: AtomicUsize,
    http: Http,
    stopwatch: Stopwatch,
}

/// What to send, the same with each try.
pub(super) struct Call<'a> {
    pub(super) person: &'a Person,
    pub(super) path: &'a str,
    pub(super) key: &'a str,
    pub(super) body: Bytes,
    /// When it was due.
    pub(super) intended: Instant,
}

impl Balancer {
    pub(super) fn new(nodes: Vec<String>, stopwatch: Stopwatch) -> Self {
        Self { nodes, next: AtomicUsize::new(0), http: Http::new(), stopwatch }
    }

    /// Posts until a node answers with something other than "try another". `read` finds the id in the answer.
    pub(super) async fn post<T>(&self, call: &Call<'_>, wanted: StatusCode, read: impl Fn(&[u8]) -> Option<T>) -> CallRecord<T> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let mut tries = 0;
        let outcome = timeout(PATIENCE, async {
            loop {
                let node = &self.nodes[(first + tries) % self.nodes.len()];
                tries += 1;
                match self.attempt(node, call).await {
                    Some(answer) if answer.status == wanted => {
                        return read(&answer.body)
                            .map_or_else(|| Outcome::Failed("the answer names nothing".to_owned()), Outcome::Acknowledged);
                    }
                    Some(answer) => return Outcome::Failed(refusal(&answer)),
                    None if tries.is_multiple_of(self.nodes.len()) => tokio::time::sleep(PAUSE).await,
                    None => {}
                }
            }
        })
        .await
        .unwrap_or_else(|_| Outcome::Failed(format!("no answer within {PATIENCE:?}")));
        CallRecord { intended: self.stopwatch.at(call.intended), ended: self.stopwatch.now(), tries, outcome }
    }

    /// One try; `None` means that a balancer would ask another node: nobody listens, the connection broke
    /// before an answer, or the node says that it can't.
    async fn attempt(&self, node: &str, call: &Call<'_>) -> Option<Answer> {
        let mut headers = call.person.client.authentication_headers();
        headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(call.key).ok()?);
        let answer = self.http.post(&format!("{node}{}", call.path), headers, call.body.clone()).await.ok()?;
        (answer.status != StatusCode::SERVICE_UNAVAILABLE).then_some(answer)
    }
}

fn refusal(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let short: String = text.chars().take(200).collect();
    format!("{}: {short}", answer.status)
}
