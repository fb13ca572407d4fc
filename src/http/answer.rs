//! JSON answers: the headers that the contract asks of each (00 §2), and bodies that are ready text
//! already, so that a session of many kilobytes is serialised once, where its state lives.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// A JSON answer, 200 unless said otherwise.
pub(crate) struct Json {
    status: StatusCode,
    text: String,
}

impl Json {
    /// An answer that is JSON text already.
    pub(crate) const fn text(text: String) -> Self {
        Self { status: StatusCode::OK, text }
    }

    /// Serialises an answer.
    pub(crate) fn of<T: Serialize>(value: &T) -> Self {
        Self::text(serde_json::to_string(value).expect("answers have text keys and no fallible serialiser"))
    }

    /// Changes the status.
    pub(crate) const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The status and text, for keeping.
    pub(crate) fn parts(&self) -> (StatusCode, &str) {
        (self.status, &self.text)
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
