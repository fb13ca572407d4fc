//! Nobody reaches what is somebody else's.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::{Server, session_id},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_foreign_artifact_does_not_exist() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, eve) = (Caller::new("acme", "kim", "owner"), Caller::new("other", "eve", "owner"));
    let colleague = Caller::new("acme", "lee", "owner");
    let session = session_id(&server.ask(&kim, Method::POST, "/api/sessions", Some(json!({}))).await);
    let own = session_id(&server.ask(&eve, Method::POST, "/api/sessions", Some(json!({}))).await);
    let list = format!("/api/sessions/{session}/artifacts");
    let body = json!({ "filename": "secret.txt", "dataBase64": "c2VjcmV0" });
    let made = server.ask(&kim, Method::POST, &list, Some(body.clone())).await.expect(StatusCode::CREATED, "");
    let id = made.body["artifact"]["artifactId"].as_str().expect("an id").to_owned();

    for stranger in [&eve, &colleague] {
        let routes = [
            (Method::GET, list.clone(), None),
            (Method::POST, list.clone(), Some(body.clone())),
            (Method::POST, format!("{list}?transfer=presigned"), Some(json!({}))),
            (Method::GET, format!("{list}/{id}"), None),
            (Method::GET, format!("{list}/{id}/content"), None),
            (Method::POST, format!("{list}/{id}/status"), Some(json!({ "status": "final" }))),
            (Method::POST, format!("{list}/{id}/finalize"), Some(json!({}))),
            (Method::POST, format!("{list}/{id}/abort"), Some(json!({}))),
            (Method::GET, format!("/api/artifacts?sessionId={session}"), None),
        ];
        for (method, path, body) in routes {
            let refused = server.ask(stranger, method.clone(), &path, body).await;
            assert_eq!(refused.status, StatusCode::NOT_FOUND, "{method} {path}: {refused:?}");
        }
        let index = server.ask(stranger, Method::GET, "/api/artifacts", None).await.expect(StatusCode::OK, "");
        assert_eq!(index.body["artifacts"], json!([]));
    }
    // Not through a session of their own, either.
    let through = format!("/api/sessions/{own}/artifacts/{id}");
    for path in [through.clone(), format!("{through}/content")] {
        assert_eq!(server.ask(&eve, Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
    }
    let keys = server.rows("select object_key from artifact_objects").await;
    assert!(keys[0]["object_key"].as_str().is_some_and(|key| key.starts_with("orgs/acme/")), "{keys:?}");
    assert_eq!(server.ask(&kim, Method::GET, &format!("{list}/{id}"), None).await.body["artifact"]["dataBase64"], "c2VjcmV0");
}
