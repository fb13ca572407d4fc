use super::cowork;
use crate::{
    members::{let_in, mode, person, post},
    server::Server,
    tokens,
};
use serde_json::{Value, json};

fn json_of(done: &crate::program::Finished) -> Value {
    serde_json::from_str(&done.stdout()).expect("data is JSON")
}

#[tokio::test]
async fn organisations_and_members_are_made_listed_and_exported_without_secrets() {
    let server = Server::with(&mode("disabled")).await;
    let created =
        cowork(&server, &["org", "create", "acme.test", "--name", "Acme", "--owner", "olga@acme.test", "--output", "json"]).expect_code(0);
    let created = json_of(&created);
    assert_eq!(created["inviteToken"], Value::Null, "nobody here could read one");
    assert_eq!((&created["owner"]["status"], &created["owner"]["role"]), (&json!("active"), &json!("owner")));
    let again = cowork(&server, &["org", "create", "acme.test", "--owner", "eve@evil.test"]).expect_code(1);
    assert!(again.stderr().contains("there is an organisation acme.test already"), "{}", again.stderr());
    cowork(&server, &["org", "create", "globex.test"]).expect_code(2);
    cowork(&server, &["org", "create", "globex.test", "--owner", "not an@address"]).expect_code(1);
    cowork(&server, &["member", "add", "--org", "acme.test", "kim", "--as", "admin"]).expect_code(0);
    cowork(&server, &["member", "add", "--org", "acme.test", "kim"]).expect_code(1);
    cowork(&server, &["member", "add", "--org", "globex.test", "kim"]).expect_code(1);

    let olga = person("olga", "member");
    let_in(&server, &[&olga, &person("kim", "member")]).await;
    post(&server, &olga, "/api/admin/roles", json!({"roleKey": "auditor", "name": "Auditor"})).await;
    let (record, text) = tokens::issue(&server, &olga, &["desktop"]).await;
    let listed = cowork(&server, &["member", "list", "--org", "acme.test"]).expect_code(0).stdout();
    assert!(listed.lines().count() == 3 && listed.contains("olga@acme.test"), "{listed}");
    let orgs = json_of(&cowork(&server, &["org", "list", "--output", "json"]).expect_code(0));
    assert_eq!(
        (&orgs["orgs"][0]["orgId"], &orgs["orgs"][0]["activeMembers"], orgs["orgs"].as_array().map(Vec::len)),
        (&json!("acme.test"), &json!(2), Some(1))
    );
    let shown = json_of(&cowork(&server, &["org", "show", "acme.test", "--output", "json"]).expect_code(0));
    assert_eq!(shown["org"]["status"], "active");

    let exported = cowork(&server, &["org", "export", "acme.test"]).expect_code(0);
    let secret = &text[text.len() - 43..];
    assert!(!exported.stdout().contains(secret) && !exported.stdout().contains("hash"), "{}", exported.stdout());
    let exported = json_of(&exported);
    assert_eq!((exported["members"].as_array().map(Vec::len), &exported["roles"][0]["roleKey"]), (Some(2), &json!("auditor")));
    assert_eq!(exported["tokens"][0]["tokenId"], record["tokenId"]);
    assert!(exported["auditRows"].as_u64() > Some(4), "{exported}");
}
