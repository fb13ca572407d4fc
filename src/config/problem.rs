//! What is wrong with a configuration. All problems are found before anything is reported.

use std::fmt;

/// One sentence about one thing that must be changed before the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// The sentence.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Problems and warnings as they are collected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Findings {
    /// Notes something that stops the start.
    pub fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(Problem(text.into()));
    }

    /// Notes something that a person should know and that stops nothing.
    pub fn warning(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// The warnings, or all problems if there is one.
    pub fn finish(self) -> Result<Vec<String>, ConfigError> {
        if self.problems.is_empty() { Ok(self.warnings) } else { Err(ConfigError { problems: self.problems, warnings: self.warnings }) }
    }
}

/// The configuration cannot be used; lists everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// What stops the start.
    pub problems: Vec<Problem>,
    /// What was noticed besides.
    pub warnings: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        write!(f, "the configuration has {count} {}", if count == 1 { "problem" } else { "problems" })?;
        for problem in &self.problems {
            write!(f, "\n  - {}", problem.text())?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// " (did you mean X?)" for the known name that is nearest to `given`, or nothing when none is near.
pub(super) fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let tolerance = (given.chars().count() / 4).clamp(1, 4);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(given, name), name))
        .filter(|(distance, _)| *distance <= tolerance)
        .min()
        .map(|(_, name)| name)
}
