//! `GET /api/metrics`: for operator tokens and the local principal (contract 00 §8).

use crate::http::{schema::ErrorBody, state::HttpState};
use axum::{extract::State, response::Response};

/// Read the metrics of this node as Prometheus text.
#[utoipa::path(get, path = "/api/metrics", operation_id = "readMetrics", tag = "operations",
    responses(
        (status = 200, description = "All metrics of this node", content_type = "text/plain", body = String,
            example = "cowork_http_requests_total{route=\"/api/sessions\",method=\"GET\",status=\"200\"} 12\n"),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>) -> Response {
    super::rendered(&state.render_metrics)
}
