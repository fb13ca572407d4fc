//! Keys that stay in a key manager: the row only names them (contract 03 §1, `kmsRef`).

use super::KeyMarks;

/// The scheme that reads a worker's own environment.
const ENVIRONMENT: &str = "env:";
const LONGEST: usize = 1024;

/// Which references a deployment takes. The default takes none: a reference makes workers read what somebody else names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KmsReferenceRules {
    /// Whether references are taken at all.
    pub enabled: bool,
    /// Whether they may name environment variables of workers.
    pub allow_environment: bool,
    /// What a reference must begin with. Without any, none fits.
    pub prefixes: Vec<String>,
}

/// A reference that the deployment takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsReference(String);

/// Why a reference is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KmsReferenceRefused {
    /// The deployment takes none.
    #[error("KMS-backed BYOK references are disabled in this cloud deployment.")]
    Disabled,
    /// The extra switch is off.
    #[error("BYOK references to environment variables are disabled in this cloud deployment.")]
    Environment,
    /// It begins with nothing that is allowed.
    #[error("This KMS reference is outside of the prefixes that this cloud deployment allows.")]
    Prefix,
    /// It says where the key manager answers: workers would show their credentials to whoever is there.
    #[error("A KMS reference names a key, not where its key manager answers.")]
    Endpoint,
    /// It is no reference.
    #[error("A KMS reference is a plain address of at most 1024 characters.")]
    NotPlain,
}

impl KmsReferenceRules {
    /// Takes a reference, or says why not.
    ///
    /// # Errors
    /// See [`KmsReferenceRefused`].
    pub fn take(&self, text: &str) -> Result<KmsReference, KmsReferenceRefused> {
        let text = text.trim();
        if !self.enabled {
            return Err(KmsReferenceRefused::Disabled);
        }
        // A path that climbs would leave what its prefix allows.
        let climbs = text.split(['/', '\\', '?', '#']).any(|part| part == "..");
        if text.is_empty() || text.len() > LONGEST || climbs || !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('%') {
            return Err(KmsReferenceRefused::NotPlain);
        }
        if text.to_ascii_lowercase().starts_with(ENVIRONMENT) && !self.allow_environment {
            return Err(KmsReferenceRefused::Environment);
        }
        if !self.prefixes.iter().any(|prefix| !prefix.is_empty() && text.starts_with(prefix.as_str())) {
            return Err(KmsReferenceRefused::Prefix);
        }
        if text.split(['?', '&']).skip(1).any(|parameter| parameter.to_ascii_lowercase().starts_with("endpoint")) {
            return Err(KmsReferenceRefused::Endpoint);
        }
        Ok(KmsReference(text.to_owned()))
    }
}

impl KmsReference {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the variable, where the key stands in the environment.
    pub fn environment_name(&self) -> Option<&str> {
        self.0.strip_prefix(ENVIRONMENT)
    }

    /// What may be shown.
    pub fn marks(&self) -> KeyMarks {
        KeyMarks::of_reference(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_needs_the_switch_and_a_prefix_and_the_environment_one_more() {
        let off = KmsReferenceRules::default();
        assert_eq!(off.take("aws-sm://acme/openai"), Err(KmsReferenceRefused::Disabled));
        let no_prefix = KmsReferenceRules { enabled: true, ..off };
        assert_eq!(no_prefix.take("aws-sm://acme/openai"), Err(KmsReferenceRefused::Prefix));
        let rules = KmsReferenceRules { prefixes: vec!["aws-sm://acme/".into(), "env:ACME_".into()], ..no_prefix };
        assert_eq!(rules.take(" aws-sm://acme/openai ").map(|taken| taken.0), Ok("aws-sm://acme/openai".into()));
        for outside in ["aws-sm://other/openai", "aws-sm://acme"] {
            assert_eq!(rules.take(outside), Err(KmsReferenceRefused::Prefix), "{outside}");
        }
        for tricky in ["aws-sm://acme/../other/openai", "aws-sm://acme/%2e%2e/other", "aws-sm://acme/a b", ""] {
            assert_eq!(rules.take(tricky), Err(KmsReferenceRefused::NotPlain), "{tricky}");
        }
        for elsewhere in ["aws-sm://acme/x?endpoint=https://evil.example", "aws-sm://acme/x?region=eu-west-1&Endpoint=https://evil.example"]
        {
            assert_eq!(rules.take(elsewhere), Err(KmsReferenceRefused::Endpoint), "{elsewhere}");
        }
        assert_eq!(rules.take("env:ACME_OPENAI"), Err(KmsReferenceRefused::Environment));
        let open = KmsReferenceRules { allow_environment: true, ..rules };
        assert_eq!(open.take("env:ACME_OPENAI").as_ref().map(KmsReference::environment_name), Ok(Some("ACME_OPENAI")));
        assert_eq!(open.take("env:COOKIE_SECRET"), Err(KmsReferenceRefused::Prefix));
    }
}
