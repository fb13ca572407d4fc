//! What an organisation used, and what is left of its quotas (contract 03 §4).

mod events;
mod options;
mod quota;
mod record;
mod summary;

pub use options::UsageOptions;
pub(super) use quota::unenforced as unenforced_quotas;
pub(super) use summary::UsageSummary;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rows that are looked at unless the caller says how many.
const DEFAULT_LIMIT: u32 = 100;
const MAXIMUM_LIMIT: u32 = 500;

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::UsageRead, routes!(events::list)))
        .routes(gate.allow(Action::UsageRead, routes!(summary::read)))
}
