use crate::{
    caller::{Caller, HEADER_MODE},
    program::{Finished, run_with},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn an_operator_issues_lists_and_revokes_tokens_of_a_running_cloud() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme", "kim", "owner");
    server.ask(&owner, Method::GET, "/api/workspace", None).await;
    let token = |arguments: &[&str]| -> Finished {
        let arguments: Vec<&str> = ["token"].iter().chain(arguments).copied().collect();
        run_with(&arguments, &[("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", server.database_url())])
    };
    let json_of = |done: &Finished| -> Value { serde_json::from_str(&done.stdout()).expect("data is JSON") };
    let create = ["create", "--org", "acme", "--name", "cli", "--scope", "desktop", "--scope", "operator"];
    let created = token(&[&create[..], &["--account", "kim", "--ttl", "2d", "--output", "json"]].concat()).expect_code(0);
    let created = json_of(&created);
    let first = created["plaintext"].as_str().expect("a token");
    assert_eq!(created["token"]["scopes"], json!(["desktop", "operator"]));
    let plain = token(&[&create[..], &["--account", "kim"]].concat()).expect_code(0);
    let second = plain.stdout().trim_end().to_owned();
    assert!(second.starts_with("occ_tok_") && !second.contains(char::is_whitespace), "standard output is the token alone: {second}");
    assert!(!plain.stderr().contains(&second), "and nothing else shows it");
    for text in [first, &second] {
        assert_eq!(server.ask_with(text, Method::GET, "/api/sessions", None).await.status, StatusCode::OK);
    }

    let stranger = token(&[&create[..], &["--account", "nobody"]].concat()).expect_code(1);
    assert!(stranger.stderr().contains("acme has no member nobody"), "{}", stranger.stderr());
    token(&[&create[..], &["--account", "kim", "--ttl", "400d"]].concat()).expect_code(1);
    token(&["create", "--org", "acme", "--account", "kim", "--name", "x", "--scope", "worker-internal"]).expect_code(2);

    let listed = token(&["list", "--org", "acme", "--output", "json"]).expect_code(0);
    assert_eq!(json_of(&listed)["tokens"].as_array().map(Vec::len), Some(2));
    assert!(!listed.stdout().contains(&first[first.len() - 43..]));

    let id = created["token"]["tokenId"].as_str().expect("an id");
    assert_eq!(token(&["revoke", "--org", "acme", id]).expect_code(0).stdout().trim_end(), id);
    token(&["revoke", "--org", "globex", id]).expect_code(1);
    let code = async |text: &str| server.ask_with(text, Method::GET, "/api/sessions", None).await.body["code"].clone();
    assert_eq!(code(first).await, "auth.token_revoked");
    assert_eq!(code(&second).await, Value::Null);
    let rest = json_of(&token(&["revoke", "--org", "acme", "--account", "kim", "--output", "json"]).expect_code(0));
    assert_eq!(rest["revoked"].as_array().map(Vec::len), Some(1), "the other one was revoked before");
    assert_eq!(code(&second).await, "auth.token_revoked");
    let audit = server.ask(&owner, Method::GET, "/api/admin/audit?action=api_token.&actorType=system&actorId=cli", None).await;
    assert_eq!(audit.body["events"].as_array().map(Vec::len), Some(4), "{audit:?}");
}
