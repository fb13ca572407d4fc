//! A server that is not root: less is kept apart, and everybody is told.

use super::program;
use crate::{
    answer::{answer, is_settled},
    event_stream::of_type,
    program::{finish, program_as},
    server::Server,
    setting::Setting,
};
use nix::unistd::geteuid;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::process::Command;

/// Nobody.
const USER: u32 = 65_534;

/// Whether the binary under test can be used by somebody else; a checkout below somebody's home can't.
fn is_open_to_others(program: &str) -> bool {
    let user = USER.to_string();
    let tried = Command::new("setpriv").args(["--reuid", &user, "--regid", &user, "--clear-groups", "test", "-x", program]).status();
    tried.is_ok_and(|status| status.success())
}

#[tokio::test]
async fn a_server_that_is_not_root_says_so_and_its_agents_find_no_more() {
    let Some(program) = program::program(&std::env::temp_dir()).await else { return };
    let path = program.to_str().expect("a plain path").to_owned();
    if !geteuid().is_root() || !is_open_to_others(&path) || !is_open_to_others(env!("CARGO_BIN_EXE_cowork")) {
        return eprintln!("skipped: only root can start it as somebody else, who must get to the programs");
    }
    let settings = [("RUNTIME", "opencode"), ("ISOLATION_OPENCODE_BIN", path.as_str())];
    let setting = Setting::new(None, &settings).run_by(USER);
    let mut doctor = program_as(USER);
    doctor.args(["doctor", "--output", "json"]).env("HOME", setting.data_dir());
    doctor.env("OPEN_COWORK_CLOUD_ISOLATION_OPENCODE_BIN", &path).env("OPEN_COWORK_CLOUD_ROOT", setting.data_dir());
    let checks: Value = serde_json::from_str(&finish(doctor).stdout()).expect("JSON");
    let check =
        checks.as_array().and_then(|checks| checks.iter().find(|check| check["name"] == "OpenCode")).expect("it looks for OpenCode");
    assert_eq!(check["state"], "limited", "{check}");
    assert!(check["found"].as_str().is_some_and(|found| found.contains("all organisations under one user")), "{check}");

    let server = Server::launch(setting);
    let session = server.session().await;
    let (_, port) = server.url.rsplit_once(':').expect("it has a port");
    let search = format!("id -u; env; P=proc; cat /$P/*/environ; ls /; (echo > /dev/tcp/127.0.0.1/{port}) 2>&1 && echo reached");
    server.prompt(&session, &format!("[[bash:{search}]] and done")).await;
    let view = loop {
        let view = server.until(&session, |view| is_settled(view) || !super::turn::waiting(view).is_empty()).await;
        let [first, ..] = &super::turn::waiting(&view)[..] else { break view };
        let answer = json!({ "permissionId": first, "response": { "allowed": true } });
        let answered = server.post(&format!("/api/sessions/{session}/permission-respond"), answer).await;
        assert_eq!(answered.status, StatusCode::ACCEPTED, "{answered:?}");
    };
    assert!(answer(&view).contains("and done"), "{view:#}");
    let records = server.log_of(&session).await;
    let output = of_type(&records, "tool.call").filter_map(|record| record["payload"]["output"].as_str()).collect::<String>();
    assert!(output.contains(&USER.to_string()) && output.contains("PATH="), "the command ran: {output}");
    for hidden in ["OPEN_COWORK", "OPENCODE_SERVER_PASSWORD", "postgres", "opencode\n"] {
        assert!(!output.contains(hidden), "{hidden} was found: {output}");
    }
    assert!(output.contains("refused") && !output.contains("reached"), "a command has a network without the server in it: {output}");
    let pool = server.get("/api/ops/supervision").await.body["node"]["runtimePool"].clone();
    assert_eq!((&pool["ownUsers"], &pool["ownNetworks"]), (&json!(false), &json!(false)), "{pool}");
    let ready = server.get("/readyz").await.body;
    let isolation = ready["checks"].as_array().and_then(|checks| checks.iter().find(|check| check["name"] == "execution_isolation"));
    let isolation = isolation.and_then(|check| check["detail"].as_str()).unwrap_or_else(|| panic!("no such check: {ready}"));
    assert!(isolation.ends_with("users=shared;networks=shared"), "{isolation}");
}
