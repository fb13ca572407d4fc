//! What lives under a shard supervisor, and where it is found.

use super::{Mail, failure::Failure};
use crate::{
    binding::BindingMsg,
    byok::ByokMsg,
    org::OrgMsg,
    session::{SessionMsg, SessionStart},
};
use cowork_domain::{
    channel::ids::ChannelBindingId,
    ids::{OrgId, SecretId, SessionId, derived_uuid},
    session::SessionIdentity,
};
use dashmap::DashMap;
use ractor::{ActorRef, ActorStatus};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

/// The kinds of actors that operators see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// Quotas of one organisation.
    Org,
    /// Single writer of one session's log.
    Session,
    /// One prompt's execution.
    Turn,
    /// Checks of one provider key.
    Byok,
    /// Inbox and deliveries of one channel binding.
    Binding,
}

impl ActorKind {
    /// All kinds, in the order of their discriminants.
    pub const ALL: [Self; 5] = [Self::Org, Self::Session, Self::Turn, Self::Byok, Self::Binding];

    /// The name in metrics and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Session => "session",
            Self::Turn => "turn",
            Self::Byok => "byok",
            Self::Binding => "binding",
        }
    }
}

/// What [`EntityKey::from_str`] says of anything else.
const NAMES: &str = "an entity is named session:<id>, org:<id>, byok:<id> or binding:<id>";

/// Names one entity in the cluster: `session:ses_…`, `org:acme`, `byok:byok_…`, `binding:channel_binding_…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntityKey {
    /// A session.
    Session(SessionId),
    /// An organisation.
    Org(OrgId),
    /// The checks of a provider key.
    Byok(SecretId),
    /// A channel binding.
    Binding(ChannelBindingId),
}

impl EntityKey {
    /// The kind of its actor.
    pub const fn kind(&self) -> ActorKind {
        match self {
            Self::Session(_) => ActorKind::Session,
            Self::Org(_) => ActorKind::Org,
            Self::Byok(_) => ActorKind::Byok,
            Self::Binding(_) => ActorKind::Binding,
        }
    }

    /// What its shard is derived from.
    pub(crate) fn shard_key(&self) -> Uuid {
        match self {
            Self::Session(id) => id.as_uuid(),
            Self::Org(id) => derived_uuid(&["org", id.as_str()]),
            Self::Byok(id) => id.as_uuid(),
            Self::Binding(id) => derived_uuid(&["channel_binding", id.as_str()]),
        }
    }
}

impl fmt::Display for EntityKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(formatter, "session:{id}"),
            Self::Org(id) => write!(formatter, "org:{id}"),
            Self::Byok(id) => write!(formatter, "byok:{id}"),
            Self::Binding(id) => write!(formatter, "binding:{id}"),
        }
    }
}

impl FromStr for EntityKey {
    type Err = &'static str;

    /// Takes what [`fmt::Display`] prints, and a bare session id.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(org) = text.strip_prefix("org:").filter(|org| !org.is_empty()) {
            return Ok(Self::Org(OrgId::new(org)));
        }
        if let Some(secret) = text.strip_prefix("byok:") {
            return secret.parse().map(Self::Byok).map_err(|_| NAMES);
        }
        if let Some(binding) = text.strip_prefix("binding:") {
            return binding.parse().map(Self::Binding).map_err(|_| NAMES);
        }
        let session = text.strip_prefix("session:").unwrap_or(text);
        session.parse().map(Self::Session).map_err(|_| NAMES)
    }
}

/// How an entity comes to life.
#[derive(Debug)]
pub(crate) enum Start {
    Session(SessionStart),
    Org(OrgId),
    Byok(SecretId),
    Binding(ChannelBindingId),
}

impl Start {
    pub(crate) fn key(&self) -> EntityKey {
        match self {
            Self::Session(start) => EntityKey::Session(start.id()),
            Self::Org(id) => EntityKey::Org(id.clone()),
            Self::Byok(id) => EntityKey::Byok(*id),
            Self::Binding(id) => EntityKey::Binding(id.clone()),
        }
    }
}

/// A live entity.
#[derive(Debug, Clone)]
pub(crate) enum EntityRef {
    Session { actor: ActorRef<Mail<SessionMsg>>, identity: Arc<SessionIdentity> },
    Org { actor: ActorRef<Mail<OrgMsg>> },
    Byok { actor: ActorRef<Mail<ByokMsg>> },
    Binding { actor: ActorRef<Mail<BindingMsg>> },
}

impl EntityRef {
    pub(crate) fn cell(&self) -> ractor::ActorCell {
        match self {
            Self::Session { actor, .. } => actor.get_cell(),
            Self::Org { actor } => actor.get_cell(),
            Self::Byok { actor } => actor.get_cell(),
            Self::Binding { actor } => actor.get_cell(),
        }
    }

    pub(crate) fn passivate(&self) {
        match self {
            Self::Session { actor, .. } => drop(actor.cast(Mail::new(SessionMsg::Passivate))),
            Self::Org { actor } => drop(actor.cast(Mail::new(OrgMsg::Passivate))),
            Self::Byok { actor } => drop(actor.cast(Mail::new(ByokMsg::Passivate))),
            Self::Binding { actor } => drop(actor.cast(Mail::new(BindingMsg::Passivate))),
        }
    }
}

/// All live entities of this node: the quick way to one, past its supervisor.
#[derive(Debug)]
pub(crate) struct EntityTable {
    live: DashMap<EntityKey, Entry>,
    epoch: Instant,
}

#[derive(Debug)]
struct Entry {
    entity: EntityRef,
    /// Milliseconds after `epoch`.
    used: AtomicU64,
}

impl EntityTable {
    pub(crate) fn new() -> Self {
        Self { live: DashMap::new(), epoch: Instant::now() }
    }

    /// The entity, if it lives; notes that it is in use.
    pub(crate) fn get(&self, key: &EntityKey) -> Option<EntityRef> {
        let entry = self.live.get(key)?;
        // Killed with its supervisor while that one was about to note it here: whoever comes next replaces it.
        if entry.entity.cell().get_status() >= ActorStatus::Stopping {
            return None;
        }
        entry.used.store(self.elapsed_millis(), Ordering::Relaxed);
        Some(entry.entity.clone())
    }

    /// Who owns a session that lives here; identities never change.
    pub(crate) fn identity(&self, session: SessionId) -> Option<Arc<SessionIdentity>> {
        match &self.live.get(&EntityKey::Session(session))?.entity {
            EntityRef::Session { identity, .. } => Some(identity.clone()),
            EntityRef::Org { .. } | EntityRef::Byok { .. } | EntityRef::Binding { .. } => None,
        }
    }

    pub(crate) fn insert(&self, key: EntityKey, entity: EntityRef) {
        self.live.insert(key, Entry { entity, used: AtomicU64::new(self.elapsed_millis()) });
    }

    pub(crate) fn remove(&self, key: &EntityKey) {
        self.live.remove(key);
    }

    pub(crate) fn remove_all(&self, gone: impl Fn(&EntityKey) -> bool) {
        self.live.retain(|key, _| !gone(key));
    }

    pub(crate) fn clear(&self) {
        self.live.clear();
    }

    /// Tells everything that was not used for `idle` to passivate, if it has nothing to do.
    pub(crate) fn passivate_idle(&self, idle: Duration) {
        let before = self.elapsed_millis().saturating_sub(u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        for entry in &self.live {
            if entry.used.load(Ordering::Relaxed) < before {
                entry.entity.passivate();
            }
        }
    }

    /// The live sessions among these entities.
    pub(crate) fn sessions(&self, among: impl Fn(&EntityKey) -> bool) -> Vec<ActorRef<Mail<SessionMsg>>> {
        let session = |entry: &Entry| match &entry.entity {
            EntityRef::Session { actor, .. } => Some(actor.clone()),
            EntityRef::Org { .. } | EntityRef::Byok { .. } | EntityRef::Binding { .. } => None,
        };
        self.live.iter().filter(|entry| among(entry.key())).filter_map(|entry| session(entry.value())).collect()
    }

    /// The live sessions of these organisations.
    pub(crate) fn sessions_of(&self, orgs: &HashSet<OrgId>) -> Vec<ActorRef<Mail<SessionMsg>>> {
        let session = |entry: &Entry| match &entry.entity {
            EntityRef::Session { actor, identity } if orgs.contains(&identity.org) => Some(actor.clone()),
            _ => None,
        };
        self.live.iter().filter_map(|entry| session(entry.value())).collect()
    }

    fn elapsed_millis(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The result of starting an entity.
pub(crate) type Started = Result<EntityRef, Failure>;
