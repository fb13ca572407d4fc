//! What tokens cost, where the operator says so.

use crate::runtime_event::Tokens;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Price {
    /// Prompt tokens.
    pub input: f64,
    /// Answer tokens, reasoning included.
    pub output: f64,
    /// Prompt tokens read from the provider's cache; as `input` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
    /// Prompt tokens written to the provider's cache; as `input` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}

/// Prices by model.
pub type Prices = BTreeMap<String, Price>;

impl Price {
    /// What this many tokens cost, in US dollars. `input` counts the prompt without what the cache served or took, and `output`
    /// counts reasoning.
    pub fn of(&self, tokens: &Tokens) -> f64 {
        let part = |count: u64, price: f64| {
            #[expect(clippy::cast_precision_loss, reason = "no call has 2^53 tokens")]
            let count = count as f64;
            count * price / 1e6
        };
        part(tokens.input, self.input)
            + part(tokens.output, self.output)
            + part(tokens.cache_read, self.cache_read.unwrap_or(self.input))
            + part(tokens.cache_write, self.cache_write.unwrap_or(self.input))
    }

    /// Whether every price is one.
    pub fn is_sound(&self) -> bool {
        [Some(self.input), Some(self.output), self.cache_read, self.cache_write]
            .into_iter()
            .flatten()
            .all(|price| price.is_finite() && price >= 0.0)
    }
}
