//! How far artifacts are, and finding them over all sessions.

use super::upload::upload;
use crate::{event_stream::of_type, server::Server};
use reqwest::StatusCode;
use serde_json::{Value, json};

fn names(body: &Value) -> Vec<&str> {
    body["artifacts"].as_array().expect("artifacts").iter().filter_map(|artifact| artifact["filename"].as_str()).collect()
}

#[tokio::test]
async fn a_status_moves_forward_and_everybody_sees_it() {
    let server = Server::start().await;
    let session = server.session().await;
    let made = upload(&server, &session, json!({ "filename": "a.txt", "dataBase64": "aGk=" })).await.expect(StatusCode::CREATED, "");
    let id = made.body["artifact"]["artifactId"].as_str().expect("an id").to_owned();
    let path = format!("/api/sessions/{session}/artifacts/{id}/status");
    let reviewed =
        server.post(&path, json!({ "status": "in-review", "updatedBy": "reviewer", "kind": "deck" })).await.expect(StatusCode::OK, "");
    let artifact = &reviewed.body["artifact"];
    assert_eq!(
        (&artifact["status"], &artifact["statusUpdatedBy"], &artifact["kind"]),
        (&json!("in-review"), &json!("reviewer"), &json!("deck"))
    );
    assert_eq!(artifact["statusUpdatedAt"], artifact["updatedAt"]);
    server
        .post(&path, json!({ "status": "draft" }))
        .await
        .expect(StatusCode::CONFLICT, "Artifact status cannot move backwards.")
        .coded("artifacts.status_backwards");
    assert_eq!(server.post(&path, json!({})).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(server.post(&path, json!({ "status": "lost" })).await.status, StatusCode::BAD_REQUEST);
    let unknown = format!("/api/sessions/{session}/artifacts/nothing/status");
    let unknown = server.post(&unknown, json!({ "status": "final" })).await;
    unknown.expect(StatusCode::NOT_FOUND, "Cloud artifact was not found.").coded("artifacts.unknown");

    let log = server.log_of(&session).await;
    assert_eq!(of_type(&log, "artifact.updated").count(), 1);
    assert_eq!(server.view(&session).await["view"]["artifacts"][0]["status"], "in-review");
    let read = server.get(&format!("/api/sessions/{session}/artifacts/{id}")).await.expect(StatusCode::OK, "");
    assert_eq!((&read.body["artifact"]["status"], &read.body["artifact"]["dataBase64"]), (&json!("in-review"), &json!("aGk=")));
}

#[tokio::test]
async fn the_index_finds_artifacts_of_all_sessions_by_what_is_asked() {
    let server = Server::start().await;
    let (one, two) = (server.session().await, server.session().await);
    for (session, name, task) in [(&one, "a.txt", "t-1"), (&one, "b.csv", "t-2"), (&two, "c.txt", "t-3")] {
        let body = json!({ "filename": name, "dataBase64": "aGk=", "projectId": "p", "taskId": task });
        upload(&server, session, body).await.expect(StatusCode::CREATED, "");
    }
    let index = async |query: &str| server.get(&format!("/api/artifacts{query}")).await.expect(StatusCode::OK, "").body;
    let all = index("").await;
    assert_eq!(names(&all), ["c.txt", "b.csv", "a.txt"], "what changed last comes first");
    assert_eq!((&all["total"], &all["scannedSessions"], &all["truncated"]), (&json!(3), &json!(0), &json!(false)));
    assert_eq!((&all["artifacts"][2]["order"], &all["artifacts"][2]["sessionId"]), (&json!(2), &json!(one)));
    assert_eq!(
        (&all["artifacts"][0]["sessionTitle"], &all["artifacts"][0]["workspaceId"]),
        (&json!("New session"), &json!("cloud:default"))
    );
    let cut = index("?limit=2").await;
    assert_eq!((names(&cut).len(), &cut["total"], &cut["truncated"]), (2, &json!(3), &json!(true)));
    assert_eq!(names(&index("?kind=spreadsheet").await), ["b.csv"]);
    assert_eq!(names(&index("?taskIds=t-1,t-9&taskIds=t-3&projectId=p&status=draft").await), ["c.txt", "a.txt"]);
    assert_eq!(names(&index("?projectId=q").await), Vec::<&str>::new());
    let of_one = index(&format!("?sessionId={one}&kind=document")).await;
    let shown = (&of_one["total"], &of_one["scannedSessions"], &of_one["truncated"], &of_one["artifacts"][0]["sessionTitle"]);
    assert_eq!(shown, (&json!(1), &json!(1), &json!(true), &Value::Null));
    for bad in ["kind=film", "status=done", &format!("taskIds={}", "t,".repeat(129)), &format!("taskIds={}", "t".repeat(513))] {
        assert_eq!(server.get(&format!("/api/artifacts?{bad}")).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(server.get("/api/artifacts?sessionId=ses_00000000000070008000000000000000").await.status, StatusCode::NOT_FOUND);
}
