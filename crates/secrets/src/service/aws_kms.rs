//! AWS Key Management Service.

use super::{
    Answer, KeyService, PURPOSE, ServiceError, aws_credentials::AwsCredentials, surroundings::Surroundings, wire::Wire, wire::text_of,
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use cowork_domain::secret::Secret;
use reqwest::{Client, RequestBuilder};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::SystemTime;
use zeroize::Zeroizing;

const SERVICE: &str = "AWS KMS";

/// A key of KMS.
pub(super) struct Kms {
    caller: AwsCaller,
    key: String,
}

/// Calls services of AWS that speak JSON, signed.
pub(crate) struct AwsCaller {
    service: &'static str,
    wire: Wire,
    /// In the signature and the host: `kms`.
    name: &'static str,
    region: String,
    endpoint: String,
    credentials: AwsCredentials,
    now: fn() -> SystemTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypted {
    ciphertext_blob: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypted {
    plaintext: String,
}

impl Kms {
    pub(super) fn new(key: &str, region: &str, endpoint: Option<&str>, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        let caller = AwsCaller::new(SERVICE, "kms", region, endpoint, surroundings)?;
        Ok(Self { caller, key: key.to_owned() })
    }
}

impl KeyService for Kms {
    fn wrap<'a>(&'a self, plaintext: &'a Secret<String>) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let plaintext = Zeroizing::new(BASE64_STANDARD.encode(plaintext.expose()));
            let body = json!({ "KeyId": self.key, "Plaintext": *plaintext, "EncryptionContext": { "purpose": PURPOSE } });
            let made: Encrypted = self.caller.call("TrentService.Encrypt", &body).await?;
            BASE64_STANDARD.decode(made.ciphertext_blob).map_err(|_| ServiceError::Answer(SERVICE))
        })
    }

    fn unwrap<'a>(&'a self, ciphertext: &'a [u8]) -> Answer<'a, Secret<String>> {
        Box::pin(async move {
            let ciphertext = BASE64_STANDARD.encode(ciphertext);
            let body = json!({ "KeyId": self.key, "CiphertextBlob": ciphertext, "EncryptionContext": { "purpose": PURPOSE } });
            let made: Decrypted = self.caller.call("TrentService.Decrypt", &body).await?;
            text_of(SERVICE, made.plaintext)
        })
    }
}

impl AwsCaller {
    pub(crate) fn new(
        service: &'static str,
        name: &'static str,
        region: &str,
        endpoint: Option<&str>,
        surroundings: &Surroundings,
    ) -> Result<Self, ServiceError> {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        Ok(Self {
            service,
            wire: Wire::new(service)?,
            name,
            region: region.to_owned(),
            endpoint: endpoint.map_or_else(|| format!("https://{name}.{region}.{suffix}"), str::to_owned),
            credentials: AwsCredentials::find(service, region, surroundings)?,
            now: surroundings.clock(),
        })
    }

    pub(crate) async fn call<T: DeserializeOwned>(&self, target: &str, body: &Value) -> Result<T, ServiceError> {
        let credentials = self.credentials.fetch().await?.into();
        let url = format!("{}/", self.endpoint);
        let body = Zeroizing::new(body.to_string().into_bytes());
        self.wire.json("/__type", |client| self.signed(client, &credentials, &url, target, &body)).await
    }

    fn signed(
        &self,
        client: &Client,
        identity: &aws_smithy_runtime_api::client::identity::Identity,
        url: &str,
        target: &str,
        body: &[u8],
    ) -> Result<RequestBuilder, ServiceError> {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let unsigned = |_| ServiceError::Credentials { service: self.service, what: "the request can't be signed with them".to_owned() };
        let parameters = v4::SigningParams::builder()
            .identity(identity)
            .region(&self.region)
            .name(self.name)
            .time((self.now)())
            .settings(SigningSettings::default())
            .build()
            .expect("every part that a signature needs is given")
            .into();
        let request = SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(body)).map_err(unsigned)?;
        let (instructions, _) = sign(request, &parameters).map_err(unsigned)?.into_parts();
        let mut request = client.post(url).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for header in instructions.into_parts().0 {
            request = request.header(header.name(), header.value());
        }
        Ok(request)
    }
}
