//! Whether time tells which ids exist: what is somebody else's must take as long as what nobody has.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::{Server, session_id},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CALLS: usize = 1000;

/// Calls about both ids in turns, so that whatever else the machine does falls on both; their medians.
async fn medians(server: &Server, by: &Caller, ids: [&str; 2], route: &(Method, &str, Option<Value>)) -> [Duration; 2] {
    let (method, path, body) = route;
    let mut taken = [Vec::with_capacity(CALLS), Vec::with_capacity(CALLS)];
    for _ in 0..CALLS {
        for (id, taken) in ids.iter().zip(&mut taken) {
            let began = Instant::now();
            let answer = server.ask(by, method.clone(), &path.replace("{id}", id), body.clone()).await;
            taken.push(began.elapsed());
            assert_eq!((answer.status, answer.error()), (StatusCode::NOT_FOUND, "Cloud session was not found."), "{method} {path}");
        }
    }
    taken.map(|mut taken| {
        taken.sort_unstable();
        taken[CALLS / 2]
    })
}

/// `cargo nextest run --test it medians --run-ignored only --no-capture`, on a quiet machine.
#[tokio::test]
#[ignore = "it measures, and asserts no time"]
async fn medians_of_foreign_and_unknown_ids_are_printed() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, eve) = (Caller::new("acme", "kim", "owner"), Caller::new("globex", "eve", "owner"));
    let foreign = session_id(&server.ask(&kim, Method::POST, "/api/sessions", Some(json!({}))).await);
    let unknown = "ses_00000000000070008000000000000000";
    let routes = [
        (Method::GET, "/api/sessions/{id}", None),
        (Method::GET, "/api/sessions/{id}/view", None),
        (Method::GET, "/api/sessions/{id}/artifacts", None),
        (Method::POST, "/api/sessions/{id}/prompt", Some(json!({ "text": "hello" }))),
        (Method::POST, "/api/sessions/{id}/abort", Some(json!({}))),
    ];
    for route in &routes {
        let [of_foreign, of_unknown] = medians(&server, &eve, [&foreign, unknown], route).await;
        let difference = of_foreign.abs_diff(of_unknown);
        println!("{} {}: foreign {of_foreign:?}, unknown {of_unknown:?}, difference {difference:?}", route.0, route.1);
    }
}
