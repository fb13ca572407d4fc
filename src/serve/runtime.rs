//! Who executes turns: the native runtime or OpenCode with their key broker, and in tier `local` the demo model beside it. Roles that
//! own no sessions run none.

use crate::{
    artifacts::Artifacts,
    config::{Config, cluster::Tier},
    http::ExecutionIsolation,
};
use anyhow::Context;
use cowork_domain::{codes::Code, runtime_event::RuntimeEvent};
use cowork_runtime::{
    AllowedTools, RunningTurn, Runtime, TurnRequest,
    broker::{BrokerLimits, BrokerOptions, BudgetSource, KeyBroker, KeySource},
    demo::{self, DemoModel, DemoModelOptions},
    native::{Coalesce, NativeOptions, NativeRuntime, TurnLimits},
    opencode::OpenCodeRuntime,
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

/// The runtime and what it leans on.
pub(super) struct Agents {
    runtime: Arc<dyn Runtime>,
    opencode: Option<Arc<OpenCodeRuntime>>,
    broker: Option<KeyBroker>,
    demo: Option<DemoModel>,
    isolation: ExecutionIsolation,
}

impl Agents {
    pub(super) async fn start(
        config: &Config,
        keys: Arc<dyn KeySource>,
        budgets: Arc<dyn BudgetSource>,
        artifacts: &Artifacts,
    ) -> anyhow::Result<Self> {
        if !config.cluster.role.executes() {
            let isolation = ExecutionIsolation::nothing_runs();
            return Ok(Self { runtime: Arc::new(NoTurns), opencode: None, broker: None, demo: None, isolation });
        }
        let demo = match config.cluster.tier {
            Tier::Local if config.runtime.demo_model => Some(start_demo().await?),
            _ => None,
        };
        let table = config.providers.table.clone();
        let table = demo.iter().fold(table, |table, demo| table.with_demo(&demo.base_url()));
        let limits = BrokerLimits { silence: config.runtime.provider_silence, ..BrokerLimits::default() };
        let broker = KeyBroker::start(BrokerOptions { table, keys, budgets, outbound: Arc::default(), limits });
        let broker = broker.await.context("cannot start the key broker")?;
        if let Some(opencode) = super::opencode::start(config, &broker).await? {
            let is_own = opencode.report().is_some_and(|pool| pool.own_users && pool.own_networks);
            let (opencode, isolation) = (Arc::new(opencode), ExecutionIsolation::opencode(is_own));
            return Ok(Self { runtime: opencode.clone(), opencode: Some(opencode), broker: Some(broker), demo, isolation });
        }
        let options = NativeOptions {
            broker: broker.clone(),
            default_model: config.profile.model.clone(),
            tools: AllowedTools::new(config.profile.allowed_tools.as_deref()),
            workspaces: config.storage.workspaces_dir(),
            artifacts: Some(Arc::new(artifacts.clone())),
            limits: TurnLimits { turn: config.runtime.turn_timeout, silence: config.runtime.provider_silence, ..TurnLimits::default() },
            coalesce: Coalesce::default(),
        };
        let runtime = NativeRuntime::new(options).context("cannot set up the native runtime")?;
        let isolation = ExecutionIsolation::native(runtime.has_sandbox().await);
        Ok(Self { runtime: Arc::new(runtime), opencode: None, broker: Some(broker), demo, isolation })
    }

    pub(super) fn runtime(&self) -> Arc<dyn Runtime> {
        self.runtime.clone()
    }

    /// How the agents are kept apart on this machine.
    pub(super) fn isolation(&self) -> ExecutionIsolation {
        self.isolation.clone()
    }

    pub(super) async fn stop(self) {
        if let Some(opencode) = self.opencode {
            opencode.stop().await;
        }
        if let Some(broker) = self.broker {
            broker.stop();
        }
        if let Some(demo) = self.demo {
            demo.stop().await;
        }
    }
}

/// The runtime of a node that owns no sessions. It is never asked; if it were, the turn would end with an error instead of hanging.
struct NoTurns;

impl Runtime for NoTurns {
    fn start(&self, _turn: TurnRequest) -> RunningTurn {
        RunningTurn::spawn(|events, _| async move {
            let message = "this node executes nothing".to_owned();
            events.send(RuntimeEvent::Failed { code: Code::RuntimeFailed.as_str().to_owned(), message }).await.ok();
        })
    }
}

async fn start_demo() -> anyhow::Result<DemoModel> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    demo::start(DemoModelOptions { listen, require_key: None, log: None }).await.context("cannot start the demo model")
}
