//! A runtime and a demo model, and a person who answers.

use crate::keys::Keys;
use cowork_domain::{
    ids::{CommandId, OrgId, SessionId},
    provider::{ProviderId, ProviderTable},
    runtime_event::{Answer, RuntimeEvent, ToolReport, ToolStatus},
};
use cowork_runtime::{
    AllowedTools, Coalesce, HistoryMessage, NativeOptions, NativeRuntime, RunningTurn, Runtime, TurnLimits, TurnRequest,
    broker::{BrokerLimits, BrokerOptions, KeyBroker, NoBudgets},
    demo::{self, DemoModel, DemoModelOptions, RequestCount},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;
use uuid::Uuid;

/// Long enough for a slow machine; a test that reaches it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

pub(crate) struct House {
    pub(crate) demo: DemoModel,
    pub(crate) runtime: NativeRuntime,
    pub(crate) keys: Arc<Keys>,
    pub(crate) session: SessionId,
    folder: TempDir,
}

/// Limits under which retries are quick.
pub(crate) fn brisk() -> TurnLimits {
    TurnLimits { retry_base: Duration::from_millis(1), ..TurnLimits::default() }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(brisk(), None).await
    }

    /// A house whose agents may use these tools.
    pub(crate) async fn allowing(tools: &[&str]) -> Self {
        let tools: Vec<String> = tools.iter().map(|&tool| tool.to_owned()).collect();
        Self::build(brisk(), None, AllowedTools::new(Some(&tools))).await
    }

    /// A house whose demo model demands a key is reached through the broker, as a provider is.
    pub(crate) async fn with(limits: TurnLimits, require_key: Option<&str>) -> Self {
        Self::build(limits, require_key, AllowedTools::default()).await
    }

    async fn build(limits: TurnLimits, require_key: Option<&str>, tools: AllowedTools) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = Some(folder.path().join("demo.log"));
        let demo = DemoModelOptions { listen: ([127, 0, 0, 1], 0).into(), require_key: require_key.map(str::to_owned), log };
        let demo = demo::start(demo).await.expect("loopback is there");
        let keys = Keys::none();
        let table = if require_key.is_some() {
            keys.place(&org(), &house(), "right-key");
            table(&demo.base_url())
        } else {
            ProviderTable::builtin().with_demo(&demo.base_url())
        };
        let broker = broker(table, &keys, limits.silence).await;
        let options = NativeOptions { tools, ..options(&broker, folder.path().join("workspaces"), limits) };
        let runtime = NativeRuntime::new(options).expect("valid options");
        Self { demo, runtime, keys, session: SessionId::from_uuid(Uuid::new_v4()), folder }
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspaces").join(self.session.to_string())
    }

    pub(crate) fn log(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.folder.path().join("demo.log")).expect("the log is written");
        text.lines().map(|line| serde_json::from_str(line).expect("one JSON value per line")).collect()
    }

    pub(crate) fn request(&self, text: &str) -> TurnRequest {
        TurnRequest {
            session: self.session,
            org: org(),
            command: CommandId::from_uuid(Uuid::new_v4()),
            attempt: 1,
            text: text.to_owned(),
            agent: "build".to_owned(),
            model: None,
            history: Vec::new(),
        }
    }

    pub(crate) fn start(&self, text: &str) -> RunningTurn {
        self.runtime.start(self.request(text))
    }

    /// Runs a turn to its end; the person grants everything and answers every question with `A`.
    pub(crate) async fn run(&self, text: &str) -> Vec<RuntimeEvent> {
        finish(self.start(text), willing).await
    }

    pub(crate) async fn run_after(&self, history: Vec<HistoryMessage>, text: &str) -> Vec<RuntimeEvent> {
        finish(self.runtime.start(TurnRequest { history, ..self.request(text) }), willing).await
    }

    /// Waits until the demo model's request count is as wished.
    pub(crate) async fn requests(&self, wished: impl FnMut(&RequestCount) -> bool) -> RequestCount {
        let mut requests = self.demo.requests();
        let count = tokio::time::timeout(PATIENCE, requests.wait_for(wished)).await.expect("in time").expect("the demo model runs");
        *count
    }
}

/// The organisation of every turn.
pub(crate) fn org() -> OrgId {
    OrgId::new("org")
}

/// The provider that the tests have in their own house.
pub(crate) fn house() -> ProviderId {
    ProviderId::parse("house").expect("it is a name")
}

/// A table with one more provider: the one at this address.
pub(crate) fn table(base_url: &str) -> ProviderTable {
    table_of(
        serde_json::json!({ "kind": "openai-compatible", "baseUrl": base_url, "models": ["demo", "other"], "allowPrivateNetwork": true }),
    )
}

/// A table with one more provider: the one that is configured so.
pub(crate) fn table_of(provider: serde_json::Value) -> ProviderTable {
    let configured = serde_json::from_value(provider).expect("it is one");
    ProviderTable::builtin().with([(house(), configured)].into()).expect("a sound provider")
}

pub(crate) async fn broker(table: ProviderTable, keys: &Arc<Keys>, silence: Duration) -> KeyBroker {
    let limits = BrokerLimits { silence, ..BrokerLimits::default() };
    KeyBroker::start(BrokerOptions { table, keys: keys.clone(), budgets: Arc::new(NoBudgets), outbound: Arc::default(), limits })
        .await
        .expect("loopback is there")
}

pub(crate) fn runtime(broker: &KeyBroker, workspaces: PathBuf, limits: TurnLimits) -> NativeRuntime {
    NativeRuntime::new(options(broker, workspaces, limits)).expect("valid options")
}

fn options(broker: &KeyBroker, workspaces: PathBuf, limits: TurnLimits) -> NativeOptions {
    NativeOptions {
        broker: broker.clone(),
        default_model: None,
        tools: AllowedTools::default(),
        workspaces,
        artifacts: None,
        limits,
        coalesce: Coalesce::default(),
    }
}

/// Grants and answers `A`.
pub(crate) fn willing(event: &RuntimeEvent) -> Option<Answer> {
    match event {
        RuntimeEvent::PermissionRequested { id, .. } => Some(Answer::Permission { id: id.clone(), allowed: true }),
        RuntimeEvent::QuestionAsked { id, .. } => Some(Answer::Question { id: id.clone(), answers: vec!["A".into()] }),
        _ => None,
    }
}

/// Collects a turn's reports to the end.
pub(crate) async fn finish(mut turn: RunningTurn, person: impl Fn(&RuntimeEvent) -> Option<Answer>) -> Vec<RuntimeEvent> {
    let mut events = Vec::new();
    while let Some(event) = next(&mut turn).await {
        if let Some(answer) = person(&event) {
            assert!(turn.answers.answer(answer.clone()), "someone waits for {answer:?}");
            assert!(!turn.answers.answer(answer), "nobody waits twice");
        }
        events.push(event);
    }
    let ends = events.iter().filter(|event| matches!(event, RuntimeEvent::Finished | RuntimeEvent::Failed { .. })).count();
    assert_eq!(ends, 1, "a turn ends once: {events:?}");
    assert!(matches!(events.last(), Some(RuntimeEvent::Finished | RuntimeEvent::Failed { .. })), "and the end comes last: {events:?}");
    events
}

pub(crate) async fn next(turn: &mut RunningTurn) -> Option<RuntimeEvent> {
    tokio::time::timeout(PATIENCE, turn.events.recv()).await.expect("the turn goes on")
}

/// The texts of the finished messages.
pub(crate) fn answers(events: &[RuntimeEvent]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| if let RuntimeEvent::TextDone { content, .. } = event { Some(content.as_str()) } else { None })
        .collect()
}

/// What a client that only sees the streamed text and its replacements holds in the end.
pub(crate) fn streamed(events: &[RuntimeEvent], wanted: &str) -> String {
    events.iter().fold(String::new(), |mut text, event| {
        match event {
            RuntimeEvent::Text { message, delta, replace } if message == wanted => {
                if *replace {
                    text.clear();
                }
                text.push_str(delta);
            }
            RuntimeEvent::TextDone { message, content } if message == wanted => text.clone_from(content),
            _ => {}
        }
        text
    })
}

/// The ends of the tool calls.
pub(crate) fn tool_ends(events: &[RuntimeEvent]) -> Vec<(&str, ToolStatus, &str)> {
    events
        .iter()
        .filter_map(|event| match event {
            RuntimeEvent::Tool(ToolReport { name, status, output: Some(output), .. }) => Some((name.as_str(), *status, output.as_str())),
            _ => None,
        })
        .collect()
}

pub(crate) fn failure(events: &[RuntimeEvent]) -> &str {
    match events.last() {
        Some(RuntimeEvent::Failed { code, .. }) => code,
        other => panic!("expected a failure, got {other:?}"),
    }
}

pub(crate) fn retries(events: &[RuntimeEvent]) -> Vec<u32> {
    events.iter().filter_map(|event| if let RuntimeEvent::Retrying { attempt, .. } = event { Some(*attempt) } else { None }).collect()
}
