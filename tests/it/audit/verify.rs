//! `cowork audit verify` on the log of a running server.

use crate::{
    program::{GLANCE, run_with},
    server::{PATIENCE, Server},
};
use serde_json::Value;
use std::time::Instant;

pub(super) fn verify(server: &Server, options: &[&str]) -> (Option<i32>, Value, String) {
    let arguments: Vec<&str> = ["audit", "verify", "--output", "json"].iter().chain(options).copied().collect();
    let done = run_with(&arguments, &[("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", server.database_url())]);
    (done.code(), serde_json::from_str(&done.stdout()).unwrap_or_default(), done.stderr())
}

/// Verifies until everything that was written is sealed.
async fn sealed(server: &Server) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (code, report, stderr) = verify(server, &["--all"]);
        assert_eq!(code, Some(0), "{report:#} {stderr}");
        let org = &report["orgs"][0];
        if org["unsealedRows"] == 0 && org["sealedRows"].as_u64() > Some(0) {
            return org.clone();
        }
        assert!(Instant::now() < deadline, "the log was never sealed: {report:#}");
        tokio::time::sleep(GLANCE).await;
    }
}

#[tokio::test]
async fn a_running_server_seals_its_log_and_tampering_is_found() {
    let server = Server::start().await;
    let session = server.session().await;
    server.run(&session, "hello").await;
    let report = sealed(&server).await;
    assert_eq!(report["sealedRows"], 4, "{report:#}");
    let (org, head) = (report["org"].as_str().expect("text"), report["head"]["hash"].as_str().expect("a head"));
    let expect_head = ["--org", org, "--expect-head", head];
    assert_eq!(verify(&server, &expect_head).0, Some(0));

    server
        .sql(
            "alter table audit_events disable trigger user;
             update audit_events set actor_id = 'somebody else' where chain_position = 1;
             alter table audit_events enable trigger user",
        )
        .await;
    let (code, report, _) = verify(&server, &expect_head);
    assert_eq!(code, Some(1));
    let defect = &report["orgs"][0]["defects"][0];
    assert_eq!((defect["kind"].as_str(), defect["position"].as_i64()), (Some("row_altered"), Some(1)), "{report:#}");
    let (code, _, stderr) = verify(&server, &["--org", "nobody"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("nobody has no audit log"), "{stderr}");
    assert_eq!(verify(&server, &[]).0, Some(2), "whose log is not guessed");
}
