//! What this node can seal and open.

use super::{
    given_key, key_file,
    org_key::{self, OrgKeyError, stored},
    publication::{Publication, is_in_use},
};
use crate::config::{Config, cluster::Tier};
use anyhow::Context;
use cowork_domain::{ids::OrgId, secret::Secret};
use cowork_secrets::sealing::{OpenError, Opener, OrgKey, Sealed, Sealer, SealingKey, Subject};
use cowork_store::{Store, StoreError};

/// The keys of a node; cheap to clone. It has no `Debug`.
#[derive(Clone)]
pub struct Keyring {
    sealing: Sealing,
    opener: Option<Opener>,
    publication: Option<Publication>,
}

#[derive(Clone)]
enum Sealing {
    /// To the opener's own key, or to a configured one.
    To(Sealer),
    /// To the key that workers published, read anew for every secret: saving one is rare, and a rotation takes effect at once.
    Published,
    /// To none.
    Off,
}

/// No key to seal to is known here.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SealerMissing {
    /// None is configured, and no worker published one.
    #[error("no sealing key is configured")]
    NotConfigured,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a secret was not opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RevealError {
    /// This node opens nothing.
    #[error("this node has no opening key")]
    NoOpener,
    /// The data key that it was sealed to is not in the database.
    #[error("the organisation has no data key {0}")]
    NoOrgKey(u32),
    /// It doesn't open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keyring {
    /// A node without any key.
    pub const fn none() -> Self {
        Self { sealing: Sealing::Off, opener: None, publication: None }
    }

    /// A node that only seals.
    pub const fn sealing(key: SealingKey) -> Self {
        Self { sealing: Sealing::To(Sealer::new(key)), opener: None, publication: None }
    }

    /// A node that opens.
    pub fn opening(opener: Opener) -> Self {
        Self { sealing: Sealing::To(opener.sealer()), opener: Some(opener), publication: None }
    }

    /// The keys that the configuration gives this node; asks key services, and makes the key of a local machine at its first start.
    ///
    /// # Errors
    /// A key that is configured can't be had: going on without it would strand what is sealed to it.
    pub async fn open(config: &Config, store: &Store) -> anyhow::Result<Self> {
        if let Some(opener) = Self::opener_of(config, store).await? {
            return Self::published(store, opener).await;
        }
        let sealing = match (config.secrets.sealing_key, config.cluster.tier) {
            (Some(key), _) => Sealing::To(Sealer::new(key)),
            (None, Tier::PublicProduction) => Sealing::Off,
            (None, _) => Sealing::Published,
        };
        Ok(Self { sealing, opener: None, publication: None })
    }

    /// What opens by the configuration of a role that executes, without publishing anything.
    ///
    /// # Errors
    /// A key that is configured can't be had.
    pub async fn opener_of(config: &Config, store: &Store) -> anyhow::Result<Option<Opener>> {
        match given_key::opener(&config.secrets).await? {
            Some(opener) => Ok(Some(opener)),
            None if config.cluster.role.executes() && config.cluster.tier == Tier::Local => local_opener(config, store).await,
            None => Ok(None),
        }
    }

    /// What opens by the configuration and the files of this machine alone; makes nothing.
    ///
    /// # Errors
    /// A key that is configured can't be had.
    pub async fn configured_opener(config: &Config) -> anyhow::Result<Option<Opener>> {
        match given_key::opener(&config.secrets).await? {
            Some(opener) => Ok(Some(opener)),
            None => Ok(key_file::read(&config.storage.opening_key_file())?.map(|key| Opener::new(key, []))),
        }
    }

    async fn published(store: &Store, opener: Opener) -> anyhow::Result<Self> {
        let publication = Publication::publish(store, &opener).await.context("the sealing key can't be published")?;
        let key = *opener.sealer().sealing_key().id();
        if let Publication::Foreign(published) = publication {
            tracing::error!(
                published = %published.id(),
                own = %key,
                "the sealing key in the database belongs to an opening key that this node was not given; see docs/secrets.md",
            );
        }
        tracing::info!(%key, previous = opener.previous().len(), "provider keys can be opened here");
        Ok(Self { publication: Some(publication), ..Self::opening(opener) })
    }

    /// What seals. Ask for every secret anew.
    ///
    /// # Errors
    /// See [`SealerMissing`].
    pub async fn sealer(&self, store: &Store) -> Result<Sealer, SealerMissing> {
        match &self.sealing {
            Sealing::To(sealer) => Ok(sealer.clone()),
            Sealing::Off => Err(SealerMissing::NotConfigured),
            Sealing::Published => {
                let text = store.published_sealing_key().await?.ok_or(SealerMissing::NotConfigured)?;
                SealingKey::parse(&text).map(Sealer::new).map_err(|why| {
                    tracing::error!(%why, "the sealing key in the database can't be used");
                    SealerMissing::NotConfigured
                })
            }
        }
    }

    /// What opens, on nodes that execute.
    pub const fn opener(&self) -> Option<&Opener> {
        self.opener.as_ref()
    }

    /// The key that new secrets of an organisation are sealed to; made where there is none.
    ///
    /// # Errors
    /// See [`OrgKeyError`].
    pub async fn org_key(&self, store: &Store, sealer: &Sealer, org: &OrgId) -> Result<OrgKey, OrgKeyError> {
        org_key::current(store, sealer, org).await
    }

    /// Opens a sealed secret with the data key that it names. What doesn't open is counted, and never used.
    ///
    /// # Errors
    /// See [`RevealError`].
    pub async fn reveal(&self, store: &Store, subject: &Subject<'_>, sealed: &Sealed) -> Result<Secret<String>, RevealError> {
        let opened = self.open_with(store, subject, sealed).await;
        opened.inspect_err(|error| {
            metrics::counter!("cowork_byok_reveal_failures_total", "reason" => error.reason()).increment(1);
            tracing::error!(org = %subject.org, provider = subject.provider, secret = subject.secret, %error, "a sealed secret does not open");
        })
    }

    async fn open_with(&self, store: &Store, subject: &Subject<'_>, sealed: &Sealed) -> Result<Secret<String>, RevealError> {
        let opener = self.opener.as_ref().ok_or(RevealError::NoOpener)?;
        let generation = sealed.org_key();
        let row = store.org_data_key(subject.org, generation).await?.ok_or(RevealError::NoOrgKey(generation))?;
        Ok(opener.open(&stored(row), subject, sealed)?)
    }

    /// Whether what is sealed here opens again, in every layer.
    pub(crate) fn makes_round_trips(&self) -> bool {
        const PROBE: &str = "round trip";
        let Some(opener) = &self.opener else { return false };
        let org = OrgId::new("readiness");
        let subject = Subject { org: &org, provider: "readiness", secret: "readiness", version: 1 };
        let sealer = opener.sealer();
        let org_key = sealer.new_org_key(&org, 1);
        let sealed = sealer.seal(&org_key, &subject, &Secret::new(PROBE.to_owned()));
        sealed.is_ok_and(|sealed| opener.open(&org_key, &subject, &sealed).is_ok_and(|opened| opened.expose() == PROBE))
    }

    /// What stands in the database beside our own key.
    pub(crate) const fn publication(&self) -> Option<Publication> {
        self.publication
    }
}

impl RevealError {
    /// A word for metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoOpener => "no_opener",
            Self::NoOrgKey(_) => "no_org_key",
            Self::Open(error) => error.reason(),
            Self::Store(_) => "database",
        }
    }
}

/// The key of a machine that was told nothing. Where provider keys are sealed to another one already, a new one would only hide
/// that the old one is missing.
async fn local_opener(config: &Config, store: &Store) -> anyhow::Result<Option<Opener>> {
    let path = config.storage.opening_key_file();
    if let Some(key) = key_file::read(&path)? {
        return Ok(Some(Opener::new(key, [])));
    }
    let published = store.published_sealing_key().await?.and_then(|text| SealingKey::parse(&text).ok());
    if let Some(published) = published
        && is_in_use(store, &published).await?
    {
        tracing::error!(
            key = %published.id(),
            "the provider keys in the database are sealed to a key that this node doesn't have: set OPEN_COWORK_CLOUD_OPENING_KEY, \
             or bring opening.key from the data directory of the node that made it",
        );
        return Ok(None);
    }
    Ok(Some(Opener::new(key_file::make(&path)?, [])))
}
