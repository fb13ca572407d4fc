//! A person as a directory describes them.

use super::{ScimInvalid, boolean, text};
use serde_json::Value;

/// What is taken from a user resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRequest {
    /// Lower case: people are known by it.
    pub email: String,
    /// How to call the person, where the directory says so.
    pub display_name: Option<String>,
    /// The directory's own id, which its groups name.
    pub external_id: Option<String>,
    /// Whether the person takes part.
    pub active: bool,
}

impl UserRequest {
    /// Reads a resource. The address is the primary one, else the first, else a user name that is one.
    pub fn read(resource: &Value) -> Result<Self, ScimInvalid> {
        let user_name = text(resource, "userName")?.ok_or(ScimInvalid::UserName)?;
        let emails = resource.get("emails").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let is_primary = |email: &&Value| email.get("primary").is_some_and(|primary| boolean(primary).unwrap_or(false));
        let address = match emails.iter().find(is_primary).or(emails.first()) {
            Some(email) => text(email, "value")?,
            None => None,
        };
        let email = address.unwrap_or(user_name).to_ascii_lowercase();
        if !is_email(&email) {
            return Err(ScimInvalid::Email);
        }
        Ok(Self {
            email,
            display_name: display_name(resource)?,
            external_id: text(resource, "externalId")?.map(str::to_owned),
            active: resource.get("active").filter(|active| !active.is_null()).map_or(Ok(true), boolean)?,
        })
    }
}

fn display_name(resource: &Value) -> Result<Option<String>, ScimInvalid> {
    if let Some(name) = text(resource, "displayName")? {
        return Ok(Some(name.to_owned()));
    }
    let Some(name) = resource.get("name") else { return Ok(None) };
    if let Some(formatted) = text(name, "formatted")? {
        return Ok(Some(formatted.to_owned()));
    }
    let parts: Vec<&str> = [text(name, "givenName")?, text(name, "familyName")?].into_iter().flatten().collect();
    Ok(if parts.is_empty() { None } else { Some(parts.join(" ")) })
}

/// One `@`, something before it, and a domain with a dot after it.
fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    let is_clean = !text.chars().any(char::is_whitespace);
    is_clean
        && !name.is_empty()
        && !domain.contains('@')
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_primary_address_wins_and_names_are_put_together() {
        let user = UserRequest::read(&json!({
            "userName": "Sam@acme.test", "externalId": "ext-sam", "name": { "givenName": "Sam", "familyName": "Lee" },
            "emails": [{ "value": "alt@acme.test" }, { "value": "Sam@Acme.test", "primary": true }], "active": "TRUE",
        }));
        let expected = UserRequest {
            email: "sam@acme.test".to_owned(),
            display_name: Some("Sam Lee".to_owned()),
            external_id: Some("ext-sam".to_owned()),
            active: true,
        };
        assert_eq!(user, Ok(expected));
        let first = UserRequest::read(&json!({ "userName": "sam", "emails": [{ "value": "a@b.test" }, { "value": "c@d.test" }] }));
        assert_eq!(first.expect("valid").email, "a@b.test");
        assert_eq!(UserRequest::read(&json!({ "userName": "a@b.test" })).expect("valid").email, "a@b.test");
    }

    #[test]
    fn what_names_nobody_is_refused() {
        assert_eq!(UserRequest::read(&json!({ "emails": [{ "value": "a@b.test" }] })), Err(ScimInvalid::UserName));
        for name in ["sam", "sam@", "@b.test", "a@b", "a@b@c.test", "a b@c.test"] {
            assert_eq!(UserRequest::read(&json!({ "userName": name })), Err(ScimInvalid::Email), "{name}");
        }
        assert_eq!(UserRequest::read(&json!({ "userName": "a@b.test", "active": "perhaps" })), Err(ScimInvalid::Active));
        assert_eq!(UserRequest::read(&json!({ "userName": "a\u{0}@b.test" })), Err(ScimInvalid::Value));
    }
}
