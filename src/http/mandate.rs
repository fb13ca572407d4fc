//! Whoever is behind a request, where the store changes something on their behalf.

use super::{gate::Caller, state::HttpState};
use cowork_store::Mandate;

/// Of one request: each has a cause of its own in the audit log.
pub(super) fn of(state: &HttpState, caller: &Caller) -> Mandate {
    let clock = state.node.clock();
    Mandate::of(caller.principal(), clock.nonce(), clock.now())
}
