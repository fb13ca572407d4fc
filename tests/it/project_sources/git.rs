//! A repository in a workspace, over the network.

use super::{git_host::GitHost, session_on, workspace};
use crate::{
    event_stream::of_type,
    program::GLANCE,
    server::{PATIENCE, Server},
    setting::Setting,
};
use cowork_store::test_database::TestDatabase;
use serde_json::{Value, json};
use std::time::Instant;

/// What the private host wants to see, and what it is in base64.
const TOKEN: &str = "kim:opensesame-4711";
const SHOWN: &str = "a2ltOm9wZW5zZXNhbWUtNDcxMQ==";

async fn server(host: &GitHost, more: Value) -> Server {
    Server::launch(setting(host, more).await)
}

async fn setting(host: &GitHost, more: Value) -> Setting {
    let mut git = json!({
        "allowedHosts": [format!("localhost:{}", host.port)], "allowPrivateNetwork": true, "caFile": host.authority(),
        "credentialRefPrefixes": ["env:GIT_"], "timeoutMs": 60_000,
    });
    git.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let setting = Setting::new(Some(TestDatabase::create().await), &[("PROJECT_SOURCES_GIT", &git.to_string())]);
    setting.with_variable("GIT_ACME", TOKEN).with_variable("GIT_WRONG", "kim:nothing")
}

/// Prompts a new session on a source; returns its id and the code of its failure.
async fn look(server: &Server, source: Value) -> (String, Option<String>) {
    let session = session_on(server, &source).await;
    server.run(&session, "[[read:README.md]]").await;
    let log = server.log_of(&session).await;
    let error = of_type(&log, "runtime.error").last().map(|error| error["payload"]["code"].as_str().unwrap_or_default().to_owned());
    assert_eq!(error.is_none(), workspace(server, &session).exists(), "a turn never starts over with nothing: {error:?}");
    (session, error)
}

#[tokio::test]
async fn a_repository_is_fetched_once_with_a_credential_that_nobody_sees() {
    let host = GitHost::start(Some(SHOWN)).await;
    let server = server(&host, json!({})).await;
    let source =
        |credential: Option<&str>| json!({ "kind": "git", "repositoryUrl": host.url("acme/site.git"), "credentialRef": credential });
    let (session, error) = look(&server, source(Some("env:GIT_ACME"))).await;
    assert_eq!(error, None, "{}", server.log());
    let folder = workspace(&server, &session);
    assert_eq!(std::fs::read_to_string(folder.join("README.md")).ok().as_deref(), Some("the site of acme\n"));
    assert!(!folder.join(".git").exists() && folder.join("docs/guide.md").exists());

    let mut part = source(Some("env:GIT_ACME"));
    part["subdirectory"] = "docs".into();
    let session = session_on(&server, &part).await;
    let view = server.run(&session, "[[read:guide.md]]").await;
    assert!(view.to_string().contains("how to"), "{view:#}");

    assert_eq!(look(&server, source(None)).await.1.as_deref(), Some("project_source.git.unauthorized"));
    assert_eq!(look(&server, source(Some("env:GIT_WRONG"))).await.1.as_deref(), Some("project_source.git.unauthorized"));
    assert_eq!(look(&server, source(Some("env:GIT_ABSENT"))).await.1.as_deref(), Some("project_source.git.credential_unavailable"));
    let everything = format!("{}\n{}", server.log(), server.dump().await);
    for secret in ["opensesame", SHOWN] {
        assert!(!everything.contains(secret), "the credential is kept somewhere");
    }
    // What was needed meanwhile goes, behind everybody's back.
    let grounds = server.data_dir().join("workspaces/.projects");
    let deadline = Instant::now() + PATIENCE;
    while std::fs::read_dir(&grounds).expect("it is there").count() > 0 {
        assert!(Instant::now() < deadline, "something is left in {}", grounds.display());
        tokio::time::sleep(GLANCE).await;
    }
}

#[tokio::test]
async fn what_cannot_be_fetched_ends_the_turn_with_a_code_and_never_hangs() {
    let host = GitHost::start(None).await;
    let server = server(&host, json!({ "timeoutMs": 5000 })).await;
    let git = |path: &str, reference: Option<&str>| json!({ "kind": "git", "repositoryUrl": host.url(path), "ref": reference });
    for (source, expected) in [
        (git("acme/site.git", Some("main")), None),
        (git("acme/site.git", Some("nowhere")), Some("project_source.git.not_found")),
        (git("acme/none.git", None), Some("project_source.git.not_found")),
        (git("moved/acme/site.git", None), Some("project_source.git.not_found")),
        (git("silent/acme/site.git", None), Some("project_source.git.timeout")),
    ] {
        assert_eq!(look(&server, source.clone()).await.1.as_deref(), expected, "{source}");
    }
}

#[tokio::test]
async fn a_host_inside_is_reached_only_where_the_profile_says_so() {
    let host = GitHost::start(None).await;
    let server = server(&host, json!({ "allowPrivateNetwork": false })).await;
    let source = json!({ "kind": "git", "repositoryUrl": host.url("acme/site.git") });
    assert_eq!(look(&server, source).await.1.as_deref(), Some("project_source.git.address_denied"));
}

#[tokio::test]
async fn a_node_without_git_says_so() {
    let host = GitHost::start(None).await;
    let Some(setting) = setting(&host, json!({})).await.without("git") else {
        return eprintln!("skipped: bubblewrap can't be used here");
    };
    let source = json!({ "kind": "git", "repositoryUrl": host.url("acme/site.git") });
    assert_eq!(look(&Server::launch(setting), source).await.1.as_deref(), Some("project_source.git.unavailable"));
}
