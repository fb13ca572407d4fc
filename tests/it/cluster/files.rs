//! Files follow their session.

use super::harness::{Cluster, shards};
use crate::{
    answer::{answer, is_settled},
    event_stream::of_type,
    server::Server,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const FILE: &str = "artifacts/notes.md";

fn workspace(server: &Server, session: &str) -> PathBuf {
    server.data_dir().join("workspaces").join(session)
}

fn content(folder: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(folder.join(file)).ok()
}

#[tokio::test]
async fn a_session_finds_its_files_on_the_node_that_it_moved_to_and_back() {
    let shared = tempfile::tempdir().expect("a folder");
    let store = [("OBJECT_STORE_DIR", shared.path().to_str().expect("text"))];
    let mut cluster = Cluster::empty().await;
    for (name, role) in [("w1", "worker"), ("w2", "worker"), ("web", "web")] {
        cluster.join(name, role, &store);
    }
    cluster.settled().await;
    let web = &cluster["web"];
    let session = web.session().await;
    web.run(&session, "[[artifact:notes.md|first]]").await;
    let (from, to) = if workspace(&cluster["w1"], &session).exists() { ("w1", "w2") } else { ("w2", "w1") };
    assert!(workspace(&cluster[from], &session).exists() && !workspace(&cluster[to], &session).exists());

    // While one turn waits for a person, its node is taken out of service: what the turn wrote so far comes along.
    web.prompt(&session, "[[artifact:more.md|second]][[write:never.txt|x]]").await;
    web.until(&session, |view| view["view"]["isAwaitingPermission"] == true).await;
    web.post(&format!("/api/ops/cluster/nodes/{from}/drain"), json!({})).await;
    cluster.until("web", |report| shards(report, from) == 0 && report["shards"]["unowned"] == 0).await;
    web.until(&session, |view| view["view"]["isAwaitingPermission"] == true).await;
    let there = workspace(&cluster[to], &session);
    assert_eq!(content(&there, FILE).as_deref(), Some("first"));
    assert_eq!(content(&there, "artifacts/more.md").as_deref(), Some("second"));
    web.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    web.until(&session, is_settled).await;

    web.run(&session, "[[artifact:notes.md|third]]").await;
    web.post(&format!("/api/ops/cluster/nodes/{from}/undrain"), json!({})).await;
    cluster.settled().await;
    web.post(&format!("/api/ops/cluster/nodes/{to}/drain"), json!({})).await;
    cluster.until("web", |report| shards(report, to) == 0 && report["shards"]["unowned"] == 0).await;
    assert_eq!(content(&workspace(&cluster[from], &session), FILE).as_deref(), Some("first"), "nothing moves before it is needed");
    web.run(&session, "and now?").await;
    assert_eq!(content(&workspace(&cluster[from], &session), FILE).as_deref(), Some("third"), "an older copy is replaced");

    let list = web.get(&format!("/api/sessions/{session}/artifacts")).await.expect(StatusCode::OK, "");
    let artifacts = list.body["artifacts"].as_array().expect("artifacts");
    let more = artifacts.iter().find(|artifact| artifact["filename"] == "more.md").and_then(|artifact| artifact["artifactId"].as_str());
    let fetched = web.get(&format!("/api/sessions/{session}/artifacts/{}", more.expect("an id"))).await.expect(StatusCode::OK, "");
    assert_eq!(fetched.body["artifact"]["dataBase64"], "c2Vjb25k", "what a turn published is fetched through any node");
}

#[tokio::test]
async fn files_outlive_a_killed_node_and_its_disk() {
    let mut server = Server::start().await;
    let session = server.session().await;
    let idle = server.session().await;
    server.run(&session, "[[artifact:notes.md|kept]]").await;
    server.run(&idle, "no files at all").await;
    server.kill();
    std::fs::remove_dir_all(server.data_dir().join("workspaces")).expect("removed");
    server.start_again();
    server.run(&session, "where were we?").await;
    assert_eq!(content(&workspace(&server, &session), FILE).as_deref(), Some("kept"));
    server.run(&idle, "still none").await;
    assert!(!workspace(&server, &idle).exists());
    let rows = server.rows("select session, command, attempt from workspace_checkpoints").await;
    assert_eq!(rows.len(), 1, "a session without files has no checkpoint: {rows:?}");
    assert_eq!((&rows[0]["command"], &rows[0]["attempt"]), (&json!(1), &json!(1)), "a turn that changed nothing makes none");
}

#[tokio::test]
async fn a_checkpoint_that_is_not_what_was_written_is_refused_and_says_so() {
    let mut server = Server::start().await;
    let session = server.session().await;
    server.run(&session, "[[artifact:notes.md|kept]]").await;
    server.kill();
    std::fs::remove_dir_all(server.data_dir().join("workspaces")).expect("removed");
    let row = server.rows("select object_key from workspace_checkpoints").await;
    let archive = server.data_dir().join("objects").join(row[0]["object_key"].as_str().expect("a key"));
    let good = std::fs::read(&archive).expect("it lies there");
    std::fs::write(&archive, b"somebody else's archive").expect("it lies there");
    server.start_again();
    server.prompt(&session, "where were we?").await;
    let view = server.until(&session, |view| view["session"]["status"] == "errored").await;
    let log = server.log_of(&session).await;
    let error: &Value = of_type(&log, "runtime.error").next().unwrap_or_else(|| panic!("no error: {view:#}"));
    assert_eq!(error["payload"]["code"], "workspace.unavailable");
    assert!(!workspace(&server, &session).exists(), "a turn never starts over with nothing");

    std::fs::write(&archive, good).expect("it lies there");
    assert_eq!(answer(&server.run(&session, "and now?").await), "echo: and now?");
    assert_eq!(content(&workspace(&server, &session), FILE).as_deref(), Some("kept"));
}
