//! What the front door needs to know of the configuration.

use crate::{
    config::{Config, auth::AuthMode, profile},
    http::{BodyLimits, CookieOptions, ExecutionIsolation, HttpOptions, Timeouts},
    identity::{
        AuthOptions, CookieSecret, HeaderSecret, OperatorToken,
        oidc::{ClientSecret, OidcOptions, OidcProvider},
    },
};
use anyhow::Context;
use cowork_domain::{
    identity_claims::EmailDomains,
    policy::{Feature, Features},
};
use std::sync::Arc;

pub(super) fn options(config: &Config, auth: AuthOptions, execution_isolation: ExecutionIsolation) -> HttpOptions {
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
        auth,
        cookies: cookies(config),
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

/// How callers prove who they are; fails only where this machine can't make connections at all.
pub(super) fn auth(config: &Config) -> anyhow::Result<AuthOptions> {
    let operator_token = config.auth.operator_token.as_ref().map(|token| OperatorToken::new(token.expose()));
    let header = &config.auth.header;
    Ok(match config.auth.mode {
        AuthMode::None => AuthOptions::None,
        AuthMode::Header => AuthOptions::Header {
            secret: header.secret.as_ref().map(|secret| HeaderSecret::new(secret.expose())),
            allow_unsigned: header.allow_unsigned,
            max_age: header.max_signature_age,
            operator_token,
        },
        AuthMode::Oidc => AuthOptions::Oidc { provider: Arc::new(provider(config)?), operator_token },
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

fn cookies(config: &Config) -> Option<CookieOptions> {
    let cookie = &config.auth.cookie;
    let secret = cookie.secret.as_ref()?;
    Some(CookieOptions { secret: CookieSecret::new(secret.expose()), secure: cookie.secure })
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
