//! The catalogue of codes against the sources (docs/codes.md).

use cowork_domain::codes::Code;
use std::{fs, path::Path};

/// The sources, without the catalogue itself and without this file.
#[derive(Default)]
struct Sources {
    /// What runs where somebody uses it.
    program: Vec<String>,
    tests: Vec<String>,
}

impl Sources {
    fn of(folders: &[&str]) -> Self {
        let mut sources = Self::default();
        for folder in folders {
            sources.read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), false);
        }
        sources
    }

    fn read(&mut self, folder: &Path, are_tests: bool) {
        let are_tests = are_tests || folder.ends_with("tests");
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("the sources are there").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                self.read(&path, are_tests);
            } else if path.extension().is_some_and(|kind| kind == "rs") && name != "codes.rs" {
                let text = fs::read_to_string(&path).expect("sources are text");
                let is_test = are_tests || name.ends_with("tests.rs");
                let end = if is_test { 0 } else { text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len()) };
                let (program, tests) = text.split_at(end);
                self.program.push(program.to_owned());
                self.tests.push(tests.to_owned());
            }
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

/// The codes that none of the texts names.
fn unnamed(texts: &[String]) -> Vec<Code> {
    assert!(texts.iter().filter(|text| !text.is_empty()).count() > 300, "most of the sources are missing");
    Code::ALL.iter().copied().filter(|code| !texts.iter().any(|text| names(text, *code))).collect()
}

#[test]
fn no_code_is_promised_that_nothing_sends() {
    let unsent = unnamed(&Sources::of(&["src", "actors/src", "crates/domain/src", "crates/runtime/src", "crates/store/src"]).program);
    assert!(unsent.is_empty(), "nothing sends {unsent:?}");
}

#[test]
fn every_code_has_a_test() {
    let untested = unnamed(&Sources::of(&["tests", "src", "actors", "crates"]).tests);
    assert!(untested.is_empty(), "no test asks for {untested:?}");
}
