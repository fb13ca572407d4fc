//! Request paths in the one form that the router knows (contract 00 §1): split on `/` first, empty
//! segments dropped, then each segment percent-decoded once.
//!
//! Nearly all requests already have that form and cost one look at the bytes.

use http::{Uri, uri::PathAndQuery};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;

/// Everything that is no `pchar` (RFC 3986 §3.3).
const NOT_IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// A path with a segment that can name nothing: not UTF-8, or with `/` or NUL inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path segment can't be decoded")]
pub(super) struct Undecodable;

/// The normal form of a request's target, or nothing if it has it already.
pub(super) fn normalized(uri: &Uri) -> Result<Option<Uri>, Undecodable> {
    let path = uri.path();
    let is_normal = path == "/" || !(path.contains('%') || path.contains("//") || path.ends_with('/') || !path.starts_with('/'));
    if is_normal {
        return Ok(None);
    }
    let mut normal = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        normal.push('/');
        // What may not stand in a path is encoded again; the router decodes it for the handler.
        normal.extend(utf8_percent_encode(&decoded(segment)?, NOT_IN_SEGMENT));
    }
    if normal.is_empty() {
        normal.push('/');
    }
    if let Some(query) = uri.query() {
        normal.push('?');
        normal.push_str(query);
    }
    let target = PathAndQuery::try_from(normal).map_err(|_| Undecodable)?;
    Ok(Some(Uri::from(target)))
}

/// A percent sign that no two hex digits follow stands for itself.
fn decoded(segment: &str) -> Result<Cow<'_, str>, Undecodable> {
    let text = percent_decode_str(segment).decode_utf8().map_err(|_| Undecodable)?;
    if text.contains(['/', '\0']) { Err(Undecodable) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(raw: &str) -> Result<String, Undecodable> {
        let uri: Uri = raw.parse().expect("a request target");
        Ok(normalized(&uri)?.unwrap_or(uri).to_string())
    }

    #[test]
    fn harmless_variations_mean_the_same_path() {
        for raw in ["/api/sessions", "/api/sessions/", "//api///sessions", "/api/%73essions"] {
            assert_eq!(path(raw).as_deref(), Ok("/api/sessions"), "{raw}");
        }
        assert_eq!(path("//").as_deref(), Ok("/"));
        assert_eq!(path("/api/sessions/?limit=%20").as_deref(), Ok("/api/sessions?limit=%20"));
    }

    #[test]
    fn a_segment_is_decoded_once() {
        assert_eq!(path("/x/watch%3Atask").as_deref(), Ok("/x/watch:task"));
        assert_eq!(path("/x/%2541").as_deref(), Ok("/x/%2541"), "still the text %41 for the handler");
        assert_eq!(path("/x/a%20b").as_deref(), Ok("/x/a%20b"));
        assert_eq!(path("/x/100%").as_deref(), Ok("/x/100%25"));
    }

    #[test]
    fn what_can_name_nothing_is_not_found() {
        for raw in ["/x/%2f", "/x/%00", "/x/%ff"] {
            assert_eq!(path(raw), Err(Undecodable), "{raw}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]
        #[test]
        fn the_normal_form_is_stable(raw in "/[a-z%/0-9:. ]{0,24}") {
            if let Ok(uri) = raw.parse::<Uri>() && let Ok(Some(normal)) = normalized(&uri) {
                let again = normalized(&normal).expect("normal paths decode").unwrap_or_else(|| normal.clone());
                proptest::prop_assert_eq!(again, normal);
            }
        }
    }
}
