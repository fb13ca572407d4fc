//! Single sign-on (contract 02 §8).

use utoipa::ToSchema;

/// A change of single sign-on; everything may be left out.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct SsoRequest {
    /// oidc or saml.
    #[schema(required = false)]
    protocol: Option<String>,
    #[schema(required = false)]
    enabled: Option<bool>,
    #[schema(required = false)]
    enforced: Option<bool>,
    #[schema(required = false)]
    display_name: Option<String>,
    /// At most 64.
    #[schema(required = false)]
    verified_domains: Option<Vec<String>>,
    #[schema(required = false)]
    oidc_issuer: Option<String>,
    #[schema(required = false)]
    oidc_client_id: Option<String>,
    #[schema(required = false)]
    oidc_client_secret: Option<String>,
    #[schema(required = false)]
    saml_entity_id: Option<String>,
    #[schema(required = false)]
    saml_acs_url: Option<String>,
    #[schema(required = false)]
    saml_slo_url: Option<String>,
    #[schema(required = false)]
    saml_idp_entity_id: Option<String>,
    #[schema(required = false)]
    saml_idp_sso_url: Option<String>,
    #[schema(required = false)]
    saml_idp_metadata_url: Option<String>,
    #[schema(required = false)]
    saml_idp_certificate: Option<String>,
    #[schema(required = false)]
    scim_enabled: Option<bool>,
}
