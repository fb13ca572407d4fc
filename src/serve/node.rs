//! What the node needs to know of the configuration.

use crate::config::{
    Config,
    cluster::{ClusterConfig, Role},
};
use cowork_actors::{
    AuditRetention, ChannelRetention, FeedOptions, KeyCheckOptions, LinkOptions, LinkSecret, LinkTls, NodeOptions, NodeRole,
    ProjectFetcher, WorkspaceOptions,
};
use cowork_domain::admission::OrgLimits;
use cowork_objects::{Objects, archive::ArchiveLimits};
use std::{sync::Arc, time::Duration};

/// One journal lane for two cores. While a lane commits, the next batch gathers: with half as many lanes batches are twice as
/// large, and what a batch costs the database besides its rows is paid half as often. On two cores that PostgreSQL shares, one
/// lane instead of two takes a sixth less of its time for each prompt, and three nodes do a fifth more prompts.
const CORES_PER_LANE: usize = 2;

/// No more than a database shares with us usefully.
const MOST_LANES: usize = 8;

/// A lease is renewed well before the node would have to give up by itself, at 60 % of it.
const RENEWALS_PER_LEASE: u32 = 5;

pub(super) fn options(config: &Config, objects: Objects, projects: Option<Arc<dyn ProjectFetcher>>) -> NodeOptions {
    let (cluster, quotas) = (&config.cluster, config.abuse.quotas);
    NodeOptions {
        name: cluster.node_id.clone(),
        address: cluster.link.as_ref().map(|link| link.address.to_string()).unwrap_or_default(),
        role: match cluster.role {
            Role::AllInOne => NodeRole::AllInOne,
            Role::Web => NodeRole::Web,
            Role::Worker => NodeRole::Worker,
            Role::Scheduler => NodeRole::Scheduler,
        },
        links: links(cluster),
        lease: cluster.lease,
        renew_every: (cluster.lease / RENEWALS_PER_LEASE).min(Duration::from_secs(1)),
        lanes: std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(CORES_PER_LANE).min(MOST_LANES)),
        passivate_after: config.runtime.idle,
        org_limits: OrgLimits {
            concurrent_sessions: quotas.max_concurrent_sessions,
            queued_commands: quotas.max_queued_commands,
            queue_age_ms: quotas.max_queue_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            prompts_per_hour: quotas.max_prompts_per_hour,
        },
        billing: super::billing::rules(config),
        records_usage: config.abuse.enabled,
        audit_retention: config.retention.audit_events.map(|age| AuditRetention {
            age,
            every: config.retention.interval,
            seals_per_run: config.retention.max_batches,
        }),
        channel_retention: ChannelRetention {
            deliveries: config.retention.channel_deliveries,
            interactions: config.retention.channel_interactions,
            every: config.retention.interval,
        },
        key_checks: KeyCheckOptions { rules: config.byok.checks, limit: config.byok.check_timeout, ..KeyCheckOptions::default() },
        workspaces: cluster.role.executes().then(|| WorkspaceOptions {
            folder: config.storage.workspaces_dir(),
            objects,
            limits: ArchiveLimits::default(),
            checkpoints: config.objects.checkpoints,
            projects,
        }),
        project_sources: config.project_sources.rules.clone(),
        feed: FeedOptions { keep_alive: config.sse.keep_alive, ..FeedOptions::default() },
        ..NodeOptions::default()
    }
}

fn links(cluster: &ClusterConfig) -> Option<LinkOptions> {
    let link = cluster.link.as_ref()?;
    let secret = cluster.secret.as_ref().expect("a start rule asks for the secret wherever there is an address");
    Some(LinkOptions {
        name: cluster.node_id.clone(),
        listen: link.listen,
        secret: LinkSecret::new(secret.expose().clone()),
        tls: cluster.tls.as_ref().map(|tls| LinkTls {
            certificate: tls.certificate.clone(),
            key: tls.key.clone(),
            authority: tls.authority.clone(),
        }),
        ..LinkOptions::default()
    })
}
