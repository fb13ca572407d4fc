//! Query strings and path segments.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Display;

/// Everything but what RFC 3986 §2.3 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Builds `?a=1&b=x%20y`; empty as long as nothing was added.
#[derive(Default)]
pub(crate) struct Query(String);

impl Query {
    pub(crate) fn add(mut self, name: &str, value: Option<impl Display>) -> Self {
        let Some(value) = value else { return self };
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(&percent_encoded(&value.to_string()));
        self
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text that stays one parameter or one path segment, whatever is in it.
pub(crate) fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_break_out_of_their_parameter() {
        let query = Query::default().add("q", Some("a b&c=é")).add("status", None::<&str>).add("limit", Some(5));
        assert_eq!(query.as_str(), "?q=a%20b%26c%3D%C3%A9&limit=5");
    }
}
