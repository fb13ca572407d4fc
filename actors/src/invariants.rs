//! Where a broken invariant becomes visible: a counter in production, a panic in debug builds
//! (through [`cowork_domain::invariant!`]).

use cowork_domain::invariant::InvariantId;

/// Counts a violation.
pub(crate) fn count_violation(id: InvariantId) {
    tracing::error!(%id, description = id.description(), "an invariant is violated");
    metrics::counter!("cowork_invariant_violations_total", "id" => id.as_str()).increment(1);
}
