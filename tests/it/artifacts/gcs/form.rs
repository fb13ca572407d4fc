//! What Google Cloud Storage makes of a posted form: it is taken only as the signed policy says ("Policy document").

use super::{
    BUCKET,
    account::{Account, EMAIL, scope, unhex},
};
use axum::body::Bytes;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cowork_actors::Clock;
use cowork_domain::timestamp::Timestamp;
use memchr::memmem;
use serde_json::Value;
use std::collections::HashMap;

/// An upload that the account allowed: where it goes, what it is, its type.
pub(super) struct Posted {
    pub(super) key: String,
    pub(super) content: Bytes,
    pub(super) content_type: String,
}

/// None if anything of it isn't as it was signed.
pub(super) fn posted(account: &Account, content_type: &str, body: &[u8]) -> Option<Posted> {
    let mut fields = parts(content_type.split_once("boundary=")?.1, body)?;
    let file = fields.remove("file")?;
    let mut text: HashMap<String, String> =
        fields.into_iter().map(|(name, value)| Some((name, String::from_utf8(value).ok()?))).collect::<Option<_>>()?;
    let (policy, signature) = (text.remove("policy")?, text.remove("x-goog-signature")?);
    let time = text.get("x-goog-date")?;
    let is_theirs = text.get("x-goog-algorithm")? == "GOOG4-RSA-SHA256"
        && *text.get("x-goog-credential")? == format!("{EMAIL}/{}", scope(time))
        && account.signed(policy.as_bytes(), &unhex(&signature));
    let policy: Value = serde_json::from_slice(&STANDARD.decode(policy).ok()?).ok()?;
    let is_in_time = Timestamp::parse(policy["expiration"].as_str()?)? > Clock.now();
    let mut unnamed: HashMap<&str, &str> = text.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    unnamed.insert("bucket", BUCKET);
    let mut is_sized = false;
    for condition in policy["conditions"].as_array()? {
        if let Some([Value::String(rule), least, most]) = condition.as_array().map(Vec::as_slice) {
            is_sized = rule == "content-length-range" && (least.as_u64()?..=most.as_u64()?).contains(&(file.len() as u64));
            continue;
        }
        let (name, value) = condition.as_object()?.iter().next()?;
        if unnamed.remove(name.as_str()) != value.as_str() {
            return None;
        }
    }
    let is_as_signed = is_theirs && is_in_time && is_sized && unnamed.is_empty();
    is_as_signed.then_some(Posted { key: text.remove("key")?, content: file.into(), content_type: text.remove("Content-Type")? })
}

/// The fields of a form by their names (RFC 7578).
fn parts(boundary: &str, body: &[u8]) -> Option<HashMap<String, Vec<u8>>> {
    let line = format!("--{boundary}\r\n");
    let end = format!("\r\n--{boundary}");
    let mut fields = HashMap::new();
    let mut rest = body.strip_prefix(line.as_bytes())?;
    loop {
        let head = memmem::find(rest, b"\r\n\r\n")?;
        let (_, name) = std::str::from_utf8(&rest[..head]).ok()?.split_once("name=\"")?;
        let value = &rest[head + 4..];
        let length = memmem::find(value, end.as_bytes())?;
        fields.insert(name.split_once('"')?.0.to_owned(), value[..length].to_vec());
        rest = value[length + end.len()..].strip_prefix(b"\r\n").unwrap_or_default();
        if rest.is_empty() {
            return Some(fields);
        }
    }
}
