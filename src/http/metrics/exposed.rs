//! `GET /metrics`: where scrapers look.

use crate::http::{schema::ErrorBody, state::HttpState};
use axum::{extract::State, response::Response};

/// Read the metrics of this node, at the path where scrapers look.
///
/// Open without credentials only on a loopback address in tier `local`; elsewhere it takes the same
/// credentials as `/api/metrics`.
#[utoipa::path(get, path = "/metrics", operation_id = "scrapeMetrics", tag = "operations",
    responses(
        (status = 200, description = "All metrics of this node", content_type = "text/plain", body = String),
        (status = 401, description = "No or bad credentials", body = ErrorBody),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>) -> Response {
    super::rendered(&state.render_metrics)
}
