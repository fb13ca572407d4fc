//! Processes that die, and those that have nothing to do.

use super::house::{OpenHouse, answer, eventually};
use cowork_domain::runtime_event::RuntimeEvent;
use cowork_runtime::Runtime as _;

#[tokio::test]
async fn a_killed_process_ends_its_turns_without_a_last_word_and_the_next_turn_starts_another() {
    let Some(house) = OpenHouse::new(false).await else { return };
    let mut turn = house.start("[[write:kept.txt|before]] [[slow:50]] [[text:100000]]");
    loop {
        match turn.events.recv().await.expect("the turn is at work") {
            RuntimeEvent::PermissionRequested { id, .. } => {
                assert!(turn.answers.answer(cowork_domain::runtime_event::Answer::Permission { id, allowed: true }));
            }
            RuntimeEvent::Text { .. } => break,
            _ => {}
        }
    }
    let first = house.pid();
    house.kill();
    let mut rest = Vec::new();
    while let Some(event) = turn.events.recv().await {
        rest.push(event);
    }
    let ends = rest.iter().filter(|event| matches!(event, RuntimeEvent::Finished | RuntimeEvent::Failed { .. })).count();
    assert_eq!(ends, 0, "a lost turn is taken up again as the next attempt: {rest:?}");
    assert_eq!(std::fs::read_to_string(house.workspace().join("kept.txt")).expect("its files are in their place"), "before");

    let events = house.run("again").await;
    assert_eq!(answer(&events), "echo: again");
    let report = house.runtime.report().expect("it keeps processes");
    assert_eq!((report.processes.len(), report.processes[0].restarts), (1, 1), "{report:?}");
    let second = house.pid();
    assert_ne!(first, second);
    house.runtime.stop().await;
    let gone = format!("/proc/{}", second.expect("it ran"));
    eventually("nothing is left", || !std::path::Path::new(&gone).exists()).await;
}
