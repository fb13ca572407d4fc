//! Who may answer what an agent asks.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::{Server, session_id},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn whoever_is_no_member_any_more_is_told_by_which_policy_an_answer_is_refused() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, sam) = (Caller::new("acme", "kim", "owner"), Caller::new("acme", "sam", "member"));
    server.ask(&kim, Method::GET, "/api/workspace", None).await.expect(StatusCode::OK, "");
    let session = session_id(&server.ask(&sam, Method::POST, "/api/sessions", Some(json!({}))).await);
    let out = json!({ "status": "disabled", "confirm": "sam" });
    server.ask(&kim, Method::POST, "/api/admin/members/sam/update", Some(out)).await.expect(StatusCode::OK, "");
    let answers = [
        ("permission-respond", json!({ "permissionId": "p", "response": "once" })),
        ("question-reply", json!({ "requestId": "q", "answers": [] })),
        ("question-reject", json!({ "requestId": "q" })),
    ];
    for (verb, body) in answers {
        let refused = server.ask(&sam, Method::POST, &format!("/api/sessions/{session}/{verb}"), Some(body)).await;
        let refused = refused.expect(StatusCode::FORBIDDEN, "Cloud membership is not active.");
        assert_eq!(
            (refused.policy_code(), &refused.body["code"]),
            ("cloud-rbac-workspace-membership-required", &json!("auth.membership_missing"))
        );
    }
    let other = server.ask(&sam, Method::POST, &format!("/api/sessions/{session}/abort"), Some(json!({}))).await;
    assert_eq!((other.status, other.policy_code()), (StatusCode::FORBIDDEN, ""), "what answers nothing has no such policy");
}
