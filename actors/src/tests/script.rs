//! A runtime that does what a prompt's text says.

use cowork_domain::runtime_event::RuntimeEvent;
use cowork_runtime::{Asks, RunningTurn, Runtime, TurnRequest};
use tokio::sync::mpsc;

/// `say X` answers X; `lose N` ends without a last word in the first N attempts; `wait` never ends;
/// `ask` waits for a person; `flood N` reports N deltas of 1 KiB.
pub(super) struct Script;

impl Runtime for Script {
    fn start(&self, turn: TurnRequest) -> RunningTurn {
        RunningTurn::spawn(move |reports, asks| async move { play(turn, reports, asks).await })
    }
}

async fn play(turn: TurnRequest, reports: mpsc::Sender<RuntimeEvent>, asks: Asks) {
    let (verb, argument) = turn.text.split_once(' ').unwrap_or((&turn.text, ""));
    let number = argument.parse::<u32>().unwrap_or(0);
    let delta = |delta: String| RuntimeEvent::Text { message: "m1".into(), delta, replace: false };
    match verb {
        "wait" => {
            reports.send(delta("started".into())).await.ok();
            std::future::pending::<()>().await;
        }
        "ask" => {
            let mut pending = asks.question("q1");
            reports.send(delta("asked".into())).await.ok();
            pending.answered().await;
        }
        "lose" if turn.attempt <= number => {
            reports.send(delta("half an ans".into())).await.ok();
            assert!(turn.attempt.is_multiple_of(2), "the script says that this attempt panics");
            return;
        }
        "flood" => {
            for _ in 0..number {
                reports.send(delta("x".repeat(1024))).await.ok();
            }
        }
        _ => {}
    }
    reports.send(RuntimeEvent::TextDone { message: "m1".into(), content: format!("{verb}: {argument}") }).await.ok();
    reports.send(RuntimeEvent::Finished).await.ok();
}
