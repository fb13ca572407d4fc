//! What an agent can find.

use super::house::{KEY, OpenHouse, answer, tools};
use crate::house::{house as provider, org};
use cowork_domain::runtime_event::{RuntimeEvent, ToolStatus};
use cowork_runtime::Runtime as _;

/// Looks everywhere, by ways that no rule about paths sees.
const SEARCH: &str = "id; env; P=proc; cat /$P/*/environ /$P/*/cmdline 2>/dev/null | tr '\\0' '\\n'; ls -la / ..; \
    R=/; find $R -xdev -not -path '*usr*' -type f 2>/dev/null | head -n 300 | xargs cat 2>/dev/null | head -c 60000; \
    for port in 80 4096; do (echo > /dev/tcp/127.0.0.1/$port) 2>&1; done; ls -d /opencode /root /home /var /workspace/* 2>&1";

#[tokio::test]
async fn an_agent_finds_no_key_no_password_and_no_other_workspace() {
    let Some(house) = OpenHouse::new(true).await else { return };
    let other = house.folder.path().join("workspaces/ses_of_somebody_else");
    std::fs::create_dir_all(&other).expect("our own folder");
    std::fs::write(other.join("secret.txt"), "the-neighbours-secret").expect("our own folder");

    let events = house.run(&format!("[[bash:{SEARCH}]] found nothing")).await;
    assert!(answer(&events).contains("found nothing"), "the customer's key arrived at the provider: {events:?}");
    assert!(house.model_log().contains(&format!("Bearer {KEY}")), "{}", house.model_log());
    let [(name, ToolStatus::Complete | ToolStatus::Error, output)] = &tools(&events)[..] else { panic!("one tool: {events:?}") };
    assert_eq!(name, "bash");
    assert!(output.contains("PATH=") && output.contains("uid="), "the search ran: {output}");
    for hidden in [KEY, "OPENCODE_SERVER_PASSWORD", "the-neighbours-secret", "ses_of_somebody_else", "apiKey", "opencode.json"] {
        assert!(!output.contains(hidden), "{hidden} was found: {output}");
    }
    assert!(!output.contains("/opencode\n") && !output.contains("/root\n") && !output.contains("/var\n"), "{output}");

    // OpenCode's own tools run outside of the commands' sandbox, and follow links.
    let events = house.run("[[bash:ln -s /proc/self/environ env; ln -s ../../workspaces other; ln -s /etc/passwd people]]").await;
    assert!(matches!(tools(&events).as_slice(), [(_, ToolStatus::Complete, _)]), "{events:?}");
    let privileged = house.runtime.report().expect("it keeps processes").own_users;
    for link in ["env", "other", "people", "/proc/1/environ", "/opencode/config/opencode/opencode.json"] {
        let events = house.run(&format!("[[read:{link}]]")).await;
        let seen = format!("{events:?}");
        for hidden in [KEY, "the-neighbours-secret", "ses_of_somebody_else", "root:x:0:0:root"] {
            assert!(!seen.contains(hidden), "{hidden} was found by {link}: {seen}");
        }
        // Without a network of its own the server needs one, which is worth nothing to a command without a network.
        assert!(!privileged || !seen.contains("OPENCODE_SERVER_PASSWORD"), "{seen}");
    }
}

#[tokio::test]
async fn a_disabled_key_stops_a_turn_in_mid_stream() {
    let Some(house) = OpenHouse::new(true).await else { return };
    let mut turn = house.start("[[slow:50]] [[text:100000]]");
    while !matches!(turn.events.recv().await.expect("the turn is at work"), RuntimeEvent::Text { .. }) {}
    house.keys.disable(&org(), &provider());
    let last = loop {
        match turn.events.recv().await {
            Some(RuntimeEvent::Failed { code, .. }) => break code,
            Some(RuntimeEvent::Finished) | None => panic!("the turn went on"),
            Some(_) => {}
        }
    };
    assert_eq!(last, "byok.key_disabled");
    super::house::eventually("no provider traffic", || house.at_work() == 0).await;
}
