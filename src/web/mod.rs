//! What a browser sees at `/`: for now a plain page that says whether the node is ready and how to
//! make a first session.

mod status_page;

use crate::http::{Gate, HttpState};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

/// The paths of the browser shell (contract 00 §1 step 2). They are no part of the API's description.
pub(crate) fn routes(_gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .route("/", get(status_page::show))
        .route("/index.html", get(status_page::show))
        .route("/app", get(status_page::show))
}
