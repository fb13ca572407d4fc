//! What a browser sees at `/`: the page that the build embedded, or a plain status page where there is none.

mod bootstrap;
mod document;
mod files;
mod status_page;

use crate::http::{Gate, HttpState};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

/// The paths of the browser shell (contract 00 §1 step 2 and 3). They are no part of the API's description.
pub(crate) fn routes(_gate: &Gate) -> OpenApiRouter<HttpState> {
    let router = OpenApiRouter::new();
    if files::document().is_none() {
        return router
            .route("/", get(status_page::show))
            .route("/index.html", get(status_page::show))
            .route("/app", get(status_page::show));
    }
    router
        .route("/", get(document::show))
        .route("/index.html", get(document::show))
        .route("/app", get(document::show))
        .route("/app/{*path}", get(files::show))
}

/// Paths at which HEAD is answered like GET. The front door's own paths are not among them: the contract gives HEAD no meaning there.
pub(crate) fn takes_head(path: &str) -> bool {
    files::document().is_some() && path.starts_with("/app/")
}
