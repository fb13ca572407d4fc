//! What this process seals keys with.

use cowork_secrets::sealing::Sealer;
use tokio::sync::watch;

/// The sealer of this process, if it has one by now: a web node may learn of the deployment's public key after its start.
#[derive(Debug, Clone)]
pub struct Sealing(watch::Receiver<Option<Sealer>>);

impl Sealing {
    /// There is none and there will be none.
    pub fn none() -> Self {
        Self(watch::channel(None).1)
    }

    /// There is this one.
    pub fn fixed(sealer: Sealer) -> Self {
        Self(watch::channel(Some(sealer)).1)
    }

    /// Whatever somebody finds out.
    pub const fn learned(sealer: watch::Receiver<Option<Sealer>>) -> Self {
        Self(sealer)
    }

    /// The sealer, if there is one now.
    pub fn now(&self) -> Option<Sealer> {
        self.0.borrow().clone()
    }
}

impl Default for Sealing {
    fn default() -> Self {
        Self::none()
    }
}
