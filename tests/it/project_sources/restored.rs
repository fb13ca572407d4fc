//! An uploaded project in a workspace.

use super::{file, session_on, uploaded, workspace};
use crate::{
    answer::is_settled,
    cluster::harness::{Cluster, shards},
    event_stream::of_type,
    server::Server,
};
use serde_json::json;

#[tokio::test]
async fn the_first_turn_finds_the_files_byte_for_byte_and_later_ones_what_it_left() {
    let mut server = Server::start().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let mut script = file("bin/run", b"#!/bin/sh\n");
    script["mode"] = 0o755.into();
    let source = uploaded(&server, &[file("src/greeting.txt", b"hello from a file"), file("data.bin", &bytes), script]).await;
    let session = session_on(&server, &source).await;
    assert!(!workspace(&server, &session).exists(), "nothing is fetched before it is needed");
    let view = server.run(&session, "[[read:src/greeting.txt]][[artifact:notes.md|mine]]").await;
    assert!(view.to_string().contains("hello from a file"), "{view:#}");
    let folder = workspace(&server, &session);
    assert!(std::fs::read(folder.join("data.bin")).expect("it is there") == bytes, "the bytes are the same");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(folder.join("bin/run")).expect("it is there").permissions());
    assert_eq!(mode & 0o111, 0o111);

    // From here on the checkpoint is the truth: the project is not fetched again, and not needed any more.
    server.kill();
    std::fs::remove_dir_all(server.data_dir().join("workspaces")).expect("removed");
    std::fs::remove_dir_all(server.data_dir().join("objects/project-snapshots")).expect("removed");
    server.start_again();
    server.run(&session, "where were we?").await;
    assert_eq!(std::fs::read_to_string(folder.join("artifacts/notes.md")).ok().as_deref(), Some("mine"));
    assert!(std::fs::read(folder.join("data.bin")).expect("it is there") == bytes, "the bytes are the same");
}

#[tokio::test]
async fn a_project_that_is_damaged_or_gone_ends_the_turn_with_a_code() {
    let server = Server::start().await;
    let source = uploaded(&server, &[file("a.txt", b"a")]).await;
    let object = server.data_dir().join("objects").join(source["objectKey"].as_str().expect("a key"));
    let good = std::fs::read(&object).expect("it lies there");
    let session = session_on(&server, &source).await;
    let failed = async |expected: &str| {
        server.run(&session, "look").await;
        let log = server.log_of(&session).await;
        let last = of_type(&log, "runtime.error").last().expect("the turn failed");
        assert_eq!(last["payload"]["code"], expected, "{last:#}");
        assert!(!workspace(&server, &session).exists(), "a turn never starts over with nothing");
    };
    std::fs::write(&object, b"somebody else's project").expect("it lies there");
    failed("project_source.snapshot.damaged").await;
    std::fs::remove_file(&object).expect("it lies there");
    failed("project_source.snapshot.unknown").await;
    std::fs::write(&object, good).expect("it lies there");
    let view = server.run(&session, "[[read:a.txt]]").await;
    assert_eq!(view["session"]["status"], "idle", "{view:#}");
}

#[tokio::test]
async fn a_first_turn_whose_node_is_killed_finds_its_files_elsewhere() {
    let shared = tempfile::tempdir().expect("a folder");
    let store = [("OBJECT_STORE_DIR", shared.path().to_str().expect("text"))];
    let mut cluster = Cluster::empty().await;
    for (name, role) in [("w1", "worker"), ("w2", "worker"), ("web", "web")] {
        cluster.join(name, role, &store);
    }
    cluster.settled().await;
    let source = uploaded(&cluster["web"], &[file("a.txt", b"from the project")]).await;
    let session = session_on(&cluster["web"], &source).await;
    cluster["web"].prompt(&session, "[[write:never.txt|x]]").await;
    cluster["web"].until(&session, |view| view["view"]["isAwaitingPermission"] == true).await;
    let is_there = |server: &Server| workspace(server, &session).join("a.txt").exists();
    let (owner, other) = if is_there(&cluster["w1"]) { ("w1", "w2") } else { ("w2", "w1") };
    assert!(is_there(&cluster[owner]) && !is_there(&cluster[other]));
    cluster.server_mut(owner).kill();
    cluster.until("web", |report| shards(report, owner) == 0 && report["shards"]["unowned"] == 0).await;
    cluster["web"].until(&session, |view| view["view"]["isAwaitingPermission"] == true && is_there(&cluster[other])).await;
    cluster["web"].post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    cluster["web"].until(&session, is_settled).await;
    let view = cluster["web"].run(&session, "[[read:a.txt]]").await;
    assert!(view.to_string().contains("from the project"), "{view:#}");
}
