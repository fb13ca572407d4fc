//! An upload as a client writes it, read by the contract's rules and judged by the profile's.

use crate::http::{body::Fields, error::ApiError};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use cowork_domain::{
    codes::Code,
    project_source::{PathRefused, SnapshotRules, check_path},
};
use cowork_objects::ProjectFile;
use http::StatusCode;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest name that people give a project, in characters.
const LONGEST_TITLE: usize = 512;
/// The owner may run it.
const EXECUTABLE: u64 = 0o100;
/// Longest part of a refused path that is repeated to its sender.
const LONGEST_SHOWN: usize = 120;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// What is to be stored.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) title: Option<String>,
    pub(super) files: Vec<ProjectFile>,
    pub(super) file_count: u64,
    pub(super) byte_count: u64,
}

/// Reads a body. The contract accepts a repeated path (the last one counts), a wrong count of one file's bytes, text that isn't quite
/// base64, and no files at all.
pub(super) fn draft(fields: &Fields, rules: &SnapshotRules) -> Result<Draft, ApiError> {
    rules.check(0, 0)?;
    let title = fields.text("title").map(str::to_owned);
    if title.as_ref().is_some_and(|title| title.chars().count() > LONGEST_TITLE) {
        return Err(malformed("Project snapshot title exceeds 512 characters."));
    }
    let given: &[Value] = match fields.value("files") {
        None => &[],
        Some(Value::Array(files)) => files,
        Some(_) => return Err(malformed("Project snapshot files must be a list.")),
    };
    let file_count = given.len() as u64;
    rules.check(file_count, 0)?;
    let (mut files, mut byte_count) = (BTreeMap::new(), 0_u64);
    for file in given {
        let path = file.get("path").and_then(Value::as_str).ok_or_else(|| malformed("Each file of a project snapshot needs a path."))?;
        check_path(path).map_err(|why| refused(path, why))?;
        let Some(Value::String(data)) = file.get("dataBase64") else {
            return Err(malformed("Each file of a project snapshot needs dataBase64."));
        };
        let content = decode(data);
        byte_count += content.len() as u64;
        rules.check(file_count, byte_count)?;
        let executable = file.get("mode").and_then(Value::as_u64).is_some_and(|mode| mode & EXECUTABLE != 0);
        files.insert(path, ProjectFile::new(path.to_owned(), executable, &content));
    }
    for (name, counted) in [("fileCount", file_count), ("byteCount", byte_count)] {
        if fields.value(name).is_some_and(|said| said.as_u64() != Some(counted)) {
            return Err(malformed(format!("Project snapshot {name} does not match its files.")));
        }
    }
    if let Some(both) = files.keys().find(|path| is_folder_too(path, &files)) {
        return Err(refused(both, PathRefused::Unsafe));
    }
    Ok(Draft { title, files: files.into_values().collect(), file_count, byte_count })
}

/// Whether other files lie below a file.
fn is_folder_too(path: &str, files: &BTreeMap<&str, ProjectFile>) -> bool {
    let below = format!("{path}/");
    files.range(below.as_str()..).next().is_some_and(|(next, _)| next.starts_with(&below))
}

/// As clients' own decoders do it: either alphabet, whatever is of neither is passed over, and `=` is the end.
fn decode(text: &str) -> Vec<u8> {
    let characters = text.bytes().take_while(|byte| *byte != b'=').filter_map(|byte| match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        b'+' | b'/' => Some(byte),
        _ => byte.is_ascii_alphanumeric().then_some(byte),
    });
    let mut characters: Vec<u8> = characters.collect();
    // One character alone is less than a byte.
    if characters.len() % 4 == 1 {
        characters.pop();
    }
    LENIENT.decode(characters).unwrap_or_default()
}

fn refused(path: &str, why: PathRefused) -> ApiError {
    let code = match why {
        PathRefused::Unsafe => Code::ProjectSourceSnapshotPath,
        PathRefused::Secret => Code::ProjectSourceSnapshotSecretPath,
        PathRefused::Generated => Code::ProjectSourceSnapshotGeneratedPath,
    };
    let shown: String =
        path.chars().take(LONGEST_SHOWN).map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect();
    ApiError::new(StatusCode::BAD_REQUEST, format!("Project snapshot path \"{shown}\" {why}, so it can't be uploaded."))
        .verdict(code.as_str())
}

fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, message.into()).verdict(Code::ProjectSourceSnapshotInvalid.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value, rules: SnapshotRules) -> Result<(u64, u64, usize), String> {
        let Value::Object(fields) = body else { unreachable!("tests send objects") };
        let draft = draft(&Fields(fields), &rules).map_err(|error| error.stable_code().to_owned())?;
        Ok((draft.file_count, draft.byte_count, draft.files.len()))
    }

    #[test]
    fn what_the_contract_accepts_is_accepted_and_the_rest_has_a_code() {
        let rules = SnapshotRules::default();
        let file = |path: &str, data: &str| json!({ "path": path, "dataBase64": data });
        assert_eq!(read(json!({}), rules), Ok((0, 0, 0)));
        let lenient = json!({ "files": [file("a", "aGk="), file("a", "a G\nk"), { "path": "b", "dataBase64": "!", "byteCount": 9 }], "excluded": [1] });
        assert_eq!(read(lenient, rules), Ok((3, 4, 2)));
        let of = |files: Value| read(json!({ "files": files }), rules).expect_err("refused");
        assert_eq!(of(json!("x")), "project_source.snapshot.invalid");
        assert_eq!(of(json!([7])), "project_source.snapshot.invalid");
        assert_eq!(of(json!([{ "path": "a" }])), "project_source.snapshot.invalid");
        assert_eq!(of(json!([file("../a", "")])), "project_source.snapshot.path");
        assert_eq!(of(json!([file("a", ""), file("a-b", ""), file("a/b", "")])), "project_source.snapshot.path");
        assert_eq!(of(json!([file(".env", "")])), "project_source.snapshot.secret_path");
        assert_eq!(of(json!([file("node_modules/x", "")])), "project_source.snapshot.generated_path");
        let small = SnapshotRules { max_files: 1, max_bytes: 3, ..rules };
        assert_eq!(read(json!({ "files": [file("a", "aGkh")], "fileCount": 1, "byteCount": 3 }), small), Ok((1, 3, 1)));
        let of = |body: Value| read(body, small).expect_err("refused");
        assert_eq!(of(json!({ "files": [file("a", ""), file("b", "")] })), "project_source.snapshot.too_many_files");
        assert_eq!(of(json!({ "files": [file("a", "aGkhIQ")] })), "project_source.snapshot.too_large");
        assert_eq!(of(json!({ "files": [file("a", "aGkh")], "byteCount": 2 })), "project_source.snapshot.invalid");
        assert_eq!(of(json!({ "fileCount": "0" })), "project_source.snapshot.invalid");
        assert_eq!(read(json!({}), SnapshotRules { enabled: false, ..rules }), Err("project_source.snapshot.disabled".into()));
    }
}
