//! The one body of this server that holds a customer's key.
//!
//! The key goes from the buffer of the request straight into custody, and the buffer is wiped. What the connection read before
//! it was a body is the kernel's and the HTTP library's, and is overwritten by what comes next.

use crate::http::{error::ApiError, state::HttpState};
use axum::extract::{FromRequest, Request};
use cowork_domain::{codes::Code, secret::Secret};
use http::StatusCode;
use http_body_util::BodyExt;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Far beyond any key.
const LONGEST: usize = 64 * 1024;

/// What is saved, as the contract lets clients name it.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SaveRequest {
    plaintext: Text,
    api_key: Text,
    key: Text,
    secret: Text,
    kms_ref: Text,
}

/// What a request brings.
pub(super) enum Brought {
    /// A key.
    Key(Secret<String>),
    /// Where one is.
    Reference(Secret<String>),
}

impl SaveRequest {
    /// The one credential of the request; the first name that isn't blank counts.
    pub(super) fn credential(self) -> Option<Brought> {
        let key = [self.plaintext, self.api_key, self.key, self.secret].into_iter().find_map(|text| text.0);
        match (key, self.kms_ref.0) {
            (Some(key), None) => Some(Brought::Key(key)),
            (None, Some(reference)) => Some(Brought::Reference(reference)),
            _ => None,
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, ApiError> {
        // Anything but an object counts as an empty one.
        let is_object = bytes.trim_ascii().starts_with(b"{");
        let malformed = |_| ApiError::new(StatusCode::BAD_REQUEST, "Request body must be valid JSON.").code(Code::InvalidJson);
        if is_object {
            return serde_json::from_slice(bytes).map_err(malformed);
        }
        if !bytes.trim_ascii().is_empty() {
            serde_json::from_slice::<IgnoredAny>(bytes).map_err(malformed)?;
        }
        Ok(Self::default())
    }
}

impl FromRequest<HttpState> for SaveRequest {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, ApiError> {
        let limit = LONGEST.min(state.options.body_limits.json);
        let collected = tokio::time::timeout(state.options.timeouts.body, collect(request, limit)).await;
        let bytes =
            collected.map_err(|_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "The request body took too long to arrive.").closing())??;
        Self::parse(&bytes)
    }
}

async fn collect(request: Request, limit: usize) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let mut body = request.into_body();
    // It never grows, so no half of it stays behind where it was before.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "The request body ended early."))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.").code(Code::BodyTooLarge));
        }
        bytes.extend_from_slice(&data);
        if let Ok(mut data) = data.try_into_mut() {
            data.zeroize();
        }
    }
    Ok(bytes)
}

/// A text that is not blank; whatever else counts as absent.
#[derive(Default)]
struct Text(Option<Secret<String>>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyText)
    }
}

struct AnyText;

impl<'de> Visitor<'de> for AnyText {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text((!text.trim().is_empty()).then(|| Secret::new(text.to_owned()))))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Text, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(text: &str) -> Result<Option<String>, StatusCode> {
        let request = SaveRequest::parse(text.as_bytes()).map_err(|error| error.status())?;
        Ok(request.credential().map(|brought| match brought {
            Brought::Key(key) => key.expose().clone(),
            Brought::Reference(reference) => format!("ref {}", reference.expose()),
        }))
    }

    #[test]
    fn the_first_name_that_is_not_blank_counts_and_a_reference_excludes_it() {
        assert_eq!(credential(r#"{"apiKey":"sk-1","key":"sk-2"}"#), Ok(Some("sk-1".into())));
        assert_eq!(credential(r#"{"plaintext":"  ","secret":"sk-3","credentialKind":"plaintext"}"#), Ok(Some("sk-3".into())));
        assert_eq!(credential(r#"{"kmsRef":"aws-sm://a","key":null}"#), Ok(Some("ref aws-sm://a".into())));
        for neither in
            [r#"{"kmsRef":"aws-sm://a","key":"sk-1"}"#, "{}", "", "[\"sk-1\"]", r#"{"key":7,"secret":{"a":[1]},"apiKey":["x",1.5,true]}"#]
        {
            assert_eq!(credential(neither), Ok(None), "{neither}");
        }
        assert_eq!(credential("{\"key\":"), Err(StatusCode::BAD_REQUEST));
        assert_eq!(credential("nonsense"), Err(StatusCode::BAD_REQUEST));
    }
}
