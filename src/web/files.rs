//! The embedded files, in the forms that the build made.

use super::document;
use crate::http::{ApiError, HttpState};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

/// A file of the page.
pub(super) struct File {
    /// Its path below `/app/`.
    name: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
}

mod table {
    use super::File;

    include!(concat!(env!("OUT_DIR"), "/page.rs"));
}

/// Where the bundler puts files whose names change with their content.
const HASHED: &str = "assets/";
const DOCUMENT: &str = "index.html";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The text of the page's document; an empty one stands for a page that could not be built.
pub(super) fn document() -> Option<&'static str> {
    let file = table::FILES.iter().find(|file| file.name == DOCUMENT)?;
    std::str::from_utf8(file.plain).ok().filter(|text| !text.is_empty())
}

/// A file of the page; every other path below `/app/` is a place within the page.
pub(super) async fn show(State(state): State<HttpState>, Path(path): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    match table::FILES.iter().find(|file| file.name == path && path != DOCUMENT) {
        Some(file) => Ok(file.answer(&headers)),
        None if path.starts_with(HASHED) => Err(ApiError::not_found("Not found.")),
        None => Ok(document::show(State(state), headers).await),
    }
}

impl File {
    fn answer(&self, asked: &HeaderMap) -> Response {
        let is_hashed = self.name.starts_with(HASHED);
        let tag = if is_hashed { None } else { Some(tag_of(self.plain)) };
        let mut response = match &tag {
            Some(tag) if is_known(asked, tag) => StatusCode::NOT_MODIFIED.into_response(),
            _ => match self.brotli.filter(|_| takes_brotli(asked)) {
                Some(small) => {
                    let mut response = Body::from(Bytes::from_static(small)).into_response();
                    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
                    response
                }
                None => Body::from(Bytes::from_static(self.plain)).into_response(),
            },
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(self.name)));
        headers.insert(header::CACHE_CONTROL, if is_hashed { FOR_EVER } else { ASK_AGAIN });
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if self.brotli.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

/// A strong validator of what is sent.
pub(super) fn tag_of(content: &[u8]) -> String {
    format!("\"{}\"", HEXLOWER.encode(&Sha256::digest(content)[..16]))
}

/// Whether the client has this content already (RFC 9110 §13.1.2).
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|list| list.split(',')).map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let given = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|list| list.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.trim().trim_end_matches(['0', '.']).is_empty());
        name.trim().eq_ignore_ascii_case("br") && !refused
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn compression_is_used_by_who_takes_it() {
        for takes in ["br", "gzip, deflate, br, zstd", "BR;q=0.5"] {
            assert!(takes_brotli(&asking(header::ACCEPT_ENCODING, takes)), "{takes}");
        }
        for refuses in ["", "gzip", "br;q=0", "br; q=0.000", "brotli"] {
            assert!(!takes_brotli(&asking(header::ACCEPT_ENCODING, refuses)), "{refuses}");
        }
    }

    #[test]
    fn unhashed_files_are_asked_for_again_and_hashed_ones_never() {
        let icon = File { name: "icon.svg", plain: b"<svg/>", brotli: Some(b"small") };
        let first = icon.answer(&asking(header::ACCEPT_ENCODING, "br"));
        assert_eq!(
            (&first.headers()[header::CACHE_CONTROL], &first.headers()[header::CONTENT_ENCODING]),
            (&ASK_AGAIN, &HeaderValue::from_static("br"))
        );
        let again = icon.answer(&HeaderMap::from_iter([(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone())]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

        let script = File { name: "assets/index-abc.js", plain: b"1", brotli: None };
        let answer = script.answer(&HeaderMap::new());
        assert_eq!((&answer.headers()[header::CACHE_CONTROL], answer.headers().get(header::ETAG)), (&FOR_EVER, None));
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    }
}
