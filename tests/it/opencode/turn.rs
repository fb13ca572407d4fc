//! A turn from the API to OpenCode and back, and what becomes of it when its process is killed.

use super::program;
use crate::{
    answer::{answer, is_settled},
    event_stream::{assert_dense, of_type},
    program::run_with,
    server::Server,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A server with OpenCode, and where the program is; nothing where it can't run.
async fn server() -> Option<(Server, PathBuf)> {
    let program = program::program(&std::env::temp_dir()).await?;
    let path = program.to_str().expect("a plain path").to_owned();
    let server = Server::with(&[("RUNTIME", "opencode"), ("ISOLATION_OPENCODE_BIN", &path)]).await;
    Some((server, program))
}

/// The processes of the only node.
async fn processes(server: &Server) -> Vec<Value> {
    let tree = server.get("/api/ops/supervision").await;
    assert_eq!(tree.status, StatusCode::OK, "{tree:?}");
    tree.body["node"]["runtimePool"]["processes"].as_array().cloned().unwrap_or_else(|| panic!("no processes: {tree:?}"))
}

/// The permissions that wait.
pub(super) fn waiting(view: &Value) -> Vec<&str> {
    let approvals = view["view"]["pendingApprovals"].as_array().into_iter().flatten();
    approvals.filter_map(|approval| approval["id"].as_str()).collect()
}

#[tokio::test]
async fn a_person_allows_a_command_and_a_killed_process_costs_no_more_than_an_attempt() {
    let Some((server, program)) = server().await else { return };
    let settings =
        [("OPEN_COWORK_CLOUD_ISOLATION_OPENCODE_BIN", program.to_str().expect("a plain path")), ("OPEN_COWORK_CLOUD_RUNTIME", "opencode")];
    let doctor = run_with(&["doctor", "--output", "json"], &settings);
    let checks: Value = serde_json::from_str(&doctor.stdout()).expect("JSON");
    let check =
        checks.as_array().and_then(|checks| checks.iter().find(|check| check["name"] == "OpenCode")).expect("it looks for OpenCode");
    assert_ne!(check["state"], "missing", "{check}");

    assert_eq!(processes(&server).await, Vec::<Value>::new(), "no process before there is a turn");
    let session = server.session().await;
    server.prompt(&session, "[[bash:env; P=proc; cat /$P/*/environ; ls /; echo made > made.txt]] and done").await;
    let view = loop {
        let view = server.until(&session, |view| is_settled(view) || !waiting(view).is_empty()).await;
        let [first, ..] = &waiting(&view)[..] else { break view };
        let answer = json!({ "permissionId": first, "response": { "allowed": true } });
        let answered = server.post(&format!("/api/sessions/{session}/permission-respond"), answer).await;
        assert_eq!(answered.status, StatusCode::ACCEPTED, "{answered:?}");
    };
    assert!(answer(&view).contains("and done"), "{view:#}");
    let records = server.log_of(&session).await;
    let output = of_type(&records, "tool.call").filter_map(|record| record["payload"]["output"].as_str()).collect::<String>();
    assert!(output.contains("PATH="), "the command ran: {output}");
    for hidden in [server.database_url(), "OPEN_COWORK", "OPENCODE_SERVER_PASSWORD"] {
        assert!(!output.contains(hidden), "{hidden} was found: {output}");
    }
    assert_dense(&records);
    let made = server.data_dir().join("workspaces").join(&session).join("made.txt");
    assert_eq!(std::fs::read_to_string(made).expect("its files are in their place"), "made\n");

    server.prompt(&session, "[[slow:40]] [[text:150]]").await;
    server.until(&session, |view| answer(view).starts_with("w1")).await;
    let before = processes(&server).await;
    let pid = before[0]["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).expect("it runs");
    assert_eq!((&before[0]["org"], &before[0]["state"]), (&json!("default"), &json!("working")));
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
    let view = server.until(&session, |view| is_settled(view) && answer(view).ends_with("w150")).await;
    assert_eq!(view["session"]["status"], "idle", "{view:#}");
    let after = processes(&server).await;
    assert_eq!((after.len(), &after[0]["restarts"]), (1, &json!(1)), "{after:?}");
    assert_ne!(after[0]["pid"], before[0]["pid"]);
}
