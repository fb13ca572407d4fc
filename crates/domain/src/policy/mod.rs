//! Who may do what (contract 00 §4): the action matrix as data, and its evaluation.

mod action;
mod feature;
mod permission;

pub use action::{Action, HumanRule, Rule, Scope};
pub use feature::{Feature, FeatureNeed, Features};
pub use permission::Permission;

use crate::{
    codes::Code,
    principal::{AuthSource, Principal},
};

/// A refused action; both parts go to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Denial {
    /// The stable code.
    pub code: Code,
    /// The sentence for a person.
    pub text: String,
}

impl Denial {
    /// A path and method that no action is known for.
    pub fn unknown_action() -> Self {
        Self { code: Code::AuthorizationActionUnknown, text: "Workspace action is not authorized.".to_owned() }
    }

    fn principal() -> Self {
        let text = "The authenticated principal cannot perform this workspace action.".to_owned();
        Self { code: Code::AuthorizationPrincipalDenied, text }
    }

    fn scope() -> Self {
        let text = "The authenticated service token is not authorized for this workspace action.".to_owned();
        Self { code: Code::AuthorizationScopeRequired, text }
    }
}

/// Whether a principal may perform an action. Features are looked at first, then the kind of
/// principal (contract 00 §4). Tokens and worker credentials carry no scopes in [`Principal`] yet
/// and are refused everything; the scopes of every action are in its [`Rule`].
pub fn evaluate(action: Action, principal: &Principal, features: &Features) -> Result<(), Denial> {
    let rule = action.rule();
    features.check(rule.features)?;
    match principal.auth_source {
        AuthSource::Local if rule.local || rule.human != HumanRule::Denied => Ok(()),
        AuthSource::Header | AuthSource::User if rule.human.admits(principal.role) => Ok(()),
        AuthSource::ApiToken | AuthSource::Worker => Err(Denial::scope()),
        AuthSource::Local | AuthSource::Header | AuthSource::User => Err(Denial::principal()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{OrgId, TenantId, UserId},
        principal::Role,
    };

    fn principal(auth_source: AuthSource, role: Role) -> Principal {
        Principal {
            tenant_id: TenantId::new("acme"),
            org_id: OrgId::new("acme"),
            tenant_name: "Acme".to_owned(),
            user_id: UserId::new("kim"),
            account_id: UserId::new("kim"),
            email: "kim@acme.example".to_owned(),
            role,
            auth_source,
        }
    }

    #[test]
    fn the_matrix_decides_as_the_contract_says() {
        let features = Features::default();
        let code = |action, source, role| evaluate(action, &principal(source, role), &features).err().map(|denial| denial.code);
        let denied = Some(Code::AuthorizationPrincipalDenied);
        assert_eq!(code(Action::SessionsPrompt, AuthSource::Header, Role::Member), None);
        assert_eq!(code(Action::SessionsProjectionRead, AuthSource::Header, Role::Owner), denied);
        assert_eq!(code(Action::SessionsProjectionRead, AuthSource::Local, Role::Owner), None);
        assert_eq!(code(Action::OperatorMetricsRead, AuthSource::User, Role::Owner), denied);
        assert_eq!(code(Action::ByokWrite, AuthSource::User, Role::Member), denied);
        assert_eq!(code(Action::ByokWrite, AuthSource::User, Role::Admin), None);
        assert_eq!(code(Action::AdminRolesWrite, AuthSource::User, Role::Admin), denied);
        assert_eq!(code(Action::BillingWrite, AuthSource::User, Role::Admin), None);
        assert_eq!(code(Action::UsageRead, AuthSource::User, Role::Admin), None);
        assert_eq!(code(Action::WorkerHeartbeat, AuthSource::Local, Role::Owner), denied);
        assert_eq!(code(Action::SessionsList, AuthSource::Worker, Role::Owner), Some(Code::AuthorizationScopeRequired));
    }

    #[test]
    fn a_feature_that_is_off_is_named_before_anybody_is_looked_at() {
        let mut features = Features::default();
        features.set(Feature::Settings, false);
        let member = principal(AuthSource::Worker, Role::Member);
        let denial = evaluate(Action::SettingsRead, &member, &features).expect_err("off");
        assert_eq!((denial.code, denial.text.as_str()), (Code::SettingsDisabled, "Settings are disabled for this cloud profile."));
        let webhooks = evaluate(Action::WorkflowsCreateWebhook, &member, &features).expect_err("off by default");
        assert_eq!(webhooks.code, Code::WebhooksDisabled);
        for feature in [Feature::Agents, Feature::CustomSkills, Feature::CustomMcps] {
            assert!(evaluate(Action::CapabilitiesRead, &principal(AuthSource::Local, Role::Owner), &features).is_ok());
            features.set(feature, false);
        }
        let capabilities = evaluate(Action::CapabilitiesRead, &principal(AuthSource::Local, Role::Owner), &features).expect_err("off");
        assert_eq!(capabilities.text, "Capabilities are disabled for this cloud profile.");
    }

    #[test]
    fn an_action_is_found_by_its_name() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(*action));
        }
    }
}
