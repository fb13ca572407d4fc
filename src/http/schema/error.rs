//! Errors (contract 00 §5).

use utoipa::ToSchema;

/// Every error has this shape.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ErrorBody {
    /// A sentence for a person.
    error: String,
    /// A stable dotted code for programs.
    code: String,
    /// When to try again; the header `Retry-After` says the same in seconds.
    #[schema(required = false)]
    retry_after_ms: Option<u64>,
    /// There when a rule refused.
    #[schema(required = false)]
    verdict: Option<Verdict>,
}

/// The rule that refused.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Verdict {
    /// Always false.
    allowed: bool,
    reason: String,
    policy_code: String,
}
