//! How turns are executed.

use super::cluster::Tier;
use super::problem::Findings;
use super::setting::{Kind, Setting};
use super::values::{Source, Values};
use std::time::Duration;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("DEMO_MODEL", Kind::Flag, "run the built-in demo model, in tier local only (default there: on)"),
    Setting::new("ALLOW_REMOTE_APPROVALS", Kind::Flag, "let people answer permissions and questions from where they are")
        .or("true")
        .file("runtime.allowRemoteApprovalResponses"),
    Setting::new("TURN_TIMEOUT_MS", Kind::Millis(1000), "how long one turn may take").or("1800000"),
    Setting::new("PROVIDER_SILENCE_MS", Kind::Millis(100), "how long a model provider may be silent before the turn fails").or("60000"),
    Setting::new("ACTOR_IDLE_MS", Kind::Millis(100), "when an idle session gives its memory back").or("120000"),
    Setting::new("RUNTIME_CONFIG_SOURCE", Kind::Choice(&["app"]), "upstream's source of runtime settings")
        .file_only()
        .file("runtime.configSource")
        .later(),
    Setting::new("RUNTIME_LAUNCHER", Kind::Text, "upstream's launcher of runtimes").file_only().file("runtime.launcher").later(),
    Setting::new("ALLOW_MACHINE_RUNTIME_CONFIG", Kind::Flag, "let runtimes read the machine's own settings")
        .or("false")
        .file_only()
        .file("runtime.allowMachineRuntimeConfig")
        .later(),
    Setting::new("ALLOW_LOCAL_STDIO_MCPS", Kind::Flag, "let runtimes start local MCP servers")
        .or("false")
        .file_only()
        .file("runtime.allowLocalStdioMcps")
        .later(),
    Setting::new("ALLOW_HOST_PROJECT_DIRECTORIES", Kind::Flag, "let sessions use directories of the host")
        .or("false")
        .file_only()
        .file("runtime.allowHostProjectDirectories")
        .later(),
    Setting::new("ALLOWED_LOCAL_MCP_NAMES", Kind::List, "the local MCP servers that may be started")
        .file_only()
        .file("runtime.allowedLocalMcpNames")
        .later(),
    Setting::new("ALLOWED_HOST_PROJECT_DIRECTORIES", Kind::List, "the directories that sessions may use")
        .file_only()
        .file("runtime.allowedHostProjectDirectories")
        .later(),
];

/// The `runtime` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeConfig {
    /// Whether the built-in model server runs beside the cloud.
    pub demo_model: bool,
    /// Whether permissions and questions may be answered over the API.
    pub allow_remote_approvals: bool,
    /// How long a turn may take.
    pub turn_timeout: Duration,
    /// How long a provider may be silent.
    pub provider_silence: Duration,
    /// When an idle session is passivated.
    pub idle: Duration,
}

impl RuntimeConfig {
    pub(super) fn read(values: &Values, tier: Tier, findings: &mut Findings) -> Self {
        let demo_model = match values.source("DEMO_MODEL") {
            Source::Default => tier == Tier::Local,
            _ => values.flag("DEMO_MODEL"),
        };
        if demo_model && tier != Tier::Local {
            findings.problem("OPEN_COWORK_CLOUD_DEMO_MODEL is on, but the demo model exists in tier local only");
        }
        Self {
            demo_model,
            allow_remote_approvals: values.flag("ALLOW_REMOTE_APPROVALS"),
            turn_timeout: values.millis("TURN_TIMEOUT_MS"),
            provider_silence: values.millis("PROVIDER_SILENCE_MS"),
            idle: values.millis("ACTOR_IDLE_MS"),
        }
    }
}
