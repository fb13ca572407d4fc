//! What the front door needs to know of the configuration.

use crate::{
    artifacts::ArtifactOptions,
    billing::BillingOptions,
    config::{
        Config,
        abuse::{AbuseConfig, AuthBackoff, HttpRateLimit},
        auth as configured,
        profile::{self, ProfileConfig},
        runtime_choice::RuntimeChoice,
    },
    http::{
        BodyLimits, BrowserSessions, ByokOptions, ChannelOptions, DeliveryOptions, ExecutionIsolation, HttpOptions, Timeouts, UsageOptions,
    },
    identity::{
        AuthMode, AuthOptions, HeaderSecret, OperatorToken, SigningKey,
        oidc::{ClientSecret, OidcOptions, OidcProvider},
    },
    project_sources::SnapshotOptions,
};
use anyhow::Context;
use cowork_domain::{
    identity_claims::EmailDomains,
    limits::{BackoffRule, RateLimit},
    policy::{Feature, Features},
};
use cowork_runtime::{
    AllowedTools,
    native::{self, OfferedTool},
    opencode,
};
use std::{sync::Arc, time::Duration};

/// A window or a wait that is longer than this is a slip of the pen, and sums of times must not overflow.
const A_CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Whoever asks for a check waits a little longer than a check may take.
const CHECK_MARGIN: Duration = Duration::from_secs(2);

pub(super) fn options(config: &Config, auth: AuthOptions, billing: BillingOptions, execution_isolation: ExecutionIsolation) -> HttpOptions {
    let limits = config.server.body_limits;
    HttpOptions {
        public_url: config.server.public_url.clone(),
        cors_origin: config.server.cors_origin.clone(),
        role: config.cluster.role,
        tier: config.cluster.tier.as_str().to_owned(),
        profile_name: config.profile.name.clone(),
        profile_label: config.profile.label.clone(),
        profile_description: config.profile.description.clone(),
        features: features(&config.profile.features),
        allowed_agents: config.profile.allowed_agents.clone(),
        allowed_tools: config.profile.allowed_tools.clone(),
        tools: offered_tools(&config.profile),
        allowed_mcps: config.profile.allowed_mcps.clone(),
        project_sources: config.project_sources.rules.clone(),
        branding: config.branding.clone(),
        billing,
        byok: ByokOptions {
            table: config.providers.table.clone(),
            providers: config.byok.providers.clone(),
            references: config.byok.references.clone(),
            budget: config.byok.budget.clone(),
            validation_patience: config.byok.check_timeout + CHECK_MARGIN,
        },
        channels: ChannelOptions {
            bindings_per_org: config.abuse.quotas.max_gateway_channel_bindings,
            prompts_per_hour: config.abuse.quotas.max_gateway_prompts_per_hour,
        },
        deliveries: DeliveryOptions {
            per_hour: config.abuse.quotas.max_gateway_deliveries_per_hour,
            attempt_limit: config.abuse.channel_delivery_max_attempts,
        },
        usage: usage(&config.abuse),
        keep_alive: config.sse.keep_alive,
        auth,
        signup: config.auth.signup.clone(),
        token_rules: config.auth.tokens.rules(),
        browser_sessions: BrowserSessions {
            secure: config.auth.cookie.secure,
            lifetime: config.auth.cookie.lifetime,
            idle: config.auth.cookie.idle,
        },
        trusted_proxies: if config.server.trust_proxy_headers { config.server.trusted_proxies.clone() } else { Vec::new() },
        rate_limit: config.abuse.http_rate_limit.map(rate_limit),
        auth_backoff: config.abuse.auth_backoff.map(backoff),
        invites_per_hour: config.abuse.quotas.max_invites_per_hour,
        allow_remote_approvals: config.runtime.allow_remote_approvals,
        workspace_dir: config.cluster.role.executes().then(|| config.storage.workspaces_dir()),
        execution_isolation,
        body_limits: BodyLimits { json: bytes(limits.json), bulk: bytes(limits.upload) },
        timeouts: Timeouts::default(),
        max_connections: config.server.max_connections,
        max_streams_per_org: config.sse.max_streams_per_org,
        stream_lifetime: config.sse.max_lifetime,
    }
}

/// The tools of whatever executes turns. Where the workers decide about that, those that agents have either way.
fn offered_tools(profile: &ProfileConfig) -> Vec<OfferedTool> {
    let allowed = AllowedTools::new(profile.allowed_tools.as_deref());
    match profile.runtime {
        RuntimeChoice::Native => native::offered_tools(&allowed),
        RuntimeChoice::OpenCode | RuntimeChoice::Auto => opencode::offered_tools(&allowed),
    }
}

fn usage(abuse: &AbuseConfig) -> UsageOptions {
    let quotas = abuse.quotas;
    UsageOptions {
        is_recorded: abuse.enabled,
        prompts_per_hour: quotas.max_prompts_per_hour,
        workflow_runs_per_hour: quotas.max_workflow_runs_per_hour,
        gateway_prompts_per_hour: quotas.max_gateway_prompts_per_hour,
        gateway_deliveries_per_hour: quotas.max_gateway_deliveries_per_hour,
        worker_minutes_per_hour: quotas.max_worker_minutes_per_hour,
        artifact_bytes_per_day: quotas.max_artifact_bytes_per_day,
    }
}

pub(super) fn artifacts(config: &Config) -> ArtifactOptions {
    ArtifactOptions {
        bytes_per_day: config.abuse.quotas.max_artifact_bytes_per_day,
        direct_upload: config.objects.direct_upload,
        cleanup_batch: config.objects.cleanup_batch,
        cleanup_interval: config.objects.cleanup_interval,
    }
}

pub(super) fn snapshots(config: &Config) -> SnapshotOptions {
    SnapshotOptions {
        bytes_per_day: config.abuse.quotas.max_artifact_bytes_per_day,
        records_usage: config.abuse.enabled,
        cleanup_batch: config.objects.cleanup_batch,
        cleanup_interval: config.objects.cleanup_interval,
    }
}

fn rate_limit(limit: HttpRateLimit) -> RateLimit {
    RateLimit { window: limit.window.min(A_CENTURY), max_requests: limit.max_requests }
}

fn backoff(backoff: AuthBackoff) -> BackoffRule {
    let AuthBackoff { window, max_failures, wait } = backoff;
    BackoffRule { window: window.min(A_CENTURY), max_failures, wait: wait.min(A_CENTURY) }
}

/// How callers prove who they are; fails only where this machine can't make connections at all.
pub(super) fn auth(config: &Config) -> anyhow::Result<AuthOptions> {
    let auth = &config.auth;
    Ok(AuthOptions {
        mode: match auth.mode {
            configured::AuthMode::None => AuthMode::None,
            configured::AuthMode::Header => AuthMode::Header {
                secret: auth.header.secret.as_ref().map(|secret| HeaderSecret::new(secret.expose())),
                allow_unsigned: auth.header.allow_unsigned,
                max_age: auth.header.max_signature_age,
            },
            configured::AuthMode::Oidc => AuthMode::Oidc(Arc::new(provider(config)?)),
        },
        operator_token: auth.operator_token.as_ref().map(|token| OperatorToken::new(token.expose())),
        signing_key: auth.cookie.secret.as_ref().map(|secret| SigningKey::new(secret.expose())),
        single_org: auth.single_org.as_ref().map(|org| (org.id.clone(), org.name.clone())),
    })
}

fn provider(config: &Config) -> anyhow::Result<OidcProvider> {
    let oidc = &config.auth.oidc;
    let options = OidcOptions {
        issuer: oidc.issuer.clone().context("the start rules ask for an issuer")?,
        client_id: oidc.client_id.clone().context("the start rules ask for a client id")?,
        client_secret: oidc.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose())),
        callback_path: oidc.callback_path.clone(),
        allowed_email_domains: EmailDomains::of(&config.auth.allowed_email_domains),
    };
    OidcProvider::connect(options).context("no connection to an OpenID provider can be made")
}

fn features(profile: &profile::Features) -> Features {
    let mut features = Features::none();
    let switches = [
        (Feature::Chat, profile.chat),
        (Feature::Agents, profile.agents),
        (Feature::Artifacts, profile.artifacts),
        (Feature::ThreadIndex, profile.thread_index),
        (Feature::Workflows, profile.workflows),
        (Feature::Webhooks, profile.webhooks),
        (Feature::Settings, profile.settings),
        (Feature::CustomSkills, profile.custom_skills),
        (Feature::CustomAgents, profile.custom_agents),
        (Feature::CustomMcps, profile.custom_mcps),
        (Feature::Knowledge, profile.knowledge),
        (Feature::Channels, profile.channels),
        (Feature::Byok, profile.byok),
    ];
    for (feature, on) in switches {
        features.set(feature, on);
    }
    features
}

fn bytes(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
