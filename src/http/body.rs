//! Request bodies (contract 00 §2): JSON whatever the content type says, empty means `{}`, anything
//! but an object counts as `{}`, and malformed JSON is 400.
//!
//! A body is read only when a handler asks for it, so a refused request never costs its upload.

use super::{error::ApiError, state::HttpState};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use bytes::{Bytes, BytesMut};
use cowork_domain::{codes::Code, timestamp::Timestamp};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value};

/// An object from the client.
pub(super) struct JsonBody {
    /// The bytes as they came, for comparing repeated requests.
    pub(super) raw: Bytes,
    /// The fields.
    pub(super) fields: Fields,
}

/// As [`JsonBody`], for routes that take whole sessions or files.
pub(super) struct BulkJsonBody(pub(super) JsonBody);

impl FromRequest<HttpState> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, ApiError> {
        read(request, state, state.options.body_limits.json).await
    }
}

impl FromRequest<HttpState> for BulkJsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, ApiError> {
        read(request, state, state.options.body_limits.bulk).await.map(Self)
    }
}

async fn read(request: Request, state: &HttpState, limit: usize) -> Result<JsonBody, ApiError> {
    let raw = read_bytes(request, state, limit).await?;
    state.node.heavy().run(raw.len(), move || JsonBody::parse(raw)).await
}

/// A body as it came: for whoever must see it before it is understood.
pub(super) async fn read_bytes(request: Request, state: &HttpState, limit: usize) -> Result<Bytes, ApiError> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let collecting = collect(request.into_body(), limit);
    tokio::time::timeout(state.options.timeouts.body, collecting)
        .await
        .map_err(|_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "The request body took too long to arrive.").closing())?
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    // Nearly every body is one frame, which is taken over without a copy.
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "The request body ended early."))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + joined.len() + data.len() > limit {
            return Err(too_large());
        }
        if first.is_empty() && joined.is_empty() {
            first = data;
            continue;
        }
        if joined.is_empty() {
            joined.extend_from_slice(&first);
            first = Bytes::new();
        }
        joined.extend_from_slice(&data);
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}

fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.").code(Code::BodyTooLarge)
}

impl JsonBody {
    /// Reads the fields of a body.
    pub(super) fn parse(raw: Bytes) -> Result<Self, ApiError> {
        let fields = if raw.trim_ascii().is_empty() {
            Map::new()
        } else {
            match serde_json::from_slice(&raw) {
                Ok(Value::Object(fields)) => fields,
                Ok(_) => Map::new(),
                Err(_) => return Err(ApiError::new(StatusCode::BAD_REQUEST, "Request body must be valid JSON.").code(Code::InvalidJson)),
            }
        };
        Ok(Self { raw, fields: Fields(fields) })
    }
}

/// The fields of a body, read by the contract's rules.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// A string that is not blank, untrimmed; anything else counts as absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }

    /// A field that is there and not null.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// An instant, or a day, which begins at midnight in UTC; absent, null and empty are none (contract 00 §2).
    pub(super) fn date(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Timestamp::parse(text)
                .or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")))
                .map(Some)
                .ok_or_else(|| ApiError::invalid("Date value must be a valid ISO timestamp.")),
            Some(_) => Err(ApiError::invalid("Date value must be an ISO timestamp.")),
        }
    }

    /// Refuses text that the database cannot hold. Only the fields that will be stored are looked at.
    pub(super) fn refuse_nul(&self, names: &[&str]) -> Result<(), ApiError> {
        for name in names {
            if self.0.get(*name).is_some_and(holds_nul) {
                return Err(ApiError::invalid(format!("The field {name} holds the character U+0000, which can't be stored.")));
            }
        }
        Ok(())
    }
}

/// Whether any string inside holds U+0000. The parser limits how deep values nest.
pub(super) fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &'static str) -> Result<Fields, StatusCode> {
        JsonBody::parse(Bytes::from_static(text.as_bytes())).map(|body| body.fields).map_err(|error| error.status())
    }

    #[test]
    fn anything_but_an_object_counts_as_an_empty_one() {
        for empty in ["", "  \n", "{}", "[1]", "\"text\"", "7", "null"] {
            assert!(fields(empty).expect("accepted").0.is_empty(), "{empty}");
        }
        assert_eq!(fields("{").expect_err("malformed"), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn blank_and_wrongly_typed_strings_are_absent_and_others_stay_untrimmed() {
        let body = fields(r#"{"a":" hi ","b":"  ","c":3,"d":null}"#).expect("JSON");
        assert_eq!(body.text("a"), Some(" hi "));
        assert_eq!([body.text("b"), body.text("c"), body.text("d")], [None, None, None]);
        assert_eq!(body.value("c"), Some(&Value::from(3)));
        assert_eq!(body.value("d"), None);
    }

    #[test]
    fn a_date_is_an_instant_or_a_day_and_nothing_else() {
        let body = fields(r#"{"a":"2026-03-04T06:00:00+01:00","b":"2026-03-04","c":"","d":null,"e":"soon","f":7}"#).expect("JSON");
        let read = |name| body.date(name).map(|at| at.map(|at| at.to_string())).map_err(|error| error.body());
        assert_eq!(read("a"), Ok(Some("2026-03-04T05:00:00.000Z".to_owned())));
        assert_eq!(read("b"), Ok(Some("2026-03-04T00:00:00.000Z".to_owned())));
        assert_eq!([read("c"), read("d"), read("missing")], [Ok(None), Ok(None), Ok(None)]);
        assert!(read("e").is_err_and(|body| body.contains("must be a valid ISO timestamp.")));
        assert!(read("f").is_err_and(|body| body.contains("must be an ISO timestamp.")));
    }

    #[test]
    fn text_that_cannot_be_stored_is_refused_wherever_it_hides() {
        let body = fields(r#"{"text":"a\u0000b","answers":[{"k":["\u0000"]}],"other":"\u0000"}"#).expect("JSON");
        assert!(body.refuse_nul(&["text"]).is_err());
        assert!(body.refuse_nul(&["answers"]).is_err());
        assert!(body.refuse_nul(&["missing"]).is_ok());
    }

    #[tokio::test]
    async fn a_body_in_pieces_is_joined_and_capped() {
        let pieces = || Body::from_stream(futures_util::stream::iter(["{\"a\"", ":1", "}"].map(Ok::<_, std::io::Error>)));
        assert_eq!(collect(pieces(), 7).await.expect("fits"), "{\"a\":1}");
        assert_eq!(collect(pieces(), 6).await.expect_err("too large").status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
