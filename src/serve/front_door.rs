//! What the front door needs to know of the configuration.

use crate::{
    config::{Config, auth as configured, profile},
    http::{BodyLimits, BrowserSessions, ExecutionIsolation, HttpOptions, Timeouts},
    identity::{AuthMode, AuthOptions, HeaderSecret, OperatorToken, SigningKey},
};
use cowork_domain::policy::{Feature, Features};

pub(super) fn options(config: &Config, execution_isolation: ExecutionIsolation) -> HttpOptions {
    let limits = config.server.body_limits;
    HttpOptions {
        public_url: config.server.public_url.clone(),
        cors_origin: config.server.cors_origin.clone(),
        role: config.cluster.role,
        tier: config.cluster.tier.as_str().to_owned(),
        profile_name: config.profile.name.clone(),
        features: features(&config.profile.features),
        allowed_agents: config.profile.allowed_agents.clone(),
        allowed_tools: config.profile.allowed_tools.clone(),
        allowed_mcps: config.profile.allowed_mcps.clone(),
        branding: config.branding.clone(),
        auth: auth(config),
        signup: config.auth.signup.clone(),
        token_rules: config.auth.tokens.rules(),
        browser_sessions: BrowserSessions {
            secure: config.auth.cookie.secure,
            lifetime: config.auth.cookie.lifetime,
            idle: config.auth.cookie.idle,
        },
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

fn auth(config: &Config) -> AuthOptions {
    let auth = &config.auth;
    AuthOptions {
        mode: match auth.mode {
            configured::AuthMode::None => AuthMode::None,
            configured::AuthMode::Header => AuthMode::Header {
                secret: auth.header.secret.as_ref().map(|secret| HeaderSecret::new(secret.expose())),
                allow_unsigned: auth.header.allow_unsigned,
                max_age: auth.header.max_signature_age,
            },
        },
        operator_token: auth.operator_token.as_ref().map(|token| OperatorToken::new(token.expose())),
        signing_key: auth.cookie.secret.as_ref().map(|secret| SigningKey::new(secret.expose())),
        single_org: auth.single_org.as_ref().map(|org| (org.id.clone(), org.name.clone())),
    }
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
