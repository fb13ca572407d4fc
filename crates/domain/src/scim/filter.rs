//! The one filter that is understood; others are ignored, as the contract has it.

/// The user name of `userName eq "…"`.
pub fn wanted_user_name(filter: &str) -> Option<String> {
    let mut words = filter.trim().splitn(3, char::is_whitespace);
    let (attribute, operator, value) = (words.next()?, words.next()?, words.next()?.trim());
    if !attribute.eq_ignore_ascii_case("userName") || !operator.eq_ignore_ascii_case("eq") {
        return None;
    }
    // The value is a JSON string (RFC 7644 §3.4.2.2).
    serde_json::from_str(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_equality_of_the_user_name_is_a_filter() {
        assert_eq!(wanted_user_name("userName eq \"SAM@acme.test\"").as_deref(), Some("SAM@acme.test"));
        assert_eq!(wanted_user_name(" USERNAME EQ  \"a\\\"b\" ").as_deref(), Some("a\"b"));
        for other in ["", "userName eq sam", "userName co \"a\"", "emails eq \"a\"", "userName eq \"a\" and active eq true"] {
            assert_eq!(wanted_user_name(other), None, "{other}");
        }
    }
}
