//! The two bindings of a run, each with a gateway's token.

use super::{CommonArgs, Progress};
use crate::cli::load::{population, wall_clock};
use anyhow::Context;
use cowork_client::{
    ClaimedDelivery, Client, ClientError, ClientOptions, Credentials, DeliveryClaim, DeliveryOutcome, NewApiToken, NewDelivery,
    SignedHeaders,
};
use cowork_domain::{
    channel::ids::{AgentId, ChannelBindingId},
    principal::Role,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

const SETUP_CONCURRENCY: usize = 16;
/// Slots of the gateway that fails.
const SLOTS: u32 = 8;
/// It tries again after this.
const RETRY_MS: i64 = 1_000;
/// Longer than a run takes to say what became of a claim.
const TTL_MS: u64 = 600_000;

/// A binding whose chat system answers, and one whose doesn't.
pub(super) struct Channels {
    pub(super) alive: Channel,
    pub(super) dead: Channel,
}

/// One binding, and who serves it.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    gateway: Client,
    agent: AgentId,
    binding: ChannelBindingId,
    provider: &'static str,
}

impl Channels {
    /// Makes both in an organisation of their own.
    pub(super) async fn create(common: &CommonArgs) -> anyhow::Result<Self> {
        let secret = common.header_secret.as_ref().context("this scenario needs --header-secret: it makes an organisation of its own")?;
        let shared = Client::new(ClientOptions::new(&common.connection.url, Credentials::None))?;
        shared.livez().await.with_context(|| format!("{} does not answer; is the cloud running there?", common.connection.url))?;
        let tenant = format!("load-{}-1", common.tag.clone().unwrap_or_else(population::fresh_tag));
        let owner = shared.with_credentials(&Credentials::SignedHeaders(SignedHeaders {
            secret: secret.clone(),
            tenant_name: tenant.clone(),
            user: "owner".to_owned(),
            email: format!("owner@{tenant}.test"),
            role: Role::Owner,
            tenant,
        }))?;
        let agent = owner.create_headless_agent("Load").await.context("an agent could not be made")?;
        let channel = async |provider: &'static str| {
            let binding = owner.create_channel_binding(&agent, provider, provider).await.context("a binding could not be made")?;
            let new = NewApiToken {
                name: format!("load {provider}"),
                scopes: vec!["gateway".to_owned()],
                expires_at: None,
                channel_binding_ids: vec![binding.clone()],
            };
            let token = owner.create_api_token(&new).await.context("a gateway's token could not be issued")?;
            let gateway = shared.with_credentials(&Credentials::Bearer(token.plaintext))?;
            anyhow::Ok(Channel { gateway, agent: agent.clone(), binding, provider })
        };
        Ok(Self { alive: channel("telegram").await?, dead: channel("webhook").await? })
    }
}

impl Channel {
    /// Makes a delivery for a chat.
    pub(super) async fn deliver(&self, id: &str, chat: &str) -> Result<(), ClientError> {
        let new = NewDelivery {
            agent_id: &self.agent,
            channel_binding_id: &self.binding,
            provider: self.provider,
            event_type: "assistant.message",
            target: json!({ "externalChatId": chat }),
            payload: json!({ "text": "something that nobody asked for just now" }),
            delivery_id: id,
        };
        self.gateway.create_delivery(&new).await
    }

    /// Takes what is due, or waits for it.
    pub(super) async fn claim(&self, max: u32, wait: Duration) -> Result<Vec<ClaimedDelivery>, ClientError> {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let claim = DeliveryClaim { channel_binding_ids: [&self.binding], max, wait_ms, ttl_ms: TTL_MS };
        self.gateway.claim_deliveries(&claim).await
    }

    /// The chat has it.
    pub(super) async fn sent(&self, delivery: &ClaimedDelivery) -> Result<(), ClientError> {
        self.gateway.ack_delivery(delivery, DeliveryOutcome::Sent).await
    }

    /// Makes so many deliveries for so many chats, by turns.
    pub(super) async fn fill(&self, count: u32, chats: u32, progress: Progress) -> anyhow::Result<()> {
        let bar = progress.count("making the backlog", usize::try_from(count)?);
        let made = stream::iter((0..count).map(|number| {
            let bar = &bar;
            async move {
                self.deliver(&format!("backlog-{number}"), &format!("chat-{}", number % chats)).await?;
                bar.inc(1);
                anyhow::Ok(())
            }
        }));
        made.buffer_unordered(SETUP_CONCURRENCY).try_collect::<()>().await.context("the backlog could not be made")?;
        bar.finish_and_clear();
        Ok(())
    }

    /// Claims and fails about so often a second, until it is stopped: a gateway whose provider is dead.
    pub(super) fn fail(&self, per_second: f64) -> Failing {
        let (channel, count) = (self.clone(), Arc::<AtomicU64>::default());
        let counted = Arc::clone(&count);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs_f64(f64::from(SLOTS) / per_second));
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            loop {
                ticks.tick().await;
                for delivery in channel.claim(SLOTS, Duration::ZERO).await.unwrap_or_default() {
                    let again = wall_clock::now().plus_millis(RETRY_MS);
                    let acknowledged = channel.gateway.ack_delivery(&delivery, DeliveryOutcome::Failed(again)).await;
                    counted.fetch_add(u64::from(acknowledged.is_ok()), Ordering::Relaxed);
                }
            }
        });
        Failing { count, _task: task }
    }
}

/// A gateway that fails for as long as this is there.
pub(super) struct Failing {
    count: Arc<AtomicU64>,
    _task: JoinSet<()>,
}

impl Failing {
    /// Ends it, and says how many attempts failed.
    pub(super) fn stop(self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}
