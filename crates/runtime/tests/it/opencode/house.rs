//! An OpenCode runtime on the real program, and a demo model behind it.

use super::program;
use crate::{
    house::{broker, finish, house, org, table, table_of, willing},
    keys::Keys,
};
use cowork_domain::{
    ids::{CommandId, SessionId},
    provider::ProviderTable,
    runtime_event::{RuntimeEvent, ToolReport, ToolStatus},
};
use cowork_runtime::{
    AllowedTools, Coalesce, RunningTurn, Runtime as _, TurnLimits, TurnRequest,
    demo::{self, DemoModel, DemoModelOptions},
    opencode::{OpenCodeOptions, OpenCodeRuntime, PoolLimits},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{os::unix::fs::PermissionsExt, path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const KEY: &str = "the-customers-key-4711";

/// A runtime and what it stands on.
pub(crate) struct OpenHouse {
    pub(crate) runtime: OpenCodeRuntime,
    pub(crate) session: SessionId,
    pub(crate) keys: Arc<Keys>,
    pub(crate) folder: TempDir,
    demo: DemoModel,
}

impl OpenHouse {
    /// With a provider that demands the customer's key, or with the demo model that demands none. Nothing where OpenCode can't run.
    pub(crate) async fn new(demands_key: bool) -> Option<Self> {
        Self::with(demands_key, None).await
    }

    /// With a provider that is configured so, and the customer's key for it.
    pub(crate) async fn on(provider: serde_json::Value) -> Option<Self> {
        Self::with(true, Some(provider)).await
    }

    async fn with(demands_key: bool, provider: Option<serde_json::Value>) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Agents run as somebody else, who must get through.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).expect("our own folder");
        let program = program::program(folder.path()).await?;
        let log = Some(folder.path().join("demo.log"));
        let require_key = demands_key.then(|| KEY.to_owned());
        let demo = demo::start(DemoModelOptions { listen: ([127, 0, 0, 1], 0).into(), require_key, log }).await.expect("loopback is there");
        let keys = Keys::none();
        let table = if demands_key {
            keys.place(&org(), &house(), KEY);
            provider.map_or_else(|| table(&demo.base_url()), table_of)
        } else {
            ProviderTable::builtin().with_demo(&demo.base_url())
        };
        let limits = TurnLimits { silence: Duration::from_secs(120), provider_retries: 1, ..TurnLimits::default() };
        let broker = broker(table, &keys, limits.silence).await;
        let options = OpenCodeOptions {
            program,
            directory: folder.path().join("opencode"),
            workspaces: folder.path().join("workspaces"),
            default_model: None,
            tools: AllowedTools::default(),
            limits,
            coalesce: Coalesce::default(),
            pool: PoolLimits { processes: 1, ..PoolLimits::default() },
        };
        let runtime = OpenCodeRuntime::new(options, broker).await.expect("it was tried out");
        Some(Self { runtime, session: SessionId::from_uuid(Uuid::new_v4()), keys, folder, demo })
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

    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspaces").join(self.session.to_string())
    }

    /// The requests that the model saw.
    pub(crate) fn model_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("demo.log")).unwrap_or_default()
    }

    /// How many requests the model works on.
    pub(crate) fn at_work(&self) -> u64 {
        let count = *self.demo.requests().borrow();
        count.begun - count.ended
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.runtime.report()?.processes.first()?.running.as_ref().map(|running| running.pid)
    }

    /// Kills the process as the kernel would.
    pub(crate) fn kill(&self) {
        kill(Pid::from_raw(self.pid().expect("it runs")), Signal::SIGKILL).expect("it runs");
    }
}

/// The whole text of a turn's answer.
pub(crate) fn answer(events: &[RuntimeEvent]) -> String {
    let done =
        events.iter().filter_map(|event| if let RuntimeEvent::TextDone { content, .. } = event { Some(content.as_str()) } else { None });
    done.collect::<Vec<_>>().join("\n")
}

/// The last report of each tool call.
pub(crate) fn tools(events: &[RuntimeEvent]) -> Vec<(String, ToolStatus, String)> {
    let ended = |tool: &ToolReport| tool.status != ToolStatus::Running;
    let tools = events.iter().filter_map(|event| if let RuntimeEvent::Tool(tool) = event { Some(tool) } else { None });
    tools.filter(|tool| ended(tool)).map(|tool| (tool.name.clone(), tool.status, tool.output.clone().unwrap_or_default())).collect()
}

pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + crate::house::PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
