//! A configuration as clients read it: whether there are secrets, never what they are.

use cowork_domain::{ids::OrgId, sso::SsoText, timestamp::Timestamp};
use cowork_store::SsoRow;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SsoConfig)]
#[expect(clippy::struct_excessive_bools, reason = "the contract has these flags")]
pub(super) struct SsoView {
    #[schema(value_type = String)]
    org_id: OrgId,
    /// oidc or saml.
    protocol: &'static str,
    enabled: bool,
    /// People with an address of a verified domain must come through the identity provider.
    enforced: bool,
    display_name: Option<String>,
    verified_domains: Vec<String>,
    domain_verification_token: String,
    oidc_issuer: Option<String>,
    oidc_client_id: Option<String>,
    saml_entity_id: Option<String>,
    saml_acs_url: Option<String>,
    saml_slo_url: Option<String>,
    saml_idp_entity_id: Option<String>,
    saml_idp_sso_url: Option<String>,
    saml_idp_metadata_url: Option<String>,
    scim_enabled: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    has_oidc_client_secret: bool,
    has_saml_idp_certificate: bool,
    has_scim_token: bool,
}

impl SsoView {
    pub(super) fn of(org: &OrgId, row: SsoRow) -> Self {
        let text = |text| row.config.text(text).map(str::to_owned);
        Self {
            org_id: org.clone(),
            protocol: row.config.protocol.as_str(),
            enabled: row.config.enabled,
            enforced: row.config.enforced,
            display_name: text(SsoText::DisplayName),
            domain_verification_token: row.verification_token,
            oidc_issuer: text(SsoText::OidcIssuer),
            oidc_client_id: text(SsoText::OidcClientId),
            saml_entity_id: text(SsoText::SamlEntityId),
            saml_acs_url: text(SsoText::SamlAcsUrl),
            saml_slo_url: text(SsoText::SamlSloUrl),
            saml_idp_entity_id: text(SsoText::SamlIdpEntityId),
            saml_idp_sso_url: text(SsoText::SamlIdpSsoUrl),
            saml_idp_metadata_url: text(SsoText::SamlIdpMetadataUrl),
            scim_enabled: row.config.scim_enabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
            // Secrets are stored sealed or not at all, and nothing seals them yet: `SsoEdit` refuses them.
            has_oidc_client_secret: false,
            has_saml_idp_certificate: false,
            has_scim_token: row.has_scim_token,
            verified_domains: row.config.verified_domains,
        }
    }
}
