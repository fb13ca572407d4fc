//! `GET /api/admin/audit/export`.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const HEADER: &str = "eventId,createdAt,orgId,actorType,actorId,accountId,eventType,targetType,targetId,result,metadata";

/// Rows that no route writes: with a home folder, a formula, and text that needs quotes.
async fn plant(server: &Server, org: &str) {
    let rows = [
        (1, "kim", "/home/kim/project/a.txt", r#"{"path": "at /home/kim/project", "result": "success"}"#),
        (2, "=1+1", "a \"quoted\", text", "{}"),
    ];
    for (id, actor, target, metadata) in rows {
        server
            .sql(&format!(
                "insert into audit_events (id, org, event_type, actor_type, actor_id, target_type, target_id, metadata, created_at)
                 values ('00000000-0000-0000-0000-00000000000{id}', '{org}', 'artifact.uploaded', 'user', '{actor}', 'file', '{target}',
                         '{metadata}', '2026-03-04T05:06:0{id}Z')"
            ))
            .await;
    }
}

fn text(body: &Value) -> &str {
    body.as_str().expect("no JSON")
}

#[tokio::test]
async fn a_spreadsheet_gets_lines_without_home_folders_and_formulas() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = Caller::new("acme", "kim", "owner");
    server.ask(&kim, Method::GET, "/api/workspace", None).await;
    plant(&server, "acme").await;
    let csv = server.ask(&kim, Method::GET, "/api/admin/audit/export?format=csv&action=artifact.", None).await;
    assert_eq!(
        (csv.status, csv.header("content-type"), csv.header("cache-control")),
        (StatusCode::OK, "text/csv; charset=utf-8", "no-store")
    );
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"audit-export-acme.csv\"");
    let expected = [
        HEADER,
        "audit_00000000000000000000000000000002,2026-03-04T05:06:02.000Z,acme,user,'=1+1,,artifact.uploaded,file,\"a \"\"quoted\"\", text\",,{}",
        "audit_00000000000000000000000000000001,2026-03-04T05:06:01.000Z,acme,user,kim,,artifact.uploaded,file,~/project/a.txt,success,\
         \"{\"\"path\"\":\"\"at ~/project\"\",\"\"result\"\":\"\"success\"\"}\"",
        "",
    ];
    assert_eq!(text(&csv.body).split('\n').collect::<Vec<_>>(), expected);
    let whole = server.ask(&kim, Method::GET, "/api/admin/audit/export?format=csv&action=artifact.&unredacted=true", None).await;
    assert!(text(&whole.body).contains(",=1+1,") && text(&whole.body).contains("/home/kim/project/a.txt"), "{whole:?}");
}

#[tokio::test]
async fn an_export_is_an_event_that_the_export_itself_does_not_hold() {
    let server = Server::start().await;
    server.session().await;
    let export = server.get("/api/admin/audit/export?format=xml&action=&targetType=session").await;
    assert_eq!((export.status, export.header("content-type")), (StatusCode::OK, "application/json; charset=utf-8"));
    let events = export.body["events"].as_array().expect("a list");
    assert_eq!((events.len(), &events[0]["eventType"]), (1, &json!("session.created")));
    let exported = server.get("/api/admin/audit?action=audit.exported").await;
    let row = &exported.body["events"][0];
    assert_eq!(row["targetType"], "audit_log");
    assert_eq!(row["metadata"], json!({ "format": "json", "result": "success", "filters": "[object]", "unredacted": false }));
}

#[tokio::test]
async fn a_log_of_many_pages_is_exported_whole() {
    let server = Server::start().await;
    server.session().await;
    let org = server.get("/api/admin/audit").await.body["events"][0]["orgId"].as_str().expect("text").to_owned();
    server
        .sql(&format!(
            "insert into audit_events (id, org, event_type, actor_type, metadata, created_at)
             select gen_random_uuid(), '{org}', 'managed_worker.active', 'system', '{{}}', '2026-01-01T00:00:00Z'::timestamptz + n / 3 * interval '1 s'
               from generate_series(1, 1499) n"
        ))
        .await;
    let export = server.get("/api/admin/audit/export").await;
    let events = export.body["events"].as_array().expect("a list");
    let ids: std::collections::HashSet<_> = events.iter().map(|event| event["eventId"].to_string()).collect();
    assert_eq!((events.len(), ids.len()), (1502, 1502));
    let at = |event: &Value| event["createdAt"].to_string();
    assert!(events.windows(2).all(|pair| at(&pair[0]) >= at(&pair[1])), "newest first");
    assert_eq!(server.get("/api/admin/audit/export?to=1999-01-01").await.body, json!({ "events": [] }));
}
