//! `/api/ws`: the topics of the event streams, and commands with acknowledgements, over one
//! WebSocket (sub-protocol `cowork.v1`; described for clients in `docs/websocket.md`).
//!
//! A socket carries the same event records as the streams and the same bodies as the routes, so
//! there is nothing here that decides anything: `protocol` reads and writes messages, `topics` holds
//! the subscriptions, `command` maps a message to the route's own reading of it, and `socket` is the
//! one loop that ties them together.

mod command;
mod open;
mod protocol;
mod socket;
mod topics;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(gate.allow(Action::WorkspaceEvents, routes!(open::open)))
}
