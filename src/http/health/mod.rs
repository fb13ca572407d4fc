//! Probes (contract 00 §8): no credentials, any method, never rate limited. Because anybody may ask,
//! what they cost is bounded: the database and the disk are looked at once in a while.

mod checks;
mod livez;
mod probe;
mod progressz;
mod readyz;
mod standing;

pub(super) use probe::{FolderProbe, Probe};
pub(crate) use standing::Standing;

use super::{gate::Gate, state::HttpState};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    let (schemas, paths, methods) = gate.open(routes!(livez::livez));
    let livez = (schemas, paths, methods.fallback(livez::livez));
    let (schemas, paths, methods) = gate.open(routes!(readyz::readyz));
    let readyz = (schemas, paths, methods.fallback(readyz::readyz));
    let (schemas, paths, methods) = gate.open(routes!(progressz::progressz));
    let progressz = (schemas, paths, methods.fallback(progressz::progressz));
    OpenApiRouter::new().routes(livez).routes(readyz).routes(progressz)
}
