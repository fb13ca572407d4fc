//! Where a provider's endpoints are (OpenID Connect Discovery 1.0 §4).

use super::{
    fetch::{FetchError, ProviderHttp},
    options::OidcOptions,
};
use openidconnect::{
    AuthType, AuthUrl, JsonWebKeySetUrl, TokenUrl,
    core::{CoreClientAuthMethod, CoreProviderMetadata},
};

/// The part of a provider's description that this server uses.
#[derive(Debug)]
pub(super) struct Endpoints {
    pub(super) authorization: AuthUrl,
    pub(super) token: TokenUrl,
    pub(super) keys: JsonWebKeySetUrl,
    /// How the token endpoint wants to see our secret.
    pub(super) secret_in: AuthType,
}

/// Asks the provider for its description.
pub(super) async fn discover(http: &ProviderHttp, options: &OidcOptions) -> Result<Endpoints, FetchError> {
    let url = format!("{}/.well-known/openid-configuration", options.plain_issuer());
    let metadata: CoreProviderMetadata = http.document(&url, "discovery document").await?;
    Endpoints::of(&metadata, options)
}

impl Endpoints {
    /// A description is believed if it speaks for the issuer itself, and leads nowhere without TLS where the issuer has it.
    fn of(metadata: &CoreProviderMetadata, options: &OidcOptions) -> Result<Self, FetchError> {
        if !options.is_issuer(metadata.issuer()) {
            return Err(FetchError::OtherIssuer);
        }
        let token = metadata.token_endpoint().ok_or(FetchError::Malformed("token endpoint"))?;
        let is_local = options.issuer.starts_with("http://");
        let urls = [
            ("authorization endpoint", metadata.authorization_endpoint().url()),
            ("token endpoint", token.url()),
            ("key set", metadata.jwks_uri().url()),
        ];
        if let Some((what, _)) = urls.into_iter().find(|(_, url)| url.scheme() != "https" && !is_local) {
            return Err(FetchError::Insecure(what));
        }
        let accepts_body = metadata
            .token_endpoint_auth_methods_supported()
            .is_some_and(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretPost));
        Ok(Self {
            authorization: metadata.authorization_endpoint().clone(),
            token: token.clone(),
            keys: metadata.jwks_uri().clone(),
            // The contract sends the secret in the form, so that is how clients are registered. Basic is what a provider that
            // says nothing expects (Discovery §3).
            secret_in: if accepts_body { AuthType::RequestBody } else { AuthType::BasicAuth },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::oidc::tests::options;
    use serde_json::{Value, json};

    fn read(issuer: &str, change: &Value) -> Result<Endpoints, FetchError> {
        let mut document = json!({
            "issuer": "https://id.example/", "authorization_endpoint": "https://id.example/auth", "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://keys.example/jwks", "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "a-new-one"], "something_new": {"a": 1},
        });
        for (name, value) in change.as_object().expect("an object") {
            document[name] = value.clone();
        }
        let metadata = serde_json::from_value(document).map_err(|_| FetchError::Malformed("discovery document"))?;
        Endpoints::of(&metadata, &options(issuer))
    }

    #[test]
    fn a_description_speaks_for_its_issuer_and_stays_on_tls() {
        let endpoints = read("https://id.example", &json!({})).expect("it is right");
        assert_eq!(endpoints.keys.as_str(), "https://keys.example/jwks");
        assert!(matches!(endpoints.secret_in, AuthType::BasicAuth));
        let post = json!({"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "tls_something"]});
        assert!(matches!(read("https://id.example", &post).expect("it is right").secret_in, AuthType::RequestBody));
        assert!(matches!(read("https://other.example", &json!({})), Err(FetchError::OtherIssuer)));
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            let insecure = read("https://id.example", &json!({ name: "http://id.example/x" }));
            assert!(matches!(insecure, Err(FetchError::Insecure(_))), "{name}");
            assert!(read("https://id.example", &json!({ name: "nowhere" })).is_err(), "{name}");
        }
        assert!(matches!(read("https://id.example", &json!({"token_endpoint": null})), Err(FetchError::Malformed(_))));
    }
}
