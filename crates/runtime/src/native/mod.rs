//! The native runtime: chat with tools, in this process.

mod call;
mod chat_wire;
mod failure;
mod http;
mod options;
mod prompt;
mod providers;
mod reports;
mod text;
mod tools;
mod turn;

use crate::{ArtifactKeeper, RunningTurn, Runtime, TurnRequest};
pub use options::{Coalesce, NativeOptions, Provider, ProviderKind, TurnLimits};
use std::{path::PathBuf, sync::Arc};

/// Why the native runtime can't be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NativeError {
    /// The address of a provider is unusable.
    #[error("the address of provider {provider} is not an http or https url: {url}")]
    BaseUrl {
        /// The provider.
        provider: String,
        /// What is configured.
        url: String,
    },
    /// The key can't travel in a header.
    #[error("the key of provider {0} contains characters that a header can't carry")]
    Key(String),
    /// Two providers share a name.
    #[error("provider {0} is configured twice")]
    Duplicate(String),
    /// The default is not one of the providers.
    #[error("the default provider {0} is not configured")]
    UnknownDefault(String),
    /// The certificates of this machine can't be used.
    #[error("tls can't be set up: {0}")]
    Tls(String),
    /// The workspace folder can't be used.
    #[error("the workspace folder {path} can't be used: {source}")]
    Workspaces {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Talks to providers and runs tools in this process.
pub struct NativeRuntime {
    shared: Arc<Shared>,
}

/// What all turns share; made once, because at thousands of turns a second nothing may be made per turn that needn't.
struct Shared {
    providers: providers::Providers,
    sandbox: tools::Sandbox,
    workspaces: PathBuf,
    artifacts: Option<Arc<dyn ArtifactKeeper>>,
    limits: TurnLimits,
    coalesce: Coalesce,
}

impl NativeRuntime {
    /// Prepares everything that turns share.
    pub fn new(options: NativeOptions) -> Result<Self, NativeError> {
        // Fails if the process has a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        std::fs::create_dir_all(&options.workspaces)
            .map_err(|source| NativeError::Workspaces { path: options.workspaces.display().to_string(), source })?;
        let shared = Shared {
            providers: providers::Providers::new(options.providers, options.default_provider.as_deref(), &tools::definitions())?,
            sandbox: tools::Sandbox::default(),
            workspaces: options.workspaces,
            artifacts: options.artifacts,
            limits: options.limits,
            coalesce: options.coalesce,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Whether commands of agents run in a sandbox here. Without one they don't run at all. The first call tries it.
    pub async fn has_sandbox(&self) -> bool {
        self.shared.sandbox.is_there().await
    }
}

impl Runtime for NativeRuntime {
    fn start(&self, turn: TurnRequest) -> RunningTurn {
        let shared = Arc::clone(&self.shared);
        RunningTurn::spawn(|events, asks| turn::run(shared, turn, reports::Reports(events), asks))
    }
}
