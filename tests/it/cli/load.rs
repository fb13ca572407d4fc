use crate::{
    caller::{HEADER_MODE, SECRET},
    program::run,
    server::Server,
};
use serde_json::Value;

/// How long it took is for measurements to say; here it counts that nothing is lost on the way and both sides were measured.
#[tokio::test]
async fn deliveries_are_measured_alone_and_beside_a_backlog() {
    let server = Server::with(&HEADER_MODE).await;
    let connection = ["--url", &server.url, "--header-secret", SECRET, "--output", "json", "--quiet"];
    let size = ["--backlog", "40", "--backlog-chats", "8", "--failures", "80", "--rate", "20", "--duration", "1s", "--warmup", "100ms"];
    let load = run(&[&["load", "deliveries"][..], &connection[..], &size[..]].concat());
    let report: Value = serde_json::from_str(&load.stdout()).unwrap_or_else(|_| panic!("no report: {}", load.stderr()));
    for fault in ["lost", "duplicated", "reordered"] {
        assert_eq!(report["integrity"][fault], 0, "{report:#}");
    }
    let figures = &report["figures"];
    for phase in ["createdToClaimedAlone", "createdToClaimedBeside"] {
        assert!((19..=21).contains(&figures[phase]["count"].as_u64().unwrap_or(0)), "{report:#}");
    }
    assert!(figures["attemptsFailed"].as_u64() > Some(0), "the dead provider's gateway goes on: {report:#}");
    let backlog = server.rows("select count(*) as count from channel_deliveries where provider = 'webhook' and status <> 'sent'").await;
    assert_eq!(backlog[0]["count"], 40);
    assert!(!load.stdout().contains(SECRET));
}
