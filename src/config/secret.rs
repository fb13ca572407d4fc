//! Values that must not be shown, and how strong they are.

use std::collections::BTreeMap;
use std::fmt;

/// Text that no log, dump or error shows: it has neither `Display` nor `Serialize`, and its `Debug` says only that it is set.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T = String>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[set]")
    }
}

/// Words that give away a secret somebody copied from an example.
const DEMO_WORDS: [&str; 9] = ["change-me", "local", "demo", "dev", "example", "test", "password", "secret", "cookie"];

/// Why a secret is too easy to guess.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Fewer than 32 bytes.
    #[error("it has fewer than 32 bytes")]
    Short,
    /// Fewer than 16 different characters.
    #[error("it has fewer than 16 different characters")]
    FewCharacters,
    /// Less than 3.5 bits of entropy per character.
    #[error("its characters are too predictable")]
    LowEntropy,
    /// Contains a word of the examples.
    #[error("it contains the word \"{0}\"")]
    DemoWord(&'static str),
    /// A repetition or a run such as `abcdefgh`.
    #[error("it contains a repetition or a run of successive characters")]
    Pattern,
}

/// The first reason why `secret` is weak, if any.
pub fn weakness(secret: &str) -> Option<Weakness> {
    if secret.len() < 32 {
        return Some(Weakness::Short);
    }
    let lower = secret.to_lowercase();
    if let Some(word) = DEMO_WORDS.iter().find(|word| lower.contains(**word)) {
        return Some(Weakness::DemoWord(word));
    }
    let mut counts = BTreeMap::<char, u32>::new();
    for character in secret.chars() {
        *counts.entry(character).or_default() += 1;
    }
    if counts.len() < 16 {
        return Some(Weakness::FewCharacters);
    }
    if has_pattern(secret) {
        return Some(Weakness::Pattern);
    }
    let total = f64::from(counts.values().sum::<u32>());
    let entropy: f64 = counts.values().map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum();
    (entropy < 3.5).then_some(Weakness::LowEntropy)
}

/// A unit written twice or more and nothing else, or eight characters that each follow the one before by the same step.
fn has_pattern(secret: &str) -> bool {
    let characters: Vec<i64> = secret.chars().map(|character| i64::from(u32::from(character))).collect();
    let repeated = (1..=characters.len() / 2)
        .any(|unit| characters.len().is_multiple_of(unit) && characters.chunks(unit).all(|chunk| chunk == &characters[..unit]));
    let run = characters.windows(8).any(|window| {
        let step = window[1] - window[0];
        step.abs() <= 1 && window.windows(2).all(|pair| pair[1] - pair[0] == step)
    });
    repeated || run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_named_and_strong_ones_pass() {
        assert_eq!(weakness("short"), Some(Weakness::Short));
        assert_eq!(weakness("change-me-0123456789-abcdefghijklmnop"), Some(Weakness::DemoWord("change-me")));
        assert_eq!(weakness(&"a".repeat(40)), Some(Weakness::FewCharacters));
        assert_eq!(weakness("kQ7zR1vX9pLw2mYb".repeat(2).as_str()), Some(Weakness::Pattern));
        assert_eq!(weakness("0123456789abcdefghijklmnopqrstuv"), Some(Weakness::Pattern));
        assert_eq!(weakness("vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D"), None);
    }

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2".to_owned()))), "Some([set])");
    }
}
