//! What is past its retention goes, and the log can still be proved.

use super::verify::verify;
use crate::{
    program::GLANCE,
    server::{PATIENCE, Server},
};
use std::time::Instant;

#[tokio::test]
async fn rows_past_their_retention_are_removed_and_their_seals_stay() {
    let server = Server::with(&[("RETENTION_AUDIT_EVENT_MS", "1"), ("RETENTION_INTERVAL_MS", "1")]).await;
    server.session().await;
    server.until_answer("/api/admin/audit", |answer| answer.body["events"].as_array().is_some_and(Vec::is_empty)).await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (code, report, stderr) = verify(&server, &["--all"]);
        assert_eq!(code, Some(0), "{report:#} {stderr}");
        let org = &report["orgs"][0];
        if (org["removedRows"].as_u64(), org["sealedRows"].as_u64()) == (Some(3), Some(0)) {
            return;
        }
        assert!(Instant::now() < deadline, "{report:#}");
        tokio::time::sleep(GLANCE).await;
    }
}
