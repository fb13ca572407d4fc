//! Whatever happens in whatever order, the promises hold.

use super::{Story, asks_to, calls, id, prompt, says};
use crate::{
    event::EventBody,
    ids::{CommandId, Sequence},
    runtime_event::{Question, RuntimeEvent, TaskReport, TaskStatus, ToolStatus},
    session::{CommandKind, CommandStatus, Decision, Effect, MAX_ATTEMPTS, SessionInput, SessionStatus},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;
use std::collections::HashMap;

#[derive(Debug, Clone)]
enum Step {
    Submit(u32, CommandKind),
    /// Reports of the running turn, or (`false`) of an attempt that isn't its own.
    Report(bool, Vec<RuntimeEvent>),
    Lose(bool),
    Resume,
    Park,
}

fn target() -> impl Strategy<Value = String> {
    select(vec!["a", "b", ""]).prop_map(str::to_owned)
}

fn kind() -> impl Strategy<Value = CommandKind> {
    prop_oneof![
        4 => Just(prompt("go")),
        1 => Just(CommandKind::Abort {}),
        1 => target().prop_map(|permission_id| CommandKind::PermissionRespond { permission_id, response: json!(true) }),
        1 => target().prop_map(|request_id| CommandKind::QuestionReply { request_id, answers: vec![json!("\u{0}")] }),
        1 => target().prop_map(|request_id| CommandKind::QuestionReject { request_id }),
    ]
}

fn report() -> impl Strategy<Value = RuntimeEvent> {
    let tool = (target(), select(vec![ToolStatus::Running, ToolStatus::Complete, ToolStatus::Error]));
    let task = (target(), select(vec![TaskStatus::Queued, TaskStatus::Running, TaskStatus::Complete]));
    let question = Question { header: String::new(), question: "Well?".to_owned(), options: Vec::new(), multiple: false, custom: true };
    prop_oneof![
        (select(vec!["m", "n", "user"]), "\\PC{0,4}").prop_map(|(message, delta)| says(message, &delta)),
        "\\PC{0,4}".prop_map(|content| RuntimeEvent::TextDone { message: "m".to_owned(), content }),
        tool.prop_map(|(id, status)| calls(&id, status)),
        task.prop_map(|(id, status)| RuntimeEvent::Task(TaskReport {
            id,
            title: String::new(),
            agent: None,
            status,
            content: String::new(),
            error: None
        })),
        target().prop_map(|id| asks_to(&id)),
        target().prop_map(move |id| RuntimeEvent::QuestionAsked { id, questions: vec![question.clone()], tool_call: Some("t".to_owned()) }),
        Just(RuntimeEvent::Retrying { attempt: 2, reason: "busy".to_owned() }),
        Just(RuntimeEvent::Finished),
        ".{0,8}".prop_map(|code| RuntimeEvent::Failed { code, message: "\u{0}".to_owned() }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12_u32, kind()).prop_map(|(number, kind)| Step::Submit(number, kind)),
        6 => (prop::bool::weighted(0.9), vec(report(), 0..4)).prop_map(|(own, events)| Step::Report(own, events)),
        1 => any::<bool>().prop_map(Step::Lose),
        1 => Just(Step::Resume),
        1 => Just(Step::Park),
    ]
}

/// Checks every decision as the journal would.
struct Witness {
    story: Story,
    rows: HashMap<CommandId, (CommandStatus, u32)>,
    /// Prompts by how often they ended.
    ended: HashMap<CommandId, u32>,
}

impl Witness {
    fn sees(&mut self, step: Step) -> Result<(), TestCaseError> {
        let running = self.story.state.running.as_ref().map(|running| (running.command.id, running.command.attempt));
        let (command, attempt) = running.unwrap_or((id(999), 1));
        let decision = match step {
            // The store refuses an id that it has already; only the session's own memory is asked here.
            Step::Submit(number, _) if self.rows.get(&id(number)).is_some_and(|(status, _)| status.is_final()) => return Ok(()),
            Step::Submit(number, kind) => self.story.submits(number, kind),
            Step::Report(own, events) => {
                let decision = self.story.reports_of(command, if own { attempt } else { attempt + 1 }, events);
                prop_assert!(running.is_some() && own || decision.changes.is_empty(), "a stale report changed something");
                decision
            }
            Step::Lose(own) => self.story.does(SessionInput::TurnLost { command, attempt: if own { attempt } else { attempt + 1 } }),
            Step::Resume => self.story.does(SessionInput::Resume),
            Step::Park => self.story.does(SessionInput::Park),
        };
        self.checks(&decision)
    }

    fn checks(&mut self, decision: &Decision) -> Result<(), TestCaseError> {
        for row in &decision.changes.commands {
            let former = self.rows.insert(row.id, (row.status, row.attempt));
            prop_assert_eq!(row.is_new, former.is_none());
            if let Some((status, attempt)) = former {
                let parked = status == CommandStatus::Running && row.status == CommandStatus::Pending && row.attempt < attempt;
                let retried = status == CommandStatus::Running && row.status == status && row.attempt == attempt + 1;
                prop_assert!(row.status > status || parked || retried, "{status:?} → {:?}", row.status);
            }
            prop_assert!(row.attempt <= MAX_ATTEMPTS);
            if row.status.is_final() && matches!(row.kind, CommandKind::Prompt { .. }) {
                *self.ended.entry(row.id).or_default() += 1;
            }
        }
        let running: Vec<_> = self.rows.iter().filter(|(_, (status, _))| *status == CommandStatus::Running).collect();
        prop_assert!(running.len() <= 1, "two prompts run");
        let state = &self.story.state;
        let of_state = state.running.as_ref().map(|running| running.command.id);
        prop_assert_eq!(running.first().map(|(id, _)| **id), of_state);
        for effect in &decision.effects {
            if let Effect::StartTurn { command, attempt, .. } = effect {
                let running = state.running.as_ref().map(|running| (running.command.id, running.command.attempt));
                prop_assert_eq!(Some((*command, *attempt)), running);
            }
        }
        if state.running.is_none() {
            prop_assert!(!self.story.has_open_work(), "something stayed open");
            prop_assert!(state.projection.status() != SessionStatus::Running && !state.projection.is_generating());
        }
        Ok(())
    }

    /// From here on the runtime always answers.
    fn finishes(&mut self) -> Result<(), TestCaseError> {
        self.sees(Step::Resume)?;
        for _ in 0..100 {
            self.sees(Step::Report(true, vec![RuntimeEvent::Finished]))?;
        }
        prop_assert!(!self.story.state.has_work());
        prop_assert!(self.rows.values().all(|(status, _)| status.is_final()));
        prop_assert!(self.ended.values().all(|times| *times == 1), "a prompt ended twice");
        for (event, sequence) in self.story.log.iter().zip(1..) {
            prop_assert_eq!(event.sequence, Sequence(sequence));
            let read = EventBody::read(event.body.event_type(), &event.body.payload());
            prop_assert_eq!(read.as_ref(), Ok(&event.body));
        }
        Ok(())
    }
}

impl Story {
    fn reports_of(&mut self, command: CommandId, attempt: u32, events: Vec<RuntimeEvent>) -> Decision {
        self.does(SessionInput::Runtime { command, attempt, events })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn one_prompt_runs_each_ends_once_and_nothing_stays_open(steps in vec(step(), 0..40)) {
        let mut witness = Witness { story: Story::begin(), rows: HashMap::new(), ended: HashMap::new() };
        for step in steps {
            witness.sees(step)?;
        }
        witness.finishes()?;
    }
}
