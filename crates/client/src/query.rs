//! Query strings and path segments.

use std::fmt::{Display, Write};

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
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").expect("writing to a string succeeds"),
        }
    }
    encoded
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
