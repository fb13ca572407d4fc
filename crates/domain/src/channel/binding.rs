//! Channel bindings: chat systems of an organisation, connected with its agents (contract 04 §2, §3).

use super::{
    ids::{AgentId, ChannelBindingId},
    provider::ChannelProvider,
    redaction,
    word::words,
};
use crate::{ids::OrgId, redact, timestamp::Timestamp};
use serde::Serialize;
use serde_json::Value;
use std::fmt;

words! {
    /// Whether a binding is served.
    BindingStatus {
        /// It is.
        Active = "active",
        /// Somebody disconnected it.
        Disabled = "disabled",
        /// The chat system wants a new credential.
        AuthRequired = "auth_required",
        /// The chat system can't be used.
        Error = "error",
    }
}

words! {
    /// Where a binding's credential is kept.
    CredentialRefKind {
        /// In a variable of the gateway's environment.
        Env = "env",
        /// In Google's Secret Manager.
        GcpSecretManager = "gcp-secret-manager",
        /// In Amazon's Secrets Manager.
        AwsSecretsManager = "aws-secrets-manager",
        /// In an Azure key vault.
        AzureKeyVault = "azure-key-vault",
        /// Somewhere that its gateway knows.
        SecretRef = "secret-ref",
    }
}

/// Where the gateway finds the credential of a chat system. The credential itself is never kept here.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialRef(String);

/// A credential instead of a reference to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Channel credential references must not hold the credential itself.")]
pub struct RawCredential;

impl CredentialRef {
    /// Takes a reference. Any text is one, except what plainly is a secret.
    ///
    /// # Errors
    /// [`RawCredential`].
    pub fn parse(text: &str) -> Result<Self, RawCredential> {
        if redact::holds_secret(text) { Err(RawCredential) } else { Ok(Self(text.to_owned())) }
    }

    /// Takes over what a row says.
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    /// The reference, for whoever keeps it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Where it points to.
    pub fn kind(&self) -> CredentialRefKind {
        let text = self.0.as_str();
        let vault_secret = || text.strip_prefix("https://").and_then(|rest| rest.split_once(".vault.azure.net/secrets/")).is_some();
        match text {
            _ if text.starts_with("env:") => CredentialRefKind::Env,
            _ if text.starts_with("gcp-sm://") => CredentialRefKind::GcpSecretManager,
            _ if text.starts_with("aws-sm://") => CredentialRefKind::AwsSecretsManager,
            _ if text.starts_with("azure-kv://") || vault_secret() => CredentialRefKind::AzureKeyVault,
            _ => CredentialRefKind::SecretRef,
        }
    }
}

impl fmt::Debug for CredentialRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CredentialRef({})", self.kind().as_str())
    }
}

/// A binding as it is stored. What clients see is [`ChannelBinding::public`].
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelBinding {
    /// Names it within its organisation.
    pub id: ChannelBindingId,
    /// Whose it is.
    pub org: OrgId,
    /// Who answers there.
    pub agent: AgentId,
    /// Which chat system.
    pub provider: ChannelProvider,
    /// Which workspace, team or server of it; none where it has no such thing.
    pub external_workspace: Option<String>,
    /// For people.
    pub display_name: String,
    /// Whether it is served.
    pub status: BindingStatus,
    /// Where its credential is.
    pub credential_ref: Option<CredentialRef>,
    /// An object.
    pub settings: Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A binding as clients see it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicBinding<'a> {
    binding_id: &'a ChannelBindingId,
    org_id: &'a OrgId,
    agent_id: &'a AgentId,
    provider: &'a ChannelProvider,
    external_workspace_id: Option<&'a str>,
    display_name: &'a str,
    status: BindingStatus,
    credential_ref_configured: bool,
    credential_ref_kind: Option<CredentialRefKind>,
    settings: Value,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ChannelBinding {
    /// Without what concerns nobody outside.
    pub fn public(&self) -> PublicBinding<'_> {
        PublicBinding {
            binding_id: &self.id,
            org_id: &self.org,
            agent_id: &self.agent,
            provider: &self.provider,
            external_workspace_id: self.external_workspace.as_deref(),
            display_name: &self.display_name,
            status: self.status,
            credential_ref_configured: self.credential_ref.is_some(),
            credential_ref_kind: self.credential_ref.as_ref().map(CredentialRef::kind),
            settings: redaction::public(&self.settings),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// Whether it is served.
    pub fn is_active(&self) -> bool {
        self.status == BindingStatus::Active
    }
}

/// A binding to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBinding {
    /// Of the caller's seed, or minted.
    pub id: ChannelBindingId,
    /// Who answers there.
    pub agent: AgentId,
    /// Which chat system.
    pub provider: ChannelProvider,
    /// Which workspace of it.
    pub external_workspace: Option<String>,
    /// For people.
    pub display_name: String,
    /// Whether it is served.
    pub status: BindingStatus,
    /// Where its credential is.
    pub credential_ref: Option<CredentialRef>,
    /// An object.
    pub settings: Value,
}

/// What is changed about a binding; the rest stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BindingChange {
    /// Another name.
    pub display_name: Option<String>,
    /// Whether it is served.
    pub status: Option<BindingStatus>,
    /// Another credential, or none.
    pub credential_ref: Option<Option<CredentialRef>>,
    /// Other settings, as a whole.
    pub settings: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_says_where_its_credential_is_and_never_is_one() {
        let kind = |text: &str| CredentialRef::parse(text).map(|reference| reference.kind().as_str());
        for (text, expected) in [
            ("env:TELEGRAM", "env"),
            ("gcp-sm://projects/p/secrets/s", "gcp-secret-manager"),
            ("aws-sm://eu/s", "aws-secrets-manager"),
            ("azure-kv://vault/s", "azure-key-vault"),
            ("https://acme.vault.azure.net/secrets/s", "azure-key-vault"),
            ("https://acme.example/secrets/s", "secret-ref"),
            ("telegram", "secret-ref"),
        ] {
            assert_eq!(kind(text), Ok(expected), "{text}");
        }
        assert_eq!(kind("xoxb-1234567890-abcdefghijkl"), Err(RawCredential));
        let shown = CredentialRef::parse("env:TELEGRAM").map(|reference| format!("{reference:?}"));
        assert_eq!(shown.as_deref(), Ok("CredentialRef(env)"));
    }
}
