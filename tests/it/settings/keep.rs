//! `/api/settings`.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_setting_is_replaced_as_a_whole_and_belongs_to_its_user() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = Caller::new("acme", "kim", "owner");
    let others = [Caller::new("acme", "lee", "owner"), Caller::new("other", "kim", "owner")];
    let ask = async |caller: &Caller, method: Method, path: &str, body: Option<Value>| server.ask(caller, method, path, body).await;
    let put =
        ask(&kim, Method::PUT, "/api/settings/theme", Some(json!({ "value": { "mode": "dark", "size": 1 }, "key": "ignored" }))).await;
    assert_eq!(put.status, StatusCode::OK, "{put:?}");
    let setting = &put.body["setting"];
    assert_eq!((&setting["tenantId"], &setting["userId"], &setting["key"]), (&json!("acme"), &json!("kim"), &json!("theme")));
    assert!(setting["updatedAt"].is_string());
    let patched = ask(&kim, Method::PATCH, "/api/settings/theme", Some(json!({ "value": { "mode": "light" } }))).await.body;
    assert_eq!(patched["setting"]["value"], json!({ "mode": "light" }), "nothing is merged");
    assert_eq!(ask(&kim, Method::GET, "/api/settings/theme", None).await.body, patched);
    assert_eq!(ask(&kim, Method::GET, "/api/settings/nothing", None).await.body, json!({ "setting": null }));
    let spaced = ask(&kim, Method::POST, "/api/settings/a%20b", Some(json!({ "value": {} }))).await.body;
    assert_eq!(spaced["setting"]["key"], "a b");
    assert_eq!(ask(&kim, Method::POST, "/api/settings", Some(json!({ "key": "a/b c", "value": { "x": 1 } }))).await.status, StatusCode::OK);
    let list = ask(&kim, Method::GET, "/api/settings", None).await.body;
    let keys: Vec<_> = list["settings"].as_array().expect("a list").iter().map(|setting| setting["key"].as_str().expect("text")).collect();
    assert_eq!(keys, ["a b", "a/b c", "theme"]);

    let text = "Setting key and object value are required.";
    for (path, body) in [
        ("/api/settings/theme", json!({ "value": "x" })),
        ("/api/settings/theme", json!({})),
        ("/api/settings", json!({ "value": {} })),
        ("/api/settings", json!({ "key": " ", "value": {} })),
        ("/api/settings", json!({ "theme": "dark" })),
    ] {
        ask(&kim, Method::PUT, path, Some(body)).await.expect(StatusCode::BAD_REQUEST, text);
    }
    assert_eq!(ask(&kim, Method::PUT, "/api/settings/x", Some(json!({ "value": { "a": "\0" } }))).await.status, StatusCode::BAD_REQUEST);
    let removed = ask(&kim, Method::DELETE, "/api/settings/theme", None).await;
    assert_eq!((removed.status, removed.policy_code()), (StatusCode::FORBIDDEN, "authorization.action_unknown"));
    for other in &others {
        assert_eq!(ask(other, Method::GET, "/api/settings/theme", None).await.body, json!({ "setting": null }));
        assert_eq!(ask(other, Method::GET, "/api/settings", None).await.body, json!({ "settings": [] }));
    }
}
