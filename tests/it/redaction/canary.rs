//! A secret that is planted, and the forms in which it would be found again.

use base64::{Engine as _, engine::general_purpose};
use data_encoding::HEXLOWER;
use memchr::memmem;
use std::{fs, path::Path};

/// A secret that must be found nowhere but where it was put.
#[derive(Debug, Clone)]
pub(super) struct Canary {
    pub(super) name: &'static str,
    forms: Vec<Vec<u8>>,
}

impl Canary {
    pub(super) fn new(name: &'static str, secret: &str) -> Self {
        assert!(secret.len() >= 16, "a short secret is found by chance: {name}");
        let hex = HEXLOWER.encode(secret.as_bytes());
        let mut forms = vec![secret.as_bytes().to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
        // Wherever it stands in a larger text, base64 of that holds one of these.
        for skipped in 0..3 {
            let inner = &secret.as_bytes()[skipped..];
            let whole = inner.len() / 3 * 3;
            forms.push(general_purpose::STANDARD.encode(&inner[..whole]).into_bytes());
            forms.push(general_purpose::URL_SAFE_NO_PAD.encode(&inner[..whole]).into_bytes());
        }
        Self { name, forms }
    }

    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.iter().any(|form| memmem::find(bytes, form).is_some())
    }
}

/// Where each of some secrets was found: `place: name`.
pub(super) fn search(place: &str, bytes: &[u8], canaries: &[Canary], found: &mut Vec<String>) {
    found.extend(canaries.iter().filter(|canary| canary.is_in(bytes)).map(|canary| format!("{place}: {}", canary.name)));
}

/// The same for every file below a folder.
pub(super) fn search_files(folder: &Path, canaries: &[Canary], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the server").flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => search_files(&path, canaries, found),
            // A running database renames files while they are looked at.
            Ok(kind) if kind.is_file() => search(&path.display().to_string(), &fs::read(&path).unwrap_or_default(), canaries, found),
            _ => {}
        }
    }
}

#[test]
fn a_canary_is_found_in_every_form_that_text_takes() {
    let secret = "a-canary-of-29-characters-x7q";
    let canary = Canary::new("canary", secret);
    let hidden = |text: &str| canary.is_in(text.as_bytes());
    assert!(hidden(secret) && hidden(&format!("key={secret};")));
    for before in ["", "x", "xy", "xyz"] {
        let text = format!("{before}{secret} and more");
        assert!(hidden(&general_purpose::STANDARD.encode(&text)) && hidden(&general_purpose::URL_SAFE.encode(&text)), "{before:?}");
    }
    assert!(!hidden(&secret[1..]) && !hidden("a-canary-of-another-kind"));
}
