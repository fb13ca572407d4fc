//! Provider keys, as the front door sees their checks.

use super::{NodeHandle, requests::CheckKey, route};
use crate::{
    byok::{self, KeyChecker, KeyChecks},
    session::SessionError,
};
use cowork_domain::ids::SecretId;
use std::{sync::Arc, time::Duration};

impl NodeHandle {
    /// From now on this node checks the keys of its shards, with this checker. Without one it leaves them to others. Only the
    /// first call has an effect.
    pub fn check_keys_with(&self, checker: Arc<dyn KeyChecker>) {
        let checks = KeyChecks::new(checker, self.shared.options.key_checks.concurrent);
        if self.shared.key_checks.set(checks).is_ok() {
            self.shared.tasks.spawn(byok::keep_checks(self.shared.clone()));
        }
    }

    /// Has the check of a key run by its owner, wherever that is, and waits until it is over, or for `patience`: the request
    /// itself stands in the row. Where nobody could run it, there is nothing to wait for.
    ///
    /// # Errors
    /// `EntityQuarantined`: nobody will run it until an operator lifts that.
    pub async fn check_key(&self, secret: SecretId, patience: Duration) -> Result<(), SessionError> {
        let shared = &self.shared;
        let has_workers = shared.picture.now().is_some_and(|picture| picture.workers().next().is_some());
        if !has_workers {
            return Ok(());
        }
        let deadline = shared.clock.instant() + patience;
        match route::at_owner_until(shared, CheckKey { shared: shared.clone(), secret }, deadline).await {
            Ok(()) => Ok(()),
            Err(stopped @ SessionError::EntityQuarantined { .. }) => Err(stopped),
            Err(error) => {
                tracing::info!(%secret, ?error, "a check goes on without its asker");
                Ok(())
            }
        }
    }
}
