//! The directives that steer the demo model, as they stand in a message: `[[name]]` or `[[name:argument]]`.

/// Streaming more words than this is a mistake in the directive.
const MAX_WORDS: u32 = 1_000_000;
/// Waiting longer than this between words (or asking for more rounds than this) is one too.
const MAX_PAUSE_MS: u64 = 600_000;
const MAX_ROUNDS: u32 = 10_000;

/// One instruction to the demo model.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Directive {
    Text(u32),
    Slow(u64),
    Reason(String),
    Cost(f64),
    Status(u16),
    Drop,
    Hang,
    Loop(u32),
    Tool(ToolDirective),
}

/// An instruction that becomes one tool call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ToolDirective {
    Write {
        path: String,
        text: String,
    },
    Read {
        path: String,
    },
    Bash {
        command: String,
    },
    Question {
        text: String,
        options: Vec<String>,
    },
    Todo {
        lines: Vec<String>,
    },
    Artifact {
        name: String,
        text: String,
    },
    Task {
        title: String,
    },
    /// One round of `[[loop:N]]`.
    Look,
}

/// A message taken apart: what it orders, and the text that is left.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Script {
    pub(super) directives: Vec<Directive>,
    pub(super) rest: String,
}

impl Script {
    /// Takes a message apart. What is not a well-formed directive stays in the text, so that a
    /// mistake is seen. Tool directives are text where the caller offers no tools.
    pub(super) fn read(message: &str, tools_offered: bool) -> Self {
        let mut directives = Vec::new();
        let mut rest = String::new();
        let mut unread = message;
        while let Some(start) = unread.find("[[") {
            let (before, after) = unread.split_at(start);
            rest.push_str(before);
            let found = after[2..].find("]]").map(|end| (&after[2..2 + end], &after[2 + end + 2..]));
            let directive = found.and_then(|(inside, _)| read_one(inside)).filter(|directive| tools_offered || !directive.calls_tools());
            if let (Some(directive), Some((_, behind))) = (directive, found) {
                directives.push(directive);
                unread = behind;
            } else {
                rest.push_str("[[");
                unread = &after[2..];
            }
        }
        rest.push_str(unread);
        if !directives.is_empty() {
            rest = rest.trim().to_owned();
        }
        Self { directives, rest }
    }

    /// The names of the directives, for the log.
    pub(super) fn summary(&self) -> Vec<&'static str> {
        self.directives.iter().map(Directive::name).collect()
    }
}

impl Directive {
    fn calls_tools(&self) -> bool {
        matches!(self, Self::Tool(_) | Self::Loop(_))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Slow(_) => "slow",
            Self::Reason(_) => "reason",
            Self::Cost(_) => "cost",
            Self::Status(_) => "err",
            Self::Drop => "drop",
            Self::Hang => "hang",
            Self::Loop(_) => "loop",
            Self::Tool(tool) => match tool {
                ToolDirective::Write { .. } => "write",
                ToolDirective::Read { .. } => "read",
                ToolDirective::Bash { .. } => "bash",
                ToolDirective::Question { .. } => "question",
                ToolDirective::Todo { .. } => "todo",
                ToolDirective::Artifact { .. } => "artifact",
                ToolDirective::Task { .. } => "task",
                ToolDirective::Look => "loop",
            },
        }
    }
}

fn read_one(inside: &str) -> Option<Directive> {
    let Some((name, argument)) = inside.split_once(':') else {
        return match inside {
            "drop" => Some(Directive::Drop),
            "hang" => Some(Directive::Hang),
            _ => None,
        };
    };
    let text = (!argument.is_empty()).then(|| argument.to_owned());
    Some(match name {
        "text" => Directive::Text(argument.parse().ok().filter(|count| *count <= MAX_WORDS)?),
        "slow" => Directive::Slow(argument.parse().ok().filter(|pause| *pause <= MAX_PAUSE_MS)?),
        "reason" => Directive::Reason(text?),
        "cost" => Directive::Cost(argument.parse().ok().filter(|cost: &f64| cost.is_finite() && *cost >= 0.0)?),
        "err" => Directive::Status(argument.parse().ok().filter(|status| (400..600).contains(status))?),
        "loop" => Directive::Loop(argument.parse().ok().filter(|rounds| *rounds <= MAX_ROUNDS)?),
        "write" => {
            let (path, text) = named_text(argument)?;
            Directive::Tool(ToolDirective::Write { path, text })
        }
        "artifact" => {
            let (name, text) = named_text(argument)?;
            Directive::Tool(ToolDirective::Artifact { name, text })
        }
        "read" => Directive::Tool(ToolDirective::Read { path: text? }),
        "bash" => Directive::Tool(ToolDirective::Bash { command: text? }),
        "task" => Directive::Tool(ToolDirective::Task { title: text? }),
        "todo" => {
            let lines: Vec<String> = pieces(argument, ';');
            Directive::Tool(ToolDirective::Todo { lines: (!lines.is_empty()).then_some(lines)? })
        }
        "question" => {
            let (text, options) = argument.split_once('|').unwrap_or((argument, ""));
            let text = (!text.trim().is_empty()).then(|| text.trim().to_owned())?;
            Directive::Tool(ToolDirective::Question { text, options: pieces(options, '|') })
        }
        _ => return None,
    })
}

/// `NAME|TEXT`; the text may be empty and may hold more bars.
fn named_text(argument: &str) -> Option<(String, String)> {
    let (name, text) = argument.split_once('|')?;
    (!name.is_empty()).then(|| (name.to_owned(), text.to_owned()))
}

fn pieces(text: &str, separator: char) -> Vec<String> {
    text.split(separator).map(str::trim).filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_taken_out_in_order_and_the_rest_is_left() {
        let script = Script::read("please [[slow:5]] do [[write:a/b.txt|x|y]][[question:Which?|A|B]] it [[drop]]", true);
        assert_eq!(
            script.directives,
            [
                Directive::Slow(5),
                Directive::Tool(ToolDirective::Write { path: "a/b.txt".into(), text: "x|y".into() }),
                Directive::Tool(ToolDirective::Question { text: "Which?".into(), options: vec!["A".into(), "B".into()] }),
                Directive::Drop,
            ]
        );
        assert_eq!(script.rest, "please  do  it");
    }

    #[test]
    fn what_is_no_directive_stays_text() {
        for text in ["[[text:many]]", "[[err:200]]", "[[write:nobar]]", "[[unknown:1]]", "[[drop", "]] [[", "a [[ b ]] c", "[[cost:NaN]]"] {
            let script = Script::read(text, true);
            assert_eq!((script.directives.len(), script.rest.as_str()), (0, text));
        }
        assert_eq!(Script::read("[[ [[text:2]]", true).directives, [Directive::Text(2)]);
        assert_eq!(Script::read("[[read:x]]", false).rest, "[[read:x]]");
    }
}
