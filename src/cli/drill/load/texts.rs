//! What is said to the demo model, and what it must answer.

use crate::cli::drill::dice::Dice;

/// Of a hundred prompts so many stream slowly, so that turns are under way whenever something happens.
const SLOW_SHARE: usize = 30;

/// A prompt and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Saying {
    pub(super) text: String,
    pub(super) answer: String,
}

impl Saying {
    /// The key stands in the text, so that each prompt can be found in the log.
    pub(super) fn draw(key: &str, dice: &mut Dice) -> Self {
        if !dice.percent(SLOW_SHARE) {
            let text = format!("prompt {key}");
            return Self { answer: format!("echo: {text}"), text };
        }
        let (words, pause) = (15 + dice.below(30), 15 + dice.below(30));
        let answer = (1..=words).map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ");
        Self { text: format!("[[slow:{pause}]][[text:{words}]] prompt {key}"), answer }
    }
}
