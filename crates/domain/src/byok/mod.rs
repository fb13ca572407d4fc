//! Provider keys that organisations bring (contract 03 §1, requirements §E).
//!
//! Nothing here ever sees more of a key than its text while it is read from a request. What becomes of a stored key is
//! [`Credential`]: nothing is ever in use without a validator's pass or a person's override.

mod budget;
mod check;
mod credential;
mod finding;
mod kms_reference;
mod provider_key;
mod provider_rules;
mod status;

pub use budget::{BudgetKind, BudgetLimits, BudgetRules, Dollars, Spent};
pub use check::{CheckRules, Verdict};
pub use credential::{CheckCause, Credential, CredentialError, DueCheck, Outcome, Validated};
pub use finding::Finding;
pub use kms_reference::{KmsReference, KmsReferenceRefused, KmsReferenceRules};
pub use provider_key::{KeyInvalid, KeyMarks, ProviderKey};
pub use provider_rules::{ProviderRefused, ProviderRules};
pub use status::{ByokStatus, CredentialKind, Health, ValidationSource};
