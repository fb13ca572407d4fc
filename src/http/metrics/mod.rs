//! What the front door counts, and where it is read: `/metrics` and `/api/metrics`.

mod api;
mod exposed;
mod recorder;

pub(super) use recorder::{HttpMetrics, RouteMetrics};

use super::{
    gate::Gate,
    state::{HttpState, RenderMetrics},
};
use axum::response::{IntoResponse, Response};
use cowork_domain::policy::Action;
use http::{HeaderValue, header};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource. `/metrics` asks for nothing only where nobody else can reach it:
/// on a loopback address in tier `local`. Anywhere else it takes what `/api/metrics` takes.
pub(super) fn routes(gate: &Gate, metrics_are_open: bool) -> OpenApiRouter<HttpState> {
    scraped(gate, metrics_are_open).routes(gate.allow(Action::OperatorMetricsRead, routes!(api::read)))
}

/// `/metrics` alone.
pub(super) fn scraped(gate: &Gate, metrics_are_open: bool) -> OpenApiRouter<HttpState> {
    let exposed = routes!(exposed::read);
    let exposed = if metrics_are_open { gate.open(exposed) } else { gate.allow(Action::OperatorMetricsRead, exposed) };
    OpenApiRouter::new().routes(exposed)
}

fn rendered(render: &RenderMetrics) -> Response {
    let mut response = render().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
