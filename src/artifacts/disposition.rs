//! What a browser is told about a content, so that nothing which somebody uploaded runs in our origin.

use cowork_domain::artifact::is_safe_to_show;
use cowork_objects::Presentation;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The type of a content whose own nobody knows.
const UNKNOWN: &str = "application/octet-stream";

/// Everything that is no `attr-char` (RFC 8187 §3.2.1).
const NO_ATTRIBUTE_CHARACTER: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// `Content-Disposition`: shown only where a browser can't be made to run it, saved under its name otherwise (RFC 6266, and
/// RFC 8187 for names beyond ASCII).
pub(crate) fn content_disposition(content_type: Option<&str>, filename: &str) -> String {
    let kind = if content_type.is_some_and(is_safe_to_show) { "inline" } else { "attachment" };
    let is_quotable = |character: char| matches!(character, ' '..='~') && !matches!(character, '"' | '\\' | '%' | ';');
    let plain: String = filename.chars().map(|character| if is_quotable(character) { character } else { '_' }).collect();
    let mut header = format!("{kind}; filename=\"{plain}\"");
    if plain != filename {
        header.push_str("; filename*=UTF-8''");
        header.extend(utf8_percent_encode(filename, NO_ATTRIBUTE_CHARACTER));
    }
    header
}

/// `Content-Type`: text in the one encoding there is, unless it says another.
pub(crate) fn shown_type(content_type: Option<&str>) -> String {
    match content_type {
        None => UNKNOWN.to_owned(),
        Some(text) if text.starts_with("text/") && !text.contains(';') => format!("{text}; charset=utf-8"),
        Some(other) => other.to_owned(),
    }
}

/// Both, for a store that shows contents itself.
pub(super) fn presentation(content_type: Option<&str>, filename: &str) -> Presentation {
    Presentation { content_type: Some(shown_type(content_type)), disposition: Some(content_disposition(content_type, filename)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_and_never_ends_its_header() {
        assert_eq!(content_disposition(Some("image/png"), "a b.png"), "inline; filename=\"a b.png\"");
        assert_eq!(content_disposition(Some("text/html; charset=utf-8"), "x.html"), "attachment; filename=\"x.html\"");
        assert_eq!(content_disposition(Some("image/svg+xml"), "x.svg"), "attachment; filename=\"x.svg\"");
        assert_eq!(
            content_disposition(None, "Ä\"b\\;%.txt"),
            "attachment; filename=\"__b___.txt\"; filename*=UTF-8''%C3%84%22b%5C%3B%25.txt"
        );
        assert_eq!(shown_type(Some("text/plain")), "text/plain; charset=utf-8");
        assert_eq!(shown_type(None), "application/octet-stream");
    }
}
