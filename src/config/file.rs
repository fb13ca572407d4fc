//! The configuration file: JSON with comments and trailing commas. Ours is the object below `cloud`; the rest of the file
//! belongs to the product's other programs.

use super::catalogue;
use super::problem::{Findings, suggestion};
use jsonc_parser::ParseOptions;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Comments and trailing commas are JSONC; the parser's further liberties would hide typing mistakes.
const JSONC: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
};

/// A configuration file, its keys flattened to dotted paths below `cloud`.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    path: PathBuf,
    leaves: BTreeMap<String, Json>,
}

impl ConfigFile {
    /// Reads the file. Whatever is wrong with it becomes a problem; then there is no file.
    pub fn read(path: &Path, findings: &mut Findings) -> Option<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                findings.problem(format!("the configuration file {} cannot be read: {error}", path.display()));
                return None;
            }
        };
        Self::parse(path, &text, findings)
    }

    fn parse(path: &Path, text: &str, findings: &mut Findings) -> Option<Self> {
        let root: Json = match jsonc_parser::parse_to_serde_value(text, &JSONC) {
            Ok(root) => root,
            Err(error) => {
                findings.problem(format!("the configuration file {} is not valid JSON: {error}", path.display()));
                return None;
            }
        };
        let mut file = Self { path: path.to_owned(), leaves: BTreeMap::new() };
        match root.as_object().map(|root| root.get("cloud")) {
            None => findings.problem(format!("the configuration file {} must hold one object", path.display())),
            Some(None) => findings
                .warning(format!("the configuration file {} has no \"cloud\" object: nothing of it concerns this program", path.display())),
            Some(Some(Json::Object(cloud))) => cloud.iter().for_each(|(key, value)| file.flatten(key.clone(), value, findings)),
            Some(Some(_)) => findings.problem(format!("\"cloud\" in {} must be an object", path.display())),
        }
        Some(file)
    }

    fn flatten(&mut self, path: String, value: &Json, findings: &mut Findings) {
        if catalogue::by_file_key(&path).is_some() {
            self.leaves.insert(path, value.clone());
            return;
        }
        if let Json::Object(inner) = value
            && catalogue::file_keys().any(|key| key.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('.')))
        {
            inner.iter().for_each(|(key, value)| self.flatten(format!("{path}.{key}"), value, findings));
            return;
        }
        self.note_unknown(&path, findings);
    }

    /// A key that nobody knows is a typing mistake when a known one is near, and may be a newer version's otherwise.
    fn note_unknown(&self, path: &str, findings: &mut Findings) {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let siblings = catalogue::file_keys().chain(catalogue::OPEN_FILE_SECTIONS).filter_map(|key| {
            let rest = if parent.is_empty() { key } else { key.strip_prefix(parent)?.strip_prefix('.')? };
            rest.split('.').next()
        });
        let file = self.path.display();
        if let Some(near) = suggestion(name, siblings).filter(|near| *near != name) {
            let dot = if parent.is_empty() { "" } else { "." };
            findings.problem(format!("cloud.{path} in {file} is not a setting: did you mean cloud.{parent}{dot}{near}?"));
        } else {
            findings.warning(format!("cloud.{path} in {file} has no effect in this version"));
        }
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys that the catalogue knows, with their values.
    pub fn leaves(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.leaves.iter().map(|(path, value)| (path.as_str(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Option<ConfigFile>, Findings) {
        let mut findings = Findings::default();
        let file = ConfigFile::parse(Path::new("open-cowork.config.jsonc"), text, &mut findings);
        (file, findings)
    }

    #[test]
    fn comments_and_the_other_programs_keys_are_fine() {
        let (file, findings) =
            parse("{ // the cloud's part\n \"gateway\": {\"x\": 1}, \"cloud\": {\"role\": \"web\", \"features\": {\"webhooks\": true},} }");
        assert_eq!(findings.finish(), Ok(vec![]));
        let leaves: Vec<_> = file.unwrap().leaves().map(|(key, _)| key.to_owned()).collect();
        assert_eq!(leaves, ["features.webhooks", "role"]);
    }

    #[test]
    fn a_misspelt_key_stops_and_an_unfamiliar_one_warns() {
        let (_, findings) = parse(r#"{"cloud": {"features": {"webhoks": true}, "billing": {"invoices": []}}}"#);
        let error = findings.finish().unwrap_err();
        assert_eq!(error.problems.len(), 1);
        assert!(error.problems[0].text().contains("did you mean cloud.features.webhooks?"), "{error}");
        assert!(error.warnings[0].contains("cloud.billing.invoices"), "{:?}", error.warnings);
    }
}
