//! What of a channel's objects and texts anybody sees who may list them (contract 04 §1, last paragraph).
//!
//! Chat systems put credentials into what they send, and people put them into settings. Whoever lists records sees their
//! shape. Only the delivery stream carries an object as it is: a gateway must send it.

use crate::redact;
use serde_json::{Map, Value};
use std::borrow::Cow;

const REDACTED: &str = redact::REDACTED;
const TOO_DEEP: &str = "[redacted-depth]";
/// The root has depth 0.
const DEEPEST: usize = 4;
const LONGEST_TEXT: usize = 512;
const LONGEST_LIST: usize = 50;

/// Ends of keys, without dashes and underscores, whose values are secrets.
const SECRET_ENDS: [&str; 10] =
    ["authorization", "cookie", "token", "secret", "password", "credential", "apikey", "kmsref", "ciphertext", "envelope"];

/// Words in front of `=` whose value is a secret, whatever it looks like.
const SECRET_NAMES: [&str; 8] = ["token", "secret", "password", "credential", "cookie", "apikey", "api_key", "api-key"];

/// An object as whoever lists records sees it.
pub fn public(value: &Value) -> Value {
    shown(value, 0)
}

/// An object without its secrets, whole otherwise: what nobody is ever shown, and nobody uses, needs no place in a database.
pub fn without_secrets(value: Value) -> Value {
    match value {
        Value::String(text) => announced(&redact::secrets(&text)).into_owned().into(),
        Value::Array(items) => items.into_iter().map(without_secrets).collect(),
        Value::Object(fields) => {
            let field = |(key, value): (String, Value)| {
                let value = if is_secret_key(&key) { REDACTED.into() } else { without_secrets(value) };
                (key, value)
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// A text as whoever lists records sees it, with at most so many characters.
pub fn public_text(text: &str, longest: usize) -> String {
    let text = redact::redacted(text);
    let text = announced(&text);
    match text.char_indices().nth(longest) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.into_owned(),
    }
}

fn shown(value: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return TOO_DEEP.into();
    }
    match value {
        Value::String(text) => public_text(text, LONGEST_TEXT).into(),
        Value::Array(items) => items.iter().take(LONGEST_LIST).map(|item| shown(item, depth + 1)).collect(),
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| {
                let value = if is_secret_key(key) { REDACTED.into() } else { shown(value, depth + 1) };
                (key.clone(), value)
            };
            Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn is_secret_key(key: &str) -> bool {
    let plain: String = key.chars().filter(|letter| !matches!(letter, '-' | '_')).map(|letter| letter.to_ascii_lowercase()).collect();
    SECRET_ENDS.iter().any(|end| plain.ends_with(end))
}

/// Replaces what stands behind `Bearer ` and `token=`, however short it is.
fn announced(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut result = String::new();
    let (mut copied, mut place) = (0, 0);
    while place < bytes.len() {
        let Some(value) = announced_at(bytes, place) else {
            place += 1;
            continue;
        };
        let length = bytes[value..].iter().take_while(|byte| !byte.is_ascii_whitespace() && !b"\"'`,;&<>".contains(byte)).count();
        if length > 0 && !text[value..].starts_with(REDACTED) {
            result.push_str(&text[copied..value]);
            result.push_str(REDACTED);
            copied = value + length;
        }
        place = value + length;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    result.push_str(&text[copied..]);
    Cow::Owned(result)
}

/// Where the value begins that is announced at a place.
fn announced_at(bytes: &[u8], start: usize) -> Option<usize> {
    let inside_a_word = start > 0 && bytes[start - 1].is_ascii_alphabetic();
    let rest = &bytes[start..];
    let begins = |word: &str| rest.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()));
    if begins("bearer ") && !inside_a_word {
        return Some(start + "bearer ".len());
    }
    // `accessToken=` announces as well as `token=`.
    let name = SECRET_NAMES.iter().find(|name| begins(name) && rest.get(name.len()) == Some(&b'='))?;
    Some(start + name.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn secrets_go_by_their_names_and_shapes_and_the_rest_stays() {
        let stored = json!({
            "botName": "helper", "botToken": "123:abc", "nested": { "apiKey": "k", "list": [1, 2] }, "kms_ref": "x", "tokenCount": 3,
            "note": "send Bearer x and token=y&z=1", "deep": { "a": { "b": { "c": { "d": 1 } } } },
        });
        let expected = json!({
            "botName": "helper", "botToken": "[redacted]", "nested": { "apiKey": "[redacted]", "list": [1, 2] }, "kms_ref": "[redacted]",
            "tokenCount": 3, "note": "send Bearer [redacted] and token=[redacted]&z=1",
            "deep": { "a": { "b": { "c": { "d": "[redacted-depth]" } } } },
        });
        assert_eq!(public(&stored), expected);
    }

    #[test]
    fn long_texts_and_lists_are_cut() {
        let shown = public(&json!({ "text": "é".repeat(600), "list": vec![0; 60] }));
        assert_eq!(shown["text"].as_str().map(|text| text.chars().count()), Some(512));
        assert_eq!(shown["list"].as_array().map(Vec::len), Some(50));
        assert_eq!(public_text("a long one", 6), "a long");
    }

    #[test]
    fn what_is_kept_lacks_its_secrets_and_nothing_else() {
        let given = json!({
            "botName": "é".repeat(600), "bot_token": "123:abc", "list": [{ "api-key": "k" }, "xoxb-1234567890abc"], "home": "/home/kim/x",
            "deep": { "a": { "b": { "c": { "d": { "secret": 1, "n": null } } } } }, "note": "send Bearer x",
        });
        let kept = without_secrets(given.clone());
        let expected = json!({
            "botName": "é".repeat(600), "bot_token": "[redacted]", "list": [{ "api-key": "[redacted]" }, "[redacted]"], "home": "/home/kim/x",
            "deep": { "a": { "b": { "c": { "d": { "secret": "[redacted]", "n": null } } } } }, "note": "send Bearer [redacted]",
        });
        assert_eq!(kept, expected);
        assert_eq!(public(&kept), public(&given));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_and_none_is_redacted_twice(text in "(\\PC|token=|Bearer |password=|\\[redacted\\]){0,20}") {
            let once = public_text(&text, 4096);
            prop_assert_eq!(public_text(&once, 4096), once);
        }
    }
}
