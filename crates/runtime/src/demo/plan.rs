//! What the demo model does with one request.
//!
//! A script runs over several rounds of the tool loop: each tool call ends a round. Which round it
//! is follows from the request alone, by the number of tool results after the user's message.

use super::{
    dialect::Dialect,
    directive::{Directive, Script, ToolDirective},
};
use serde_json::Value;
use std::time::Duration;

/// One answer of the demo model.
#[derive(Debug, PartialEq)]
pub(super) struct Round {
    pub(super) ending: Ending,
    /// Reasoning, which is never part of the answer.
    pub(super) reasoning: String,
    pub(super) text: AnswerText,
    pub(super) call: Option<ToolCall>,
    pub(super) pause: Duration,
    pub(super) cost: Option<f64>,
}

/// How the request ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ending {
    /// With the answer.
    Answer,
    /// In mid-stream, if this turn wasn't dropped before.
    Drop,
    /// Never.
    Hang,
    /// With an HTTP status.
    Status(u16),
}

/// Text to stream.
#[derive(Debug, Default, PartialEq)]
pub(super) struct AnswerText {
    pub(super) prose: String,
    /// How many numbered words follow (`w1 w2 …`); they are made while they are streamed.
    pub(super) words: u32,
}

/// A tool call.
#[derive(Debug, PartialEq)]
pub(super) struct ToolCall {
    /// Its number within the turn.
    pub(super) number: usize,
    pub(super) name: &'static str,
    pub(super) arguments: Value,
}

impl AnswerText {
    fn say(&mut self, line: &str) {
        if !self.prose.is_empty() {
            self.prose.push('\n');
        }
        self.prose.push_str(line);
    }

    /// The text in pieces: words with the white space behind them.
    pub(super) fn pieces(&self) -> impl Iterator<Item = String> + '_ {
        let prose = self.prose.split_inclusive(char::is_whitespace).map(str::to_owned);
        let joint = (!self.prose.is_empty() && self.words > 0).then(|| "\n".to_owned());
        let words = (1..=self.words).map(|number| if number < self.words { format!("w{number} ") } else { format!("w{number}") });
        prose.chain(joint).chain(words)
    }
}

impl Round {
    /// The round that follows the given tool results.
    pub(super) fn next(script: &Script, results: &[String], dialect: Dialect) -> Self {
        let mut round = Self {
            ending: Ending::Answer,
            reasoning: String::new(),
            text: AnswerText::default(),
            call: None,
            pause: Duration::ZERO,
            cost: None,
        };
        let mut pauses =
            script.directives.iter().filter_map(|directive| if let Directive::Slow(pause) = directive { Some(*pause) } else { None });
        round.pause = Duration::from_millis(pauses.next_back().unwrap_or(0));
        let echoes = !script.directives.iter().any(|directive| matches!(directive, Directive::Text(_)));

        let mut done = 0; // tool calls before the directive that is looked at
        let mut asked = false; // the call that was answered last was a question
        for directive in &script.directives {
            let now = done == results.len();
            if now && asked {
                round.text.say(&format!("answer: {}", results[done - 1]));
                asked = false;
            }
            match directive {
                Directive::Slow(_) => {}
                Directive::Tool(tool) => {
                    if now {
                        round.call = Some(dialect.call(tool, done));
                        return round;
                    }
                    done += 1;
                    asked = matches!(tool, ToolDirective::Question { .. });
                }
                Directive::Loop(rounds) => {
                    let rounds = *rounds as usize;
                    if results.len() < done + rounds {
                        round.call = Some(dialect.call(&ToolDirective::Look, results.len()));
                        return round;
                    }
                    done += rounds;
                    asked = asked && rounds == 0;
                }
                _ if !now => {}
                Directive::Text(words) => round.text.words = round.text.words.saturating_add(*words),
                Directive::Reason(text) => round.reasoning.push_str(text),
                Directive::Cost(cost) => round.cost = Some(round.cost.unwrap_or(0.0) + cost),
                Directive::Status(status) if round.ending == Ending::Answer => round.ending = Ending::Status(*status),
                Directive::Hang if round.ending == Ending::Answer => round.ending = Ending::Hang,
                Directive::Drop if round.ending == Ending::Answer => round.ending = Ending::Drop,
                Directive::Status(_) | Directive::Hang | Directive::Drop => {}
            }
        }
        if asked && done == results.len() {
            round.text.say(&format!("answer: {}", results[done - 1]));
        }
        let answered_already = !round.text.prose.is_empty() && script.rest.is_empty();
        if echoes && !answered_already {
            round.text.say(&format!("echo: {}", script.rest));
        }
        round
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(message: &str, results: &[&str]) -> (String, Option<&'static str>) {
        let results: Vec<String> = results.iter().map(ToString::to_string).collect();
        let round = Round::next(&Script::read(message, true), &results, Dialect::Ours);
        (round.text.pieces().collect(), round.call.map(|call| call.name))
    }

    #[test]
    fn each_tool_call_is_a_round_and_the_echo_comes_last() {
        let message = "[[question:Which?|A|B]][[loop:2]][[read:x]] thanks";
        assert_eq!(spoken(message, &[]), (String::new(), Some("question")));
        assert_eq!(spoken(message, &["A"]), ("answer: A".into(), Some("list")));
        assert_eq!(spoken(message, &["A", "-"]), (String::new(), Some("list")));
        assert_eq!(spoken(message, &["A", "-", "-"]), (String::new(), Some("read")));
        assert_eq!(spoken(message, &["A", "-", "-", "text"]), ("echo: thanks".into(), None));
    }

    #[test]
    fn words_replace_the_echo_and_an_answer_needs_none() {
        assert_eq!(spoken("[[text:3]] ignored", &[]).0, "w1 w2 w3");
        assert_eq!(spoken("[[question:Which?]]", &["B"]).0, "answer: B");
        assert_eq!(spoken("two  words", &[]).0, "echo: two  words");
    }

    #[test]
    fn a_directive_acts_in_the_round_it_stands_in() {
        let script = Script::read("[[read:x]][[err:500]]", true);
        assert_eq!(Round::next(&script, &[], Dialect::Ours).ending, Ending::Answer);
        assert_eq!(Round::next(&script, &["x".into()], Dialect::Ours).ending, Ending::Status(500));
    }
}
