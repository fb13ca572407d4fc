//! Who uses the cloud during a run: organisations, their users, their sessions.

use super::{
    options::CommonArgs,
    progress::Progress,
    stream::{Endpoint, RawStream},
    wall_clock,
};
use anyhow::{Context, bail};
use cowork_client::{Client, ClientOptions, Credentials, NewSession, SignedHeaders};
use cowork_domain::{ids::SessionId, principal::Role};
use futures_util::{StreamExt, TryStreamExt, stream};

/// So many set-up calls are under way at once: enough to keep two cores busy, few enough not to queue.
const SETUP_CONCURRENCY: usize = 32;

/// A run's users and the sessions made for it.
pub(super) struct Population {
    nodes: Vec<Endpoint>,
    pub(super) users: Vec<Client>,
    pub(super) sessions: Vec<LoadSession>,
}

/// A session and its owner.
#[derive(Debug, Clone, Copy)]
pub(super) struct LoadSession {
    pub(super) id: SessionId,
    /// Index into the users.
    pub(super) user: usize,
}

impl Population {
    /// Checks that the cloud answers, and makes the users and their sessions.
    pub(super) async fn create(common: &CommonArgs, progress: &Progress) -> anyhow::Result<Self> {
        let (users, sessions_per_user) = users(common)?;
        let mut nodes = Vec::new();
        for url in common.urls() {
            let node = Client::new(ClientOptions::new(url, Credentials::None))?;
            node.livez().await.with_context(|| format!("{url} does not answer; is the cloud running there?"))?;
            nodes.push(Endpoint::resolve(url).await?);
        }
        let first = users.first().context("the population has no user")?;
        first.auth_me().await.context("the cloud does not accept the credentials")?;

        let owners = (0..users.len()).flat_map(|user| std::iter::repeat_n(user, sessions_per_user));
        let bar = progress.count("creating sessions", users.len() * sessions_per_user);
        let sessions = stream::iter(owners.map(|user| {
            let (client, bar) = (users[user].clone(), &bar);
            async move {
                let created = client.create_session(&NewSession::default()).await.context("a session could not be created")?;
                bar.inc(1);
                anyhow::Ok(LoadSession { id: created.session.session_id, user })
            }
        }))
        .buffered(SETUP_CONCURRENCY)
        .try_collect()
        .await?;
        bar.finish_and_clear();
        Ok(Self { nodes, users, sessions })
    }

    /// Where a user's streams are opened: one node further than where it asks.
    pub(super) fn endpoint(&self, user: usize) -> &Endpoint {
        &self.nodes[(user + 1) % self.nodes.len()]
    }

    /// Opens the event streams of these sessions; the order is kept.
    pub(super) async fn open_session_streams(&self, sessions: &[LoadSession], progress: &Progress) -> anyhow::Result<Vec<RawStream>> {
        let wanted = sessions.iter().map(|session| (session.user, format!("/api/sessions/{}/events", session.id))).collect();
        self.open_streams(wanted, progress).await
    }

    /// Opens the workspace stream of each user; the order is kept.
    pub(super) async fn open_workspace_streams(&self, progress: &Progress) -> anyhow::Result<Vec<RawStream>> {
        let wanted = (0..self.users.len()).map(|user| (user, "/api/events".to_owned())).collect();
        self.open_streams(wanted, progress).await
    }

    async fn open_streams(&self, wanted: Vec<(usize, String)>, progress: &Progress) -> anyhow::Result<Vec<RawStream>> {
        let bar = progress.count("opening streams", wanted.len());
        let opened = stream::iter(wanted.into_iter().map(|(user, path)| {
            let bar = &bar;
            async move {
                let stream = RawStream::open(self.endpoint(user), &self.users[user], &path).await?;
                bar.inc(1);
                anyhow::Ok(stream)
            }
        }))
        .buffered(SETUP_CONCURRENCY)
        .try_collect()
        .await?;
        bar.finish_and_clear();
        Ok(opened)
    }
}

/// The users, and how many sessions each gets. Only trusted headers can act as many users: with other
/// credentials one user has all the sessions.
fn users(common: &CommonArgs) -> anyhow::Result<(Vec<Client>, usize)> {
    let per_user = usize::try_from(common.sessions_per_user)?;
    let user_count = usize::try_from(common.orgs)? * usize::try_from(common.users_per_org)?;
    let total = user_count * per_user;
    if total > 1_000_000 {
        bail!("{total} sessions are more than this generator is made for; lower --orgs, --users-per-org or --sessions-per-user");
    }
    let Some(secret) = &common.header_secret else {
        return Ok((vec![common.connection.client()?], total));
    };
    let nodes: Vec<Client> = common.urls().map(|url| Client::new(ClientOptions::new(url, Credentials::None))).collect::<Result<_, _>>()?;
    let tag = common.tag.clone().unwrap_or_else(fresh_tag);
    let mut clients = Vec::with_capacity(user_count);
    for org in 1..=common.orgs {
        for user in 1..=common.users_per_org {
            let tenant = format!("load-{tag}-{org}");
            clients.push(nodes[clients.len() % nodes.len()].with_credentials(&Credentials::SignedHeaders(SignedHeaders {
                secret: secret.clone(),
                tenant_name: tenant.clone(),
                user: format!("user{user}"),
                email: format!("user{user}@{tenant}.test"),
                role: Role::Member,
                tenant,
            }))?);
        }
    }
    Ok((clients, per_user))
}

/// Different for each run, and sorts by time in the database.
pub(super) fn fresh_tag() -> String {
    format!("{:x}", wall_clock::now().as_millis())
}
