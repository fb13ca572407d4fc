//! What an organisation may begin. Only what begins something is asked about: reading, exporting, stopping and administration
//! never are, so that nobody is kept from their own data.

use super::{Entitlements, PlanFeature, SubscriptionStatus};
use crate::codes::Code;

/// Something that is paid for. What it is done with comes along where a plan can restrict that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingAction<'a> {
    /// A session begins, with a profile.
    SessionCreate(&'a str),
    /// A prompt is taken, for a session of a profile.
    PromptEnqueue(&'a str),
    /// A worker executes.
    WorkerExecute,
    /// A key is brought for a provider.
    ByokProvider(&'a str),
    /// A content is stored.
    ArtifactUpload,
    /// An agent or binding is made or changed.
    ChannelManage,
    /// A thread of a chat becomes a session.
    GatewaySessionBind,
}

/// 402: both parts go to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct BillingRefusal {
    /// The stable code.
    pub code: Code,
    /// The sentence for a person.
    pub text: String,
}

impl BillingRefusal {
    fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl BillingAction<'_> {
    const fn feature(self) -> PlanFeature {
        match self {
            Self::SessionCreate(_) | Self::PromptEnqueue(_) => PlanFeature::Chat,
            Self::WorkerExecute => PlanFeature::Workflows,
            Self::ByokProvider(_) => PlanFeature::Byok,
            Self::ArtifactUpload => PlanFeature::Artifacts,
            Self::ChannelManage | Self::GatewaySessionBind => PlanFeature::Channels,
        }
    }
}

/// Whether the subscription of an organisation, if it has one, covers an action.
pub fn evaluate(action: BillingAction<'_>, subscription: Option<(&SubscriptionStatus, &Entitlements)>) -> Result<(), BillingRefusal> {
    let Some((status, plan)) = subscription else {
        let text = "A billing subscription is required for this cloud org.";
        return Err(BillingRefusal::new(Code::BillingSubscriptionRequired, text));
    };
    if !status.is_active() {
        return Err(BillingRefusal::new(Code::BillingSubscriptionInactive, format!("Billing subscription is {}.", status.as_str())));
    }
    let feature = action.feature();
    if !plan.includes(feature) {
        let text = format!("The \"{}\" feature is not included in this plan.", feature.as_str());
        return Err(BillingRefusal::new(Code::BillingFeatureNotEntitled, text));
    }
    let is_listed = |list: &[String], name: &str| list.is_empty() || list.iter().any(|listed| listed == name);
    let refused = match action {
        BillingAction::SessionCreate(profile) | BillingAction::PromptEnqueue(profile) if !is_listed(&plan.allowed_profiles, profile) => {
            (Code::BillingProfileNotEntitled, format!("Cloud profile \"{profile}\" is not included in this plan."))
        }
        BillingAction::ByokProvider(provider) if !is_listed(&plan.allowed_providers, provider) => {
            (Code::BillingProviderNotEntitled, format!("Provider \"{provider}\" is not included in this plan."))
        }
        BillingAction::SessionCreate(_) if !plan.allow_new_sessions => {
            (Code::BillingSessionsNotEntitled, "Creating new cloud sessions is not included in this plan.".to_owned())
        }
        BillingAction::PromptEnqueue(_) if !plan.allow_prompts => {
            (Code::BillingPromptsNotEntitled, "Cloud prompts are not included in this plan.".to_owned())
        }
        BillingAction::WorkerExecute if !plan.allow_workers => {
            (Code::BillingWorkersNotEntitled, "Cloud workers are not included in this plan.".to_owned())
        }
        _ => return Ok(()),
    };
    Err(BillingRefusal::new(refused.0, refused.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ALL: [BillingAction<'_>; 7] = [
        BillingAction::SessionCreate("full"),
        BillingAction::PromptEnqueue("full"),
        BillingAction::WorkerExecute,
        BillingAction::ByokProvider("openai"),
        BillingAction::ArtifactUpload,
        BillingAction::ChannelManage,
        BillingAction::GatewaySessionBind,
    ];

    fn asked(action: BillingAction<'_>, status: &str, plan: &Value) -> Result<(), (&'static str, String)> {
        let plan = Entitlements::read(plan).expect("entitlements");
        let status = SubscriptionStatus::read(status);
        evaluate(action, Some((&status, &plan))).map_err(|refused| (refused.code.as_str(), refused.text))
    }

    fn codes(status: &str, plan: &Value) -> Vec<Option<&'static str>> {
        ALL.into_iter().map(|action| asked(action, status, plan).err().map(|(code, _)| code)).collect()
    }

    #[test]
    fn without_a_subscription_nothing_begins() {
        for action in ALL {
            let refused = evaluate(action, None).expect_err("refused");
            assert_eq!(
                (refused.code, refused.text.as_str()),
                (Code::BillingSubscriptionRequired, "A billing subscription is required for this cloud org.")
            );
        }
    }

    #[test]
    fn a_subscription_counts_while_it_is_paid_for_or_on_trial() {
        for status in ["active", "trialing"] {
            assert_eq!(codes(status, &json!({})), [None; 7], "{status}");
        }
        for status in ["past_due", "canceled", "incomplete", "paused", ""] {
            assert_eq!(
                codes(status, &json!({"allowPrompts": false})),
                [Some("billing.subscription_inactive"); 7],
                "it comes first: {status}"
            );
        }
        assert_eq!(asked(ALL[0], "past_due", &json!({})).expect_err("refused").1, "Billing subscription is past_due.");
    }

    #[test]
    fn each_feature_covers_its_actions() {
        let without = |feature: &str| codes("active", &json!({"features": {feature: false}}));
        let refused = Some("billing.feature_not_entitled");
        assert_eq!(without("chat"), [refused, refused, None, None, None, None, None]);
        assert_eq!(without("workflows"), [None, None, refused, None, None, None, None]);
        assert_eq!(without("byok"), [None, None, None, refused, None, None, None]);
        assert_eq!(without("artifacts"), [None, None, None, None, refused, None, None]);
        assert_eq!(without("channels"), [None, None, None, None, None, refused, refused]);
        let text = asked(BillingAction::ChannelManage, "active", &json!({"features": {"channels": false}})).expect_err("refused").1;
        assert_eq!(text, "The \"channels\" feature is not included in this plan.");
    }

    #[test]
    fn lists_come_before_switches_and_features_before_lists() {
        let frozen = json!({
            "allowNewSessions": false, "allowPrompts": false, "allowWorkers": false, "allowedProfiles": ["full"], "allowedProviders": ["openai"],
        });
        let expected = [
            Some("billing.sessions_not_entitled"),
            Some("billing.prompts_not_entitled"),
            Some("billing.workers_not_entitled"),
            None,
            None,
            None,
            None,
        ];
        assert_eq!(codes("active", &frozen), expected);
        let other = asked(BillingAction::SessionCreate("lean"), "active", &frozen).expect_err("refused");
        assert_eq!(other, ("billing.profile_not_entitled", "Cloud profile \"lean\" is not included in this plan.".to_owned()));
        let other = asked(BillingAction::ByokProvider("anthropic"), "active", &frozen).expect_err("refused");
        assert_eq!(other, ("billing.provider_not_entitled", "Provider \"anthropic\" is not included in this plan.".to_owned()));
        let mut without_chat = frozen;
        without_chat["features"] = json!({"chat": false});
        assert_eq!(
            asked(BillingAction::SessionCreate("lean"), "active", &without_chat).expect_err("refused").0,
            "billing.feature_not_entitled"
        );
    }
}
