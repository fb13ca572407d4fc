//! The catalogue of codes against the sources (docs/codes.md).

use cowork_domain::codes::Code;
use std::{fs, path::Path};

/// Everything that isn't a test, file by file.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("the sources are there").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") && !["codes.rs", "tests.rs"].contains(&name) {
            let text = fs::read_to_string(&path).expect("sources are text");
            let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
            found.push(text[..end].to_owned());
        }
    }
}

/// Whether a text names a code: as a value, in a row of the table of features, or as it is sent.
fn names(text: &str, code: Code) -> bool {
    let (variant, sent) = (format!("Code::{code:?}"), code.as_str());
    let mut places = text.match_indices(&variant).map(|(place, _)| &text[place + variant.len()..]);
    let is_whole = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    places.any(is_whole) || text.contains(&format!("\" {code:?} \"")) || text.contains(&format!("\"{sent}\""))
}

#[test]
fn no_code_is_promised_that_nothing_sends() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "actors/src", "crates/domain/src", "crates/runtime/src", "crates/store/src"] {
        sources(&root.join(folder), &mut found);
    }
    assert!(found.len() > 300, "only {} files", found.len());
    let unsent: Vec<&Code> = Code::ALL.iter().filter(|code| !found.iter().any(|text| names(text, **code))).collect();
    assert!(unsent.is_empty(), "nothing sends {unsent:?}");
}
