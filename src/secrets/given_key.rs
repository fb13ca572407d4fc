//! Opening keys as the configuration gives them.

use crate::config::{
    Environment,
    secrets::{GivenKey, SecretsConfig},
};
use anyhow::Context;
use cowork_actors::Clock;
use cowork_secrets::{
    sealing::{Opener, OpeningKey},
    service::{self, Surroundings},
};
use std::time::{Duration, UNIX_EPOCH};

/// The opener that is configured, if one is; asks the key services that guard its keys.
pub(super) async fn opener(secrets: &SecretsConfig) -> anyhow::Result<Option<Opener>> {
    let Some(given) = &secrets.opening_key else { return Ok(None) };
    let environment = secrets.surroundings.expose();
    let current = unwrapped(given, environment).await?;
    let mut previous = Vec::with_capacity(secrets.previous.len());
    for given in &secrets.previous {
        previous.push(unwrapped(given, environment).await?);
    }
    Ok(Some(Opener::new(current, previous)))
}

async fn unwrapped(given: &GivenKey, environment: &Environment) -> anyhow::Result<OpeningKey> {
    match given {
        GivenKey::Open(key) => Ok(key.expose().clone()),
        GivenKey::Wrapped(wrapped) => service::unwrap(wrapped, &surroundings(environment))
            .await
            .with_context(|| format!("the opening key {}, which {} guards, can't be unwrapped", wrapped.id, wrapped.reference)),
    }
}

/// What clients of key services may look at.
pub(crate) fn surroundings(environment: &Environment) -> Surroundings {
    let environment = environment.clone();
    let now = || UNIX_EPOCH + Duration::from_millis(Clock.now().as_millis().try_into().unwrap_or_default());
    Surroundings::new(move |name| environment.get(name).map(str::to_owned), now)
}
