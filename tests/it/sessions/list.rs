//! `GET /api/sessions`: order, filters, pages (contract 00 §10, 01 §2).

use crate::{answer::Answer, server::Server};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::HashSet;

fn ids(answer: &Answer) -> Vec<&str> {
    let sessions = answer.body["sessions"].as_array().unwrap_or_else(|| panic!("no list: {answer:?}"));
    sessions.iter().filter_map(|session| session["sessionId"].as_str()).collect()
}

#[tokio::test]
async fn pages_hold_every_session_once_last_changed_first() {
    let server = Server::start().await;
    let mut sessions = Vec::new();
    for _ in 0..7 {
        sessions.push(server.session().await);
    }
    server.run(&sessions[2], "touched last").await;

    let all = server.get("/api/sessions").await;
    assert_eq!(ids(&all).len(), 7);
    assert_eq!(ids(&all)[0], sessions[2]);
    assert_eq!((&all.body["nextCursor"], &all.body["totalEstimate"]), (&Value::Null, &json!(7)));
    let times: Vec<&str> = all.body["sessions"].as_array().expect("a list").iter().filter_map(|row| row["updatedAt"].as_str()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");

    let (mut seen, mut path) = (Vec::new(), "/api/sessions?limit=3".to_owned());
    loop {
        let page = server.get(&path).await;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page.body["nextCursor"].as_str() else { break };
        assert_eq!((ids(&page).len(), &page.body["totalEstimate"]), (3, &json!(4)), "the rest, capped at one more than the page");
        path = format!("/api/sessions?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, ids(&all));
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 7);
}

#[tokio::test]
async fn filters_choose_and_a_cursor_belongs_to_its_filters() {
    let server = Server::start().await;
    let (plain, failed) = (server.session().await, server.session().await);
    server.run(&failed, "[[err:400]]").await;
    let other = server.post("/api/sessions", json!({ "profileName": "special" })).await;
    let other = crate::server::session_id(&other);

    assert_eq!(ids(&server.get("/api/sessions?status=errored").await), [failed.as_str()]);
    assert_eq!(ids(&server.get("/api/sessions?status=idle").await), [other.as_str(), plain.as_str()]);
    assert_eq!(ids(&server.get("/api/sessions?status=&profileName=special").await), [other.as_str()]);
    assert_eq!(ids(&server.get("/api/sessions?q=SPECI").await), [other.as_str()], "whatever the case");
    assert_eq!(ids(&server.get(&format!("/api/sessions?query={plain}")).await), [plain.as_str()]);
    assert_eq!(ids(&server.get("/api/sessions?q=100%25").await), [""; 0], "a wild card is only a character");

    let page = server.get("/api/sessions?status=idle&limit=1").await;
    let cursor = page.body["nextCursor"].as_str().expect("there is more");
    assert_eq!(
        ids(&server.get(&format!("/api/sessions?status=idle&limit=50&cursor={cursor}")).await),
        [plain.as_str()],
        "another page size is fine"
    );
    let elsewhere = [format!("/api/sessions?cursor={cursor}"), format!("/api/sessions?status=errored&cursor={cursor}")];
    let broken = ["x", "!!", "e30", "eyJ2IjoxfQ"].map(|cursor| format!("/api/sessions?status=idle&cursor={cursor}"));
    for path in elsewhere.iter().chain(&broken) {
        let refused = server.get(path).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::BAD_REQUEST, "sessions.cursor.invalid"), "{path}");
    }
    let refused = server.get("/api/sessions?status=sleeping").await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::BAD_REQUEST, "sessions.status.invalid"));
    for ignored in ["limit=0", "limit=-1", "limit=two", "limit=99999", "cursor="] {
        assert_eq!(ids(&server.get(&format!("/api/sessions?{ignored}")).await).len(), 3, "{ignored}");
    }
}
