//! Plans, subscriptions, and what they let an organisation do (contract 03 §2). Who is paid, and how, is no business of these
//! rules.

mod edit;
mod entitlements;
mod gate;
mod limits;
mod plan;
mod subscription;

pub use edit::SubscriptionEdit;
pub use entitlements::{Entitlements, EntitlementsInvalid, PlanFeature};
pub use gate::{BillingAction, BillingRefusal, evaluate};
pub use limits::{PlanLimit, PlanLimits};
pub use plan::{Plan, Plans, PlansInvalid, SELF_HOST};
pub use subscription::{Subscription, SubscriptionStatus, SubscriptionTerms};
