//! The organisations, owners, tokens and sessions of a run.

use super::{CommonArgs, OpenError, Progress, RawStream};
use crate::cli::load::{errors::ErrorTally, population, stream::Endpoint};
use anyhow::{Context, ensure};
use cowork_client::{Client, ClientError, ClientOptions, Credentials, NewApiToken, NewSession, SignedHeaders};
use cowork_domain::{
    ids::{SessionId, TokenId},
    principal::Role,
};
use futures_util::{StreamExt, TryStreamExt, stream};

const SETUP_CONCURRENCY: usize = 16;

/// Everybody who takes part.
pub(super) struct Cohort {
    endpoints: Vec<Endpoint>,
    holders: Vec<Holder>,
}

/// A token, and a session of the account that it acts as.
struct Holder {
    owner: Client,
    client: Client,
    token: TokenId,
    session: SessionId,
}

impl Cohort {
    /// Makes organisations with an owner each, who issue the tokens by turns.
    pub(super) async fn create(common: &CommonArgs, tokens: usize, progress: &Progress) -> anyhow::Result<Self> {
        let secret = common.header_secret.as_ref().context("this scenario needs --header-secret: it makes organisations of its own")?;
        let mut endpoints = Vec::new();
        for url in common.urls() {
            endpoints.push(Endpoint::resolve(url).await?);
        }
        let shared = Client::new(ClientOptions::new(&common.connection.url, Credentials::None))?;
        let tag = common.tag.clone().unwrap_or_else(population::fresh_tag);
        let owners = (1..=common.orgs).map(|org| {
            let tenant = format!("load-{tag}-{org}");
            shared.with_credentials(&Credentials::SignedHeaders(SignedHeaders {
                secret: secret.clone(),
                tenant_name: tenant.clone(),
                user: "owner".to_owned(),
                email: format!("owner@{tenant}.test"),
                role: Role::Owner,
                tenant,
            }))
        });
        let owners: Vec<Client> = owners.collect::<Result<_, _>>()?;
        for owner in &owners {
            owner.workspace().await.context("an organisation could not be made")?;
        }
        let bar = progress.count("issuing tokens", tokens);
        let holders = stream::iter((0..tokens).map(|number| {
            let (owner, shared, bar) = (owners[number % owners.len()].clone(), &shared, &bar);
            async move {
                let new = NewApiToken {
                    name: format!("load {number}"),
                    scopes: vec!["desktop".to_owned()],
                    expires_at: None,
                    channel_binding_ids: Vec::new(),
                };
                let created = owner.create_api_token(&new).await.context("a token could not be issued")?;
                let client = shared.with_credentials(&Credentials::Bearer(created.plaintext))?;
                let session = client.create_session(&NewSession::default()).await.context("a token could not make a session")?;
                bar.inc(1);
                anyhow::Ok(Holder { owner, client, token: created.token.token_id, session: session.session.session_id })
            }
        }))
        .buffered(SETUP_CONCURRENCY)
        .try_collect()
        .await?;
        bar.finish_and_clear();
        Ok(Self { endpoints, holders })
    }

    pub(super) fn tokens(&self) -> usize {
        self.holders.len()
    }

    pub(super) fn nodes(&self) -> usize {
        self.endpoints.len()
    }

    /// Opens the streams, those of a token next to each other.
    pub(super) async fn open_streams(&self, count: usize, per_token: usize, progress: &Progress) -> anyhow::Result<Vec<RawStream>> {
        ensure!(count.div_ceil(per_token) <= self.tokens(), "there are too few tokens for so many streams");
        let bar = progress.count("opening streams", count);
        let opened = stream::iter((0..count).map(|number| {
            let (token, bar) = (number / per_token, &bar);
            async move {
                let session = format!("/api/sessions/{}/events", self.holders[token].session);
                let path = if number.is_multiple_of(2) { session.as_str() } else { "/api/events" };
                let opened = self.open(token, number % self.nodes(), path).await;
                bar.inc(1);
                opened
            }
        }))
        .buffered(SETUP_CONCURRENCY)
        .try_collect()
        .await?;
        bar.finish_and_clear();
        Ok(opened)
    }

    /// Opens a stream with a token on a node.
    pub(super) async fn open(&self, token: usize, node: usize, path: &str) -> Result<RawStream, OpenError> {
        RawStream::open(&self.endpoints[node], &self.holders[token].client, path).await
    }

    /// Makes the session of a token say something, by its owner's own credentials.
    pub(super) async fn stir(&self, token: usize, errors: &mut ErrorTally) {
        let holder = &self.holders[token];
        if let Err(error) = holder.owner.submit_prompt(holder.session, "still there?").await {
            errors.call_failed(&error);
        }
    }

    /// Takes a token back.
    pub(super) async fn revoke(&self, token: usize) -> Result<(), ClientError> {
        let holder = &self.holders[token];
        holder.owner.revoke_api_token(&holder.token).await
    }
}
