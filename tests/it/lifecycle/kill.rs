//! What was acknowledged survives everything (invariants I1 and I2).

use crate::{
    answer::{Answer, is_settled, said},
    event_stream::{assert_dense, of_type},
    program::postmaster,
    server::{PATIENCE, Server},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use tokio::task::JoinSet;

const SESSIONS: usize = 20;
const PROMPTS: usize = 200;
/// The blow falls while the rest of the prompts is still on its way.
const ACKNOWLEDGED_BEFORE: usize = 150;

/// Prompts on their way to several sessions at once.
struct Flight {
    sessions: Vec<String>,
    asked: JoinSet<(usize, reqwest::Result<Answer>)>,
    /// Per session, the ids of acknowledged commands.
    acknowledged: HashMap<String, HashSet<String>>,
    count: usize,
}

impl Flight {
    async fn start(server: &Server) -> Self {
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS {
            sessions.push(server.session().await);
        }
        let mut asked = JoinSet::new();
        for number in 0..PROMPTS {
            let session = number % SESSIONS;
            let text = format!("[[slow:15]]prompt {number} says a few words slowly");
            let request =
                server.request(Method::POST, &format!("/api/sessions/{}/prompt", sessions[session])).json(&json!({ "text": text }));
            asked.spawn(async move { (session, Answer::try_of(request).await) });
        }
        let mut flight = Self { sessions, asked, acknowledged: HashMap::new(), count: 0 };
        while flight.count < ACKNOWLEDGED_BEFORE {
            assert!(flight.land_one().await, "too few prompts were acknowledged: {}", flight.count);
        }
        flight
    }

    /// Waits for one more answer; false when none is missing.
    async fn land_one(&mut self) -> bool {
        let Some(landed) = self.asked.join_next().await else { return false };
        let (session, answer) = landed.expect("asking does not panic");
        // Whoever got no answer, or a refusal, was promised nothing.
        if let Ok(answer) = answer
            && answer.status == StatusCode::ACCEPTED
        {
            let command = answer.body["command"]["commandId"].as_str().expect("a command has an id").to_owned();
            self.acknowledged.entry(self.sessions[session].clone()).or_default().insert(command);
            self.count += 1;
        }
        true
    }

    /// Everything acknowledged ends, once, in order; returns the visible retries.
    async fn assert_landed(mut self, server: &Server) -> usize {
        while self.land_one().await {}
        let mut retries = 0;
        for session in &self.sessions {
            let acknowledged = self.acknowledged.get(session).cloned().unwrap_or_default();
            let view = server
                .until(session, |view| {
                    let (asked, answered) = (said(view, "user"), said(view, "assistant"));
                    is_settled(view) && asked.len() >= acknowledged.len() && asked.len() == answered.len()
                })
                .await;
            let echoes: Vec<String> = said(&view, "user").iter().map(|text| text.replace("[[slow:15]]", "echo: ")).collect();
            assert_eq!(said(&view, "assistant"), echoes, "every prompt has its own answer, whole and once");
            assert_eq!(echoes.iter().collect::<HashSet<_>>().len(), echoes.len(), "a prompt ran twice");
            assert_eq!(view["session"]["status"], "idle");

            let log = server.log_of(session).await;
            assert_dense(&log);
            let submitted: Vec<&str> =
                of_type(&log, "prompt.submitted").filter_map(|record| record["payload"]["commandId"].as_str()).collect();
            let distinct: HashSet<String> = submitted.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(distinct.len(), submitted.len(), "a prompt is told once");
            assert!(distinct.is_superset(&acknowledged), "acknowledged and lost: {:?}", acknowledged.difference(&distinct));
            retries += of_type(&log, "session.status").filter(|record| is_retry(record)).count();
        }
        retries
    }
}

fn is_retry(record: &Value) -> bool {
    record["payload"]["reason"].as_str().is_some_and(|reason| reason.contains("attempt 2 of 3"))
}

#[tokio::test]
async fn a_killed_server_goes_on_where_it_was() {
    let mut server = Server::start().await;
    let flight = Flight::start(&server).await;
    server.kill();
    server.start_again();
    let retries = flight.assert_landed(&server).await;
    assert!(retries > 0, "no interrupted turn was retried in sight");
}

#[tokio::test]
async fn a_killed_database_comes_back_and_nothing_is_lost() {
    let server = Server::private();
    let flight = Flight::start(&server).await;
    let victim = postmaster(&server.data_dir()).expect("it runs");
    kill(Pid::from_raw(victim), Signal::SIGKILL).expect("it runs");
    flight.assert_landed(&server).await;
    assert_ne!(postmaster(&server.data_dir()), Some(victim), "another one took its place");
    let restarts = server.get("/api/metrics").await.body;
    assert!(restarts.as_str().expect("text").contains("cowork_private_postgres_restarts_total 1"));
}

#[tokio::test]
async fn a_prompt_that_kills_its_server_again_and_again_is_given_up() {
    let mut server = Server::start().await;
    let session = server.session().await;
    let mut watching = server.events(&session).await;
    server.prompt(&session, "[[write:a.txt|x]]").await;
    watching.until_type("permission.requested").await;
    server.prompt(&session, "next").await;
    for attempt in 2..=4 {
        server.kill();
        server.start_again();
        let marker = format!("attempt {attempt} of 3");
        let mut stream = server.events(&session).await;
        let is_over = |record: &Value| {
            record["type"] == "runtime.error" || record["payload"]["reason"].as_str().is_some_and(|reason| reason.starts_with(&marker))
        };
        let deadline = tokio::time::Instant::now() + PATIENCE;
        tokio::time::timeout_at(deadline, stream.until(|records| records.iter().any(is_over))).await.expect("it is taken up");
    }
    let view = server.until(&session, |view| is_settled(view) && said(view, "assistant").last() == Some(&"echo: next")).await;
    assert_eq!(view["view"]["pendingApprovals"], json!([]), "what the dead attempts had asked is closed");
    let log = server.log_of(&session).await;
    let error = of_type(&log, "runtime.error").next().expect("it says so");
    assert_eq!(error["payload"]["code"], "runtime.attempts_exhausted");
    let closed = of_type(&log, "permission.resolved").filter(|record| record["payload"]["allowed"] == false).count();
    assert_eq!(closed, of_type(&log, "permission.requested").count());
    assert!(view["view"]["toolCalls"].as_array().expect("calls").iter().all(|call| call["status"] == "error"));
    assert_dense(&log);
}
