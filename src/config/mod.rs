//! Configuration: typed, complete, and refused as a whole when any part of it is wrong.
//!
//! Sources, weakest first: defaults, the file (`--config` or `OPEN_COWORK_CONFIG_PATH`), the environment
//! (`OPEN_COWORK_CLOUD_*`), command-line flags. A name or a value that nobody understands stops the start, because a setting
//! that silently has no effect is how deployments end up open.

pub mod abuse;
pub mod auth;
pub mod billing;
mod branding;
pub mod byok;
pub mod catalogue;
pub mod cluster;
mod cluster_rules;
pub mod dump;
mod environment;
pub mod execution;
mod file;
pub mod network;
pub mod node_link;
pub mod objects;
pub mod observability;
mod oidc_rules;
pub mod page;
pub mod problem;
pub mod production_rules;
pub mod profile;
pub mod project_sources;
pub mod providers;
pub mod retention;
mod role;
pub mod runtime;
pub mod runtime_choice;
pub mod schema;
pub mod secret;
mod secret_reference;
pub mod secrets;
pub mod server;
pub mod setting;
mod span;
pub mod sse;
mod start_rules;
pub mod storage;
pub mod values;

pub use environment::Environment;
pub use problem::ConfigError;
pub use secret::Secret;
pub(crate) use span::parse as parse_span;
pub use values::{Override, Values};

use file::ConfigFile;
use problem::Findings;
use std::path::PathBuf;

/// Everything that the program can be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Role, tier, node.
    pub cluster: cluster::ClusterConfig,
    /// The front door.
    pub server: server::ServerConfig,
    /// Who is let in.
    pub auth: auth::AuthConfig,
    /// What seals and opens customers' keys.
    pub secrets: secrets::SecretsConfig,
    /// Where the truth lives.
    pub storage: storage::StorageConfig,
    /// Files outside the database.
    pub objects: objects::ObjectsConfig,
    /// Quotas and rate limits.
    pub abuse: abuse::AbuseConfig,
    /// How turns are executed.
    pub runtime: runtime::RuntimeConfig,
    /// Bounds on the agents' processes.
    pub execution: execution::ExecutionConfig,
    /// Who answers them.
    pub providers: providers::ProvidersConfig,
    /// Event streams.
    pub sse: sse::SseConfig,
    /// How long records are kept.
    pub retention: retention::RetentionConfig,
    /// Logs.
    pub observability: observability::ObservabilityConfig,
    /// Provider keys that organisations bring.
    pub byok: byok::ByokConfig,
    /// Who bills, and for which plans.
    pub billing: billing::BillingConfig,
    /// Features and allow-lists.
    pub profile: profile::ProfileConfig,
    /// Projects that sessions may work on.
    pub project_sources: project_sources::ProjectSourcesConfig,
    /// `publicBranding` as clients get it.
    pub branding: serde_json::Value,
    /// The production rules that this deployment was excused from.
    pub waivers: Vec<production_rules::Waiver>,
}

/// What a configuration is made from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The environment.
    pub environment: Environment,
    /// The file that a flag names; without it the environment may name one.
    pub file: Option<PathBuf>,
    /// What command-line flags set.
    pub overrides: Vec<Override>,
}

/// A usable configuration, and what there is to say about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Every setting with its source.
    pub values: Values,
    /// What a person should know.
    pub warnings: Vec<String>,
}

impl Sources {
    /// Reads all sources and checks everything; fails with all problems at once.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        let mut findings = Findings::default();
        let path = self.file.clone().or_else(|| self.environment.config_file());
        let file = path.and_then(|path| ConfigFile::read(&path, &mut findings));
        let values = Values::merge(&self.environment, file.as_ref(), &self.overrides, &mut findings);
        let mut config = Config::read(&values, &self.environment, &mut findings);
        start_rules::check(&config, &values, &mut findings);
        config.waivers = production_rules::check(&config, &values, &mut findings);
        let warnings = findings.finish()?;
        Ok(Loaded { config, values, warnings })
    }
}

impl Config {
    fn read(values: &Values, environment: &Environment, findings: &mut Findings) -> Self {
        let cluster = cluster::ClusterConfig::read(values, environment, findings);
        let (role, tier) = (cluster.role, cluster.tier);
        let auth = auth::AuthConfig::read(values, environment, findings);
        Self {
            secrets: secrets::SecretsConfig::read(values, environment, role, tier, auth.secret_key.as_ref(), findings),
            cluster,
            server: server::ServerConfig::read(values, findings),
            auth,
            storage: storage::StorageConfig::read(values, findings),
            objects: objects::ObjectsConfig::read(values, findings),
            abuse: abuse::AbuseConfig::read(values, tier),
            runtime: runtime::RuntimeConfig::read(values, tier, findings),
            execution: execution::ExecutionConfig::read(values),
            providers: providers::ProvidersConfig::read(values, role, findings),
            sse: sse::SseConfig::read(values),
            retention: retention::RetentionConfig::read(values),
            observability: observability::ObservabilityConfig::read(values),
            byok: byok::ByokConfig::read(values, environment, role, findings),
            billing: billing::BillingConfig::read(values, environment, role, tier, findings),
            profile: profile::ProfileConfig::read(values, tier, findings),
            project_sources: project_sources::ProjectSourcesConfig::read(values, environment, role, findings),
            branding: branding::read(values),
            waivers: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
