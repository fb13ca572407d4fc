//! How the native runtime is set up.

use crate::{AllowedTools, ArtifactKeeper, broker::KeyBroker};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Everything the native runtime is given.
pub struct NativeOptions {
    /// The way to the models of the deployment's providers.
    pub broker: KeyBroker,
    /// Answers a prompt that names no model, as `provider/model`: the profile's choice.
    pub default_model: Option<String>,
    /// Which tools agents may use: the profile's choice.
    pub tools: AllowedTools,
    /// The folder that holds one workspace folder per session.
    pub workspaces: PathBuf,
    /// Where the files go that turns publish. Without it they stay in the workspace.
    pub artifacts: Option<Arc<dyn ArtifactKeeper>>,
    /// Bounds on what a turn may take.
    pub limits: TurnLimits,
    /// How streamed text is put together.
    pub coalesce: Coalesce,
}

/// Bounds on what a turn may take.
#[derive(Debug, Clone)]
pub struct TurnLimits {
    /// How long a provider may be silent before the turn fails.
    pub silence: Duration,
    /// How long a turn may work, without the time it waits for a person.
    pub turn: Duration,
    /// How often one model call is tried again after a failure that may pass.
    pub provider_retries: u32,
    /// The first pause between tries; it doubles, with jitter.
    pub retry_base: Duration,
    /// The longest `Retry-After` that is waited for.
    pub retry_after: Duration,
    /// How many model calls one turn may make.
    pub rounds: u32,
    /// The largest file that the tools read or write, in bytes.
    pub max_file_bytes: usize,
    /// The most text that one tool result may hand to the model, in bytes.
    pub max_tool_output: usize,
    /// How long a command may run.
    pub command: Duration,
}

impl Default for TurnLimits {
    fn default() -> Self {
        Self {
            silence: Duration::from_mins(1),
            turn: Duration::from_mins(30),
            provider_retries: 3,
            retry_base: Duration::from_millis(250),
            retry_after: Duration::from_secs(10),
            rounds: 32,
            max_file_bytes: 1 << 20,
            max_tool_output: 64 << 10,
            command: Duration::from_mins(2),
        }
    }
}

/// How streamed text is put together: the first piece goes out at once, then whatever arrived
/// within `delay`, or earlier when `bytes` are there.
#[derive(Debug, Clone, Copy)]
pub struct Coalesce {
    /// How long text may wait for more.
    pub delay: Duration,
    /// How much text goes out without waiting.
    pub bytes: usize,
}

impl Default for Coalesce {
    fn default() -> Self {
        Self { delay: Duration::from_millis(40), bytes: 1024 }
    }
}
