//! Subscriptions: what they are, how an organisation gets one, and what may begin because of them (contract 03 §2).

mod checkout;
mod entitlements;
mod plain_url;
mod portal;
mod refusal;
mod require;
mod subscription;
mod webhook;

pub(super) use require::{limit, require};
pub(super) use subscription::shown;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::BillingRead, routes!(subscription::read)))
        .routes(gate.allow(Action::BillingRead, routes!(entitlements::read)))
        .routes(gate.allow(Action::BillingWrite, routes!(checkout::checkout)))
        .routes(gate.allow(Action::BillingWrite, routes!(portal::portal)))
        .routes(gate.open(routes!(webhook::receive)))
}

/// Whether a path is the webhook's, which answers one method and says so of the others.
pub(super) fn is_webhook(path: &str) -> bool {
    path == "/webhooks/billing"
}
