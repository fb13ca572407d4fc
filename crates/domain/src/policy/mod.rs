//! Who may do what (contract 00 §4): the action matrix as data, and its evaluation.

mod action;
mod authority;
mod feature;
mod managed;
mod permission;
mod scope;

pub use action::{Action, HumanRule, Rule};
pub use authority::Authority;
pub use feature::{Feature, FeatureNeed, Features};
pub use managed::{Ceiling, Extensions, KeyManagement, ManagedPolicy, ManagedPolicyEdit, ManagedPolicyInvalid, PermissionCeilings};
pub use permission::{Permission, Permissions};
pub use scope::{Scope, Scopes};

use crate::{codes::Code, principal::AuthSource};

/// A refused action; both parts go to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Denial {
    /// The stable code of the rule.
    pub code: Code,
    /// What to do about it, where the rule's code doesn't tell.
    pub reason: Option<Code>,
    /// The sentence for a person.
    pub text: String,
}

impl Denial {
    /// A path and method that no action is known for.
    pub fn unknown_action() -> Self {
        Self { code: Code::AuthorizationActionUnknown, reason: None, text: "Workspace action is not authorized.".to_owned() }
    }

    /// A person who may not do this. `reason` says whether another role would do.
    pub fn principal(reason: Option<Code>) -> Self {
        let text = "The authenticated principal cannot perform this workspace action.".to_owned();
        Self { code: Code::AuthorizationPrincipalDenied, reason, text }
    }

    /// A gateway's token that was not granted the channel binding in question, or any that is served.
    pub fn unbound() -> Self {
        let text = "Channel binding scope is required for this action.".to_owned();
        Self { code: Code::ChannelsBindingScopeRequired, reason: None, text }
    }

    fn scope() -> Self {
        let text = "The authenticated service token is not authorized for this workspace action.".to_owned();
        Self { code: Code::AuthorizationScopeRequired, reason: None, text }
    }
}

/// Whether a caller may perform an action. Features are looked at first, then the kind of caller (contract 00 §4). Whether a
/// gateway's token is bound to the channel in question is asked where the channel is known.
pub fn evaluate(action: Action, caller: &Authority, features: &Features) -> Result<(), Denial> {
    let rule = action.rule();
    features.check(rule.features)?;
    match caller.source {
        AuthSource::Local if rule.local || rule.human != HumanRule::Denied => Ok(()),
        AuthSource::Header | AuthSource::User if rule.human.admits(caller) => Ok(()),
        AuthSource::ApiToken if rule.scopes.iter().any(|scope| caller.scopes.contains(*scope)) && is_served(&rule, caller) => Ok(()),
        AuthSource::Worker if action == Action::WorkerHeartbeat => Ok(()),
        // The cookies that a token was exchanged for carry no scope that could be missing.
        AuthSource::ApiToken if caller.scopes.is_empty() => Err(Denial::principal(None)),
        AuthSource::ApiToken | AuthSource::Worker => Err(Denial::scope()),
        AuthSource::Header | AuthSource::User if rule.human != HumanRule::Denied => {
            Err(Denial::principal(Some(Code::AuthRoleInsufficient)))
        }
        AuthSource::Local | AuthSource::Header | AuthSource::User => Err(Denial::principal(None)),
    }
}

/// A token never does for an organisation what its issuer could not: where the rule asks for it, the issuer must run the
/// organisation or have a custom role, and be admitted as a person wherever people are at all. That an admin's token does what
/// only owners may, as the contract's words allow, would make every admin an owner.
fn is_served(rule: &Rule, issuer: &Authority) -> bool {
    !rule.org_admin_service
        || match rule.human {
            HumanRule::Denied => issuer.is_org_admin(),
            _ => (issuer.is_org_admin() || issuer.custom_role.is_some()) && rule.human.admits(issuer),
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::Role;

    fn member(source: AuthSource, role: Role) -> Authority {
        Authority::of_role(source, role)
    }

    fn token(role: Role, scopes: &[Scope]) -> Authority {
        Authority { scopes: scopes.iter().copied().collect(), ..member(AuthSource::ApiToken, role) }
    }

    fn custom(source: AuthSource, permissions: &[Permission]) -> Authority {
        let permissions = permissions.iter().copied().collect();
        Authority { custom_role: Some("auditor".to_owned()), permissions, ..member(source, Role::Admin) }
    }

    #[test]
    fn the_matrix_decides_as_the_contract_says() {
        let features = Features::default();
        let code = |action, source, role| evaluate(action, &member(source, role), &features).err().map(|denial| denial.code);
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
        assert_eq!(code(Action::WorkerHeartbeat, AuthSource::Worker, Role::Member), None);
    }

    #[test]
    fn a_token_needs_a_listed_scope_and_an_issuer_who_could_do_it() {
        let features = Features::default();
        let may = |action, caller: &Authority| evaluate(action, caller, &features).is_ok();
        let desktop = token(Role::Member, &[Scope::Desktop]);
        assert!(may(Action::SessionsPrompt, &desktop));
        assert!(!may(Action::ApiTokensRead, &desktop));
        assert!(!may(Action::SessionsPrompt, &token(Role::Owner, &[Scope::Admin])), "admin doesn't imply desktop");
        assert!(may(Action::AdminMembersWrite, &token(Role::Admin, &[Scope::Admin])));
        assert!(!may(Action::AdminMembersWrite, &token(Role::Member, &[Scope::Admin])), "its issuer was demoted");
        for owners in [Action::AdminSsoRead, Action::AdminSsoWrite, Action::AdminRolesRead, Action::AdminRolesWrite] {
            assert!(may(owners, &token(Role::Owner, &[Scope::Admin])));
            assert!(!may(owners, &token(Role::Admin, &[Scope::Admin])), "a person who is admin may not");
        }
        assert!(may(Action::OperatorRuntimeRead, &token(Role::Member, &[Scope::Operator])));
        assert!(!may(
            Action::WorkflowsSchedulerTick,
            &token(Role::Owner, &[Scope::Desktop, Scope::Gateway, Scope::Admin, Scope::Operator])
        ));
        assert!(!may(Action::SessionsList, &token(Role::Owner, &[])), "a cookie made from a token has no scopes left");
        let auditor = Authority { scopes: [Scope::Admin].into_iter().collect(), ..custom(AuthSource::ApiToken, &[Permission::AuditRead]) };
        assert!(may(Action::AdminAuditRead, &auditor));
        assert!(!may(Action::AdminMembersWrite, &auditor));
    }

    #[test]
    fn a_custom_role_replaces_the_built_in_one() {
        let features = Features::default();
        let may = |action, caller: &Authority| evaluate(action, caller, &features).is_ok();
        let auditor = custom(AuthSource::User, &[Permission::AuditRead]);
        assert!(may(Action::AdminAuditRead, &auditor));
        assert!(may(Action::SessionsPrompt, &auditor), "any member may");
        assert!(!may(Action::ApiTokensWrite, &auditor), "although the base role is admin");
        assert!(may(Action::ApiTokensWrite, &custom(AuthSource::User, &[Permission::ApiTokensManage])));
    }

    #[test]
    fn sets_are_listed_in_the_order_of_the_catalogue() {
        let permissions: Permissions = [Permission::AuditRead, Permission::OrgRead].into_iter().collect();
        assert_eq!(serde_json::to_string(&permissions).expect("a list"), r#"["org:read","audit:read"]"#);
        assert!(permissions.is_within(Role::Owner.permissions()) && !Role::Owner.permissions().is_within(permissions));
    }

    #[test]
    fn a_feature_that_is_off_is_named_before_anybody_is_looked_at() {
        let mut features = Features::default();
        features.set(Feature::Settings, false);
        let worker = member(AuthSource::Worker, Role::Member);
        let denial = evaluate(Action::SettingsRead, &worker, &features).expect_err("off");
        assert_eq!((denial.code, denial.text.as_str()), (Code::SettingsDisabled, "Settings are disabled for this cloud profile."));
        let webhooks = evaluate(Action::WorkflowsCreateWebhook, &worker, &features).expect_err("off by default");
        assert_eq!(webhooks.code, Code::WebhooksDisabled);
        for feature in [Feature::Agents, Feature::CustomSkills, Feature::CustomMcps] {
            assert!(evaluate(Action::CapabilitiesRead, &member(AuthSource::Local, Role::Owner), &features).is_ok());
            features.set(feature, false);
        }
        let capabilities = evaluate(Action::CapabilitiesRead, &member(AuthSource::Local, Role::Owner), &features).expect_err("off");
        assert_eq!(capabilities.text, "Capabilities are disabled for this cloud profile.");
    }

    #[test]
    fn an_action_is_found_by_its_name() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(*action));
        }
    }
}
