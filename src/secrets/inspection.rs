//! Whether everything that is sealed opens, and which keys it needs.

use super::{
    rewrap::{SealedFailure, read, subject},
    stored,
};
use cowork_domain::ids::{OrgId, SecretId};
use cowork_secrets::sealing::{OpenError, Opener, OrgKey, SealingKey};
use cowork_store::{SealedSecret, Store, StoreError};
use serde::Serialize;

/// Rows that are read at once.
const BATCH: u32 = 200;

/// What an inspection found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The deployment keys that something is sealed to, and those that are configured.
    pub keys: Vec<KeyUse>,
    /// The sealing key that web nodes find in the database.
    pub published: Option<String>,
    /// Data keys and secrets that open.
    pub opened: u64,
    /// What doesn't.
    pub failures: Vec<SealedFailure>,
}

/// A deployment key, and what needs it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyUse {
    /// Its id.
    pub key_id: String,
    /// What it is to this configuration.
    pub state: KeyState,
    /// Data keys of organisations.
    pub data_keys: u64,
    /// Provider keys.
    pub secrets: u64,
}

/// What a deployment key is to a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// New secrets are sealed to it.
    Current,
    /// Configured for what was sealed to it, and needed.
    PreviousNeeded,
    /// Configured for what was sealed to it, and there is nothing left: it can go.
    PreviousUnused,
    /// Needed, and not configured.
    Missing,
}

impl Inspection {
    /// Whether all is well.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.keys.iter().all(|key| key.state != KeyState::Missing)
    }
}

/// Opens everything once and throws it away; tells `progress` after every row.
///
/// # Errors
/// The database failed.
pub async fn inspect(store: &Store, opener: &Opener, mut progress: impl FnMut()) -> Result<Inspection, StoreError> {
    let (mut opened, mut failures) = (0, Vec::new());
    let mut after: Option<(OrgId, u32)> = None;
    loop {
        let place = after.as_ref().map(|(org, generation)| (org, *generation));
        let batch = store.sealed_data_keys(None, place, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = Some((last.org.clone(), last.key.generation));
        for owned in &batch {
            match opener.reseal_org_key(&owned.org, &stored(owned.key.clone()), &opener.sealer()) {
                Ok(_) => opened += 1,
                Err(error) => failures.push(SealedFailure::data_key(owned, error)),
            }
            progress();
        }
    }
    let mut after: Option<SecretId> = None;
    loop {
        let batch = store.sealed_secrets(None, after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = Some(last.secret);
        for row in &batch {
            let org_key = store.org_data_key(&row.org, row.org_key).await?.map(stored);
            match org_key.map(|org_key| open(opener, &org_key, row)) {
                Some(Ok(())) => opened += 1,
                Some(Err(error)) => failures.push(SealedFailure::secret(row, error.reason())),
                None => failures.push(SealedFailure::secret(row, "no_org_key")),
            }
            progress();
        }
    }
    Ok(Inspection { keys: keys(store, opener).await?, published: published(store).await?, opened, failures })
}

fn open(opener: &Opener, org_key: &OrgKey, row: &SealedSecret) -> Result<(), OpenError> {
    let name = row.secret.to_string();
    opener.open(org_key, &subject(row, &name), &read(row)?).map(drop)
}

/// Every deployment key that is configured or needed.
///
/// # Errors
/// The database failed.
pub async fn keys(store: &Store, opener: &Opener) -> Result<Vec<KeyUse>, StoreError> {
    let in_use = store.sealed_under_keys().await?;
    let configured: Vec<String> = opener.key_ids().map(ToString::to_string).collect();
    let unused = configured.iter().filter(|id| in_use.iter().all(|under| under.key_id != **id)).map(|id| (id.clone(), 0, 0));
    let all = in_use.iter().map(|under| (under.key_id.clone(), under.data_keys, under.secrets)).chain(unused);
    Ok(all
        .map(|(key_id, data_keys, secrets)| {
            let state = match configured.iter().position(|id| *id == key_id) {
                Some(0) => KeyState::Current,
                Some(_) if data_keys + secrets > 0 => KeyState::PreviousNeeded,
                Some(_) => KeyState::PreviousUnused,
                None => KeyState::Missing,
            };
            KeyUse { key_id, state, data_keys, secrets }
        })
        .collect())
}

async fn published(store: &Store) -> Result<Option<String>, StoreError> {
    let text = store.published_sealing_key().await?;
    Ok(text.map(|text| SealingKey::parse(&text).map_or_else(|_| "unreadable".to_owned(), |key| key.id().to_string())))
}
