//! The rotation of the deployment's key: everything that is sealed to an earlier one is sealed to the current one.
//!
//! Rows are renewed one by one, each only if it is still what was read, so nothing is lost when it is interrupted or when customers
//! save keys meanwhile; what is left is found by its key id the next time.

use super::stored;
use cowork_domain::ids::{OrgId, SecretId};
use cowork_secrets::sealing::{OpenError, Opener, Sealed, SealedFormatError, Sealer, Subject};
use cowork_store::{OwnedDataKey, SealedSecret, Store, StoreError};
use serde::Serialize;

/// Rows that are read at once.
const BATCH: u32 = 200;

/// What a rotation did.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rewrapped {
    /// Data keys of organisations.
    pub data_keys: u64,
    /// Provider keys.
    pub secrets: u64,
    /// Rows that somebody changed at the same moment; the next run takes care of them if need be.
    pub changed_meanwhile: u64,
    /// What could not be renewed.
    pub failures: Vec<SealedFailure>,
}

/// Something sealed that doesn't open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedFailure {
    /// `data key` or `secret`.
    pub kind: &'static str,
    /// Whose it is.
    pub org: OrgId,
    /// The generation of a data key, the id of a secret.
    pub id: String,
    /// A word: `refused`, `unknown_key`, …
    pub reason: &'static str,
}

impl SealedFailure {
    pub(super) fn data_key(owned: &OwnedDataKey, error: OpenError) -> Self {
        Self { kind: "data key", org: owned.org.clone(), id: owned.key.generation.to_string(), reason: error.reason() }
    }

    pub(super) fn secret(row: &SealedSecret, reason: &'static str) -> Self {
        Self { kind: "secret", org: row.org.clone(), id: row.secret.to_string(), reason }
    }
}

/// Renews everything that isn't sealed to the opener's current key; tells `progress` after every row.
///
/// # Errors
/// The database failed; what was renewed until then stays so.
pub async fn rewrap(store: &Store, opener: &Opener, mut progress: impl FnMut()) -> Result<Rewrapped, StoreError> {
    let mut done = Rewrapped::default();
    let to = opener.sealer();
    let current = to.sealing_key().id().to_string();

    let mut after: Option<(OrgId, u32)> = None;
    loop {
        let place = after.as_ref().map(|(org, generation)| (org, *generation));
        let batch = store.sealed_data_keys(Some(&current), place, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = Some((last.org.clone(), last.key.generation));
        for owned in &batch {
            renew_data_key(store, opener, &to, owned, &mut done).await?;
            progress();
        }
    }
    let mut after: Option<SecretId> = None;
    loop {
        let batch = store.sealed_secrets(Some(&current), after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = Some(last.secret);
        for row in &batch {
            renew_secret(store, opener, &to, row, &mut done).await?;
            progress();
        }
    }
    Ok(done)
}

async fn renew_data_key(store: &Store, opener: &Opener, to: &Sealer, owned: &OwnedDataKey, done: &mut Rewrapped) -> Result<(), StoreError> {
    match opener.reseal_org_key(&owned.org, &stored(owned.key.clone()), to) {
        Err(error) => done.failures.push(SealedFailure::data_key(owned, error)),
        Ok(renewed) if store.renew_data_key(owned, &renewed.sealed_private, &to.sealing_key().id().to_string()).await? => {
            done.data_keys += 1;
        }
        Ok(_) => done.changed_meanwhile += 1,
    }
    Ok(())
}

async fn renew_secret(store: &Store, opener: &Opener, to: &Sealer, row: &SealedSecret, done: &mut Rewrapped) -> Result<(), StoreError> {
    let name = row.secret.to_string();
    let renewed = read(row).map_err(OpenError::from).and_then(|sealed| opener.reseal(&subject(row, &name), &sealed, to));
    match renewed {
        Err(error) => done.failures.push(SealedFailure::secret(row, error.reason())),
        Ok(sealed) if store.renew_sealed_secret(row, &sealed.to_bytes(), &sealed.key_id().to_string()).await? => done.secrets += 1,
        Ok(_) => done.changed_meanwhile += 1,
    }
    Ok(())
}

/// The sealed value of a row.
pub(super) fn read(row: &SealedSecret) -> Result<Sealed, SealedFormatError> {
    Sealed::from_bytes(&row.sealed)
}

/// What a row says that it belongs to; whether that is true is what opening it proves.
pub(super) fn subject<'a>(row: &'a SealedSecret, name: &'a str) -> Subject<'a> {
    Subject { org: &row.org, provider: &row.provider, secret: name, version: row.version }
}
