//! What the front door needs to know, as plain data. Whoever starts the node builds it from the
//! configuration; nothing in here reads the environment.

use super::{
    byok::ByokOptions,
    channels::{ChannelOptions, DeliveryOptions},
    usage::UsageOptions,
};
use crate::{
    billing::BillingOptions,
    config::{cluster::Role, network::Network},
    identity::AuthOptions,
};
use cowork_domain::{
    limits::{BackoffRule, RateLimit},
    policy::Features,
    project_source::ProjectSourceRules,
    signup::SignupRules,
    token::TokenRules,
};
use cowork_runtime::native::OfferedTool;
use std::{path::PathBuf, time::Duration};

/// Everything configurable about HTTP.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Where clients reach this deployment, if it is known.
    pub public_url: Option<String>,
    /// The one foreign origin whose pages may call us.
    pub cors_origin: Option<String>,
    /// What this process does; only roles that serve clients answer the API.
    pub role: Role,
    /// `local`, `self_host_beta`, …
    pub tier: String,
    /// Name of the deployment's profile.
    pub profile_name: String,
    /// How people see the profile.
    pub profile_label: String,
    /// What the profile is for.
    pub profile_description: String,
    /// Which features the profile has.
    pub features: Features,
    /// Agents that a prompt may name; none means any.
    pub allowed_agents: Option<Vec<String>>,
    /// Tools that agents may use; none means any.
    pub allowed_tools: Option<Vec<String>>,
    /// The tools that agents have, as far as they may use them.
    pub tools: Vec<OfferedTool>,
    /// MCP servers that agents may use; none means any.
    pub allowed_mcps: Option<Vec<String>>,
    /// Which projects sessions may work on.
    pub project_sources: ProjectSourceRules,
    /// What `/api/config` shows as `publicBranding`; null leaves it to the client.
    pub branding: serde_json::Value,
    /// Who bills, and for which plans.
    pub billing: BillingOptions,
    /// Provider keys that organisations bring.
    pub byok: ByokOptions,
    /// Limits of channels.
    pub channels: ChannelOptions,
    /// Limits of deliveries to chats.
    pub deliveries: DeliveryOptions,
    /// Whether usage is recorded, and what the summary of it shows as limits.
    pub usage: UsageOptions,
    /// How requests prove who sends them.
    pub auth: AuthOptions,
    /// Who becomes a member.
    pub signup: SignupRules,
    /// What API tokens may be.
    pub token_rules: TokenRules,
    /// Whether browsers keep their cookies to https, and how long a browser stays signed in.
    pub browser_sessions: BrowserSessions,
    /// The proxies whose word about their clients' addresses counts.
    pub trusted_proxies: Vec<Network>,
    /// Requests per address, organisation and token; none counts nothing.
    pub rate_limit: Option<RateLimit>,
    /// The wait after rejected credentials; none lets everybody try as often as they like.
    pub auth_backoff: Option<BackoffRule>,
    /// Invitations of one organisation within an hour; none counts nothing.
    pub invites_per_hour: Option<u64>,
    /// Permissions and questions may be answered from here (contract 01, remote approval policy).
    pub allow_remote_approvals: bool,
    /// Where session files live; readiness checks that it can be written. None where no such folder is used.
    pub workspace_dir: Option<PathBuf>,
    /// How agents are kept apart, as readiness shows it, and whether that is good enough.
    pub execution_isolation: ExecutionIsolation,
    /// Sizes of request bodies.
    pub body_limits: BodyLimits,
    /// Patience.
    pub timeouts: Timeouts,
    /// Connections at the same time; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Streams of one organisation at the same time, subscriptions of WebSockets included.
    pub max_streams_per_org: usize,
    /// How often a stream of deliveries says that it is there.
    pub keep_alive: Duration,
    /// A stream ends cleanly after this time, and its client resumes by cursor.
    pub stream_lifetime: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            cors_origin: None,
            role: Role::AllInOne,
            tier: "local".to_owned(),
            profile_name: "full".to_owned(),
            profile_label: "Full".to_owned(),
            profile_description: String::new(),
            features: Features::default(),
            allowed_agents: None,
            allowed_tools: None,
            tools: Vec::new(),
            allowed_mcps: None,
            project_sources: ProjectSourceRules::default(),
            branding: serde_json::Value::Null,
            billing: BillingOptions::default(),
            byok: ByokOptions::default(),
            channels: ChannelOptions::default(),
            deliveries: DeliveryOptions::default(),
            usage: UsageOptions::default(),
            auth: AuthOptions::default(),
            signup: SignupRules::default(),
            token_rules: TokenRules::default(),
            browser_sessions: BrowserSessions::default(),
            trusted_proxies: Vec::new(),
            rate_limit: None,
            auth_backoff: None,
            invites_per_hour: None,
            allow_remote_approvals: true,
            workspace_dir: None,
            execution_isolation: ExecutionIsolation::default(),
            body_limits: BodyLimits::default(),
            timeouts: Timeouts::default(),
            max_connections: 10_000,
            max_streams_per_org: 200,
            keep_alive: Duration::from_secs(10),
            stream_lifetime: Duration::from_secs(30 * 60),
        }
    }
}

/// How long a browser stays signed in (contract 00 §3.6).
#[derive(Debug, Clone, Copy)]
pub struct BrowserSessions {
    /// Whether browsers send their cookies over https only.
    pub secure: bool,
    /// A session ends after this time in any case.
    pub lifetime: Duration,
    /// And after this time without a request.
    pub idle: Duration,
}

impl Default for BrowserSessions {
    fn default() -> Self {
        Self { secure: true, lifetime: Duration::from_secs(8 * 3600), idle: Duration::from_secs(4 * 3600) }
    }
}

/// How agents are kept apart, for `/readyz`.
#[derive(Debug, Clone)]
pub struct ExecutionIsolation {
    /// Good enough for this tier.
    pub acceptable: bool,
    /// `provider=…;engine=…`, without secrets and paths.
    pub detail: String,
}

impl ExecutionIsolation {
    /// Agents talk in this process. Their commands run in a sandbox that was tried, or not at all: either is good enough.
    pub fn native(has_sandbox: bool) -> Self {
        let detail = if has_sandbox {
            "provider=bubblewrap;engine=native;verified=true"
        } else {
            "provider=none;engine=native;verified=true;commands=refused"
        };
        Self { acceptable: true, detail: detail.to_owned() }
    }

    /// Agents are OpenCode's, in a sandbox that was tried, and their commands in another one inside of it. Only root can give each
    /// organisation's process a user and a network of its own.
    pub fn opencode(is_own: bool) -> Self {
        let whose = if is_own { "own" } else { "shared" };
        Self { acceptable: true, detail: format!("provider=bubblewrap;engine=opencode;verified=true;users={whose};networks={whose}") }
    }

    /// This role runs no agents.
    pub fn nothing_runs() -> Self {
        Self { acceptable: true, detail: "provider=none;engine=none".to_owned() }
    }
}

impl Default for ExecutionIsolation {
    fn default() -> Self {
        Self::native(false)
    }
}

/// Largest request bodies, in bytes (contract 00 §2).
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Every route but those below.
    pub json: usize,
    /// Routes that take whole sessions or files.
    pub bulk: usize,
}

impl BodyLimits {
    /// One limit for all routes.
    pub const fn uniform(bytes: usize) -> Self {
        Self { json: bytes, bulk: bytes }
    }
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { json: 1024 * 1024, bulk: 35 * 1024 * 1024 }
    }
}

/// How long the server waits for a client (contract 00 §2), and for itself.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until the headers of a request are there; also how long an unused connection stays open.
    pub headers: Duration,
    /// Until the body of a request is there.
    pub body: Duration,
    /// For requests that run when the server stops.
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { headers: Duration::from_secs(20), body: Duration::from_secs(30), drain: Duration::from_secs(10) }
    }
}
