//! E-mail addresses, as far as a membership depends on them.

/// The longest address that mail servers take (RFC 5321 §4.5.3.1.3, without the angle brackets).
const LONGEST: usize = 254;

/// Text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct NotAnAddress;

/// An address in the one form in which addresses are compared: trimmed and lower case.
///
/// Whether anybody reads mail there only a message can tell; this refuses what cannot be one, and what would look like another
/// one in a list of members.
///
/// # Errors
/// It has no name before the `@`, no domain with a dot behind it, or letters that an address has not.
pub fn normalized(text: &str) -> Result<String, NotAnAddress> {
    let address = text.trim().to_lowercase();
    let (name, domain) = address.rsplit_once('@').ok_or(NotAnAddress)?;
    let is_name = !name.is_empty()
        && name.chars().all(|letter| !letter.is_whitespace() && !letter.is_control() && !"@<>(),;:\\\"[]".contains(letter));
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    let is_domain = domain.contains('.') && domain.split('.').all(is_label);
    if address.len() <= LONGEST && is_name && is_domain { Ok(address) } else { Err(NotAnAddress) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_trimmed_and_in_lower_case() {
        assert_eq!(normalized(" Kim@Acme.Test ").as_deref(), Ok("kim@acme.test"));
        assert_eq!(normalized("o'hara+tag@mail.acme-corp.example").as_deref(), Ok("o'hara+tag@mail.acme-corp.example"));
        for wrong in [
            "",
            "kim",
            "@acme.test",
            "kim@",
            "kim@acme",
            "kim@acme..test",
            "a b@acme.test",
            "kim@evil.test@acme.test",
            "kim <kim@acme.test>",
            "kim@-acme.test",
            "kim@acme.test\0",
            "k\u{0}m@acme.test",
        ] {
            assert_eq!(normalized(wrong), Err(NotAnAddress), "{wrong:?}");
        }
        assert_eq!(normalized(&format!("{}@acme.test", "k".repeat(250))), Err(NotAnAddress));
    }
}
