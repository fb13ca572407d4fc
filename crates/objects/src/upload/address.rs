//! Signed addresses: what the store enforces is in the signature, as far as this kind of store can sign it.

use super::UploadTerms;
use crate::error::ObjectError;
use cowork_domain::timestamp::Timestamp;
use http::{HeaderName, HeaderValue, Method, header};
use object_store::{
    path::Path,
    signer::{SignedUrlOptions, Signer},
};

/// Bounds the size of what Google takes; it must come as it was signed.
const SIZE_RANGE: HeaderName = HeaderName::from_static("x-goog-content-length-range");
/// Without it Azure doesn't know what to make of the bytes.
const BLOB_TYPE: &str = "x-ms-blob-type";

/// Where to put the bytes, by `PUT`.
#[derive(Debug, Clone)]
pub struct UploadAddress {
    /// The address.
    pub url: String,
    /// The headers that have to come along, as they are.
    pub headers: Vec<(&'static str, String)>,
    /// Until when.
    pub expires_at: Timestamp,
}

impl UploadAddress {
    pub(crate) async fn sign(signer: &dyn Signer, path: &Path, terms: &UploadTerms, now: Timestamp) -> Result<Self, ObjectError> {
        let size = format!("{0},{0}", terms.size);
        let content_type = HeaderValue::from_str(&terms.content_type).map_err(|_| ObjectError::Unsigned)?;
        let range = HeaderValue::from_str(&size).map_err(|_| ObjectError::Unsigned)?;
        let bound = SignedUrlOptions::new().with_signed_header(header::CONTENT_TYPE, content_type).with_signed_header(SIZE_RANGE, range);
        let mut headers = vec![("content-type", terms.content_type.clone())];
        let url = match signer.signed_url_opts(Method::PUT, path, terms.lifetime, &bound).await {
            Ok(url) => {
                headers.push(("x-goog-content-length-range", size));
                url
            }
            // Azure signs no header: size and content are looked at once they are there.
            Err(object_store::Error::NotSupported { .. }) => {
                headers.push((BLOB_TYPE, "BlockBlob".to_owned()));
                signer.signed_url(Method::PUT, path, terms.lifetime).await?
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { url: url.into(), headers, expires_at: terms.end(now) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::{azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder};
    use rsa::{
        RsaPrivateKey,
        pkcs8::{EncodePrivateKey as _, LineEnding},
        rand_core::OsRng,
    };
    use serde_json::json;
    use std::time::Duration;

    #[tokio::test]
    async fn an_address_binds_what_its_store_can_bind_and_says_what_has_to_come_along() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let now = Timestamp::parse("2026-03-04T05:06:07.890Z").expect("a time");
        let terms = UploadTerms { content_type: "text/plain".into(), size: 12, lifetime: Duration::from_secs(60) };
        let pem = RsaPrivateKey::new(&mut OsRng, 2048).expect("a key").to_pkcs8_pem(LineEnding::LF).expect("a form");
        let key = json!({ "private_key": *pem, "private_key_id": "1", "client_email": "a@b" }).to_string();
        let google = GoogleCloudStorageBuilder::new().with_bucket_name("b").with_service_account_key(key).build().expect("a store");
        let given = UploadAddress::sign(&google, &Path::from("k"), &terms, now).await.expect("signed");
        assert_eq!(given.headers, [("content-type", "text/plain".to_owned()), ("x-goog-content-length-range", "12,12".to_owned())]);
        assert!(given.url.starts_with("https://storage.googleapis.com/b/k?"), "{}", given.url);
        assert!(given.url.contains("X-Goog-SignedHeaders=content-type%3Bhost%3Bx-goog-content-length-range&"), "{}", given.url);
        assert_eq!(given.expires_at, now.plus_millis(60_000));

        let azure = MicrosoftAzureBuilder::new().with_container_name("b").with_account("acme").with_access_key("a2V5").build();
        let given = UploadAddress::sign(&azure.expect("a store"), &Path::from("k"), &terms, now).await.expect("signed");
        assert_eq!(given.headers, [("content-type", "text/plain".to_owned()), ("x-ms-blob-type", "BlockBlob".to_owned())]);
        assert!(given.url.contains("sp=w&") || given.url.ends_with("sp=w"), "it writes and does nothing else: {}", given.url);
        let header = UploadTerms { content_type: "text/plain\r\nx: y".into(), ..terms };
        assert!(matches!(UploadAddress::sign(&google, &Path::from("k"), &header, now).await, Err(ObjectError::Unsigned)));
    }
}
