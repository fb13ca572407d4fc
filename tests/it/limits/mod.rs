//! Limits that hold over all nodes, and which client they count (contract 00 §6).

mod backoff;
mod proxies;
mod rates;

use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
    setting::Setting,
};
use cowork_store::test_database::TestDatabase;
use reqwest::{Method, StatusCode};
use std::sync::Arc;

/// The window that a test sees began in 2019 and ends in 2029.
const AGE_MS: &str = "315360000000";

/// Two nodes that answer clients, on one database, in header mode. They go before the database does.
struct Pair {
    nodes: [Server; 2],
    _database: Arc<TestDatabase>,
}

impl Pair {
    async fn with(environment: &[(&str, &str)]) -> Self {
        let database = Arc::new(TestDatabase::create().await);
        let launch = |name: &str| {
            let own = [("ROLE", "web"), ("NODE_ID", name)];
            let all: Vec<(&str, &str)> = own.into_iter().chain(HEADER_MODE).chain(environment.iter().copied()).collect();
            Server::launch(Setting::sharing(database.clone(), &all))
        };
        Self { nodes: ["left", "right"].map(launch), _database: database }
    }
}

/// The same server, alone.
async fn alone(environment: &[(&str, &str)]) -> Server {
    let all: Vec<(&str, &str)> = HEADER_MODE.into_iter().chain(environment.iter().copied()).collect();
    Server::with(&all).await
}

/// A caller's request that came through proxies.
async fn through(server: &Server, caller: &Caller, forwarded: &[(&str, &str)]) -> Answer {
    let mut request = server.request(Method::GET, "/api/config").headers(caller.headers());
    for (name, value) in forwarded {
        request = request.header(*name, *value);
    }
    Answer::of(request).await
}

/// Fails unless the answer refuses as the contract says; returns the time to wait in milliseconds.
#[track_caller]
fn assert_refused(answer: &Answer, code: &str, message: &str) -> u64 {
    assert_eq!((answer.status, answer.policy_code(), answer.error()), (StatusCode::TOO_MANY_REQUESTS, code, message), "{answer:?}");
    assert_eq!(answer.body["verdict"]["reason"], message);
    let wait = answer.body["retryAfterMs"].as_u64().expect("it says when to come back");
    assert_eq!(answer.header("retry-after"), wait.div_ceil(1000).max(1).to_string());
    wait
}

#[track_caller]
fn assert_too_many(answer: &Answer) -> u64 {
    assert_refused(answer, "rate_limit.http_exceeded", "Too many cloud requests. Try again later.")
}

#[track_caller]
fn assert_backed_off(answer: &Answer) -> u64 {
    assert_refused(answer, "auth.backoff", "Too many rejected cloud authentication attempts. Try again later.")
}
