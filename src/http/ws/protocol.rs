//! The messages of `cowork.v1`: one JSON object per text message.

use crate::http::{answer::Json, body::Fields, error::ApiError};
use cowork_domain::ids::{Sequence, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// Name of the sub-protocol.
pub(super) const SUBPROTOCOL: &str = "cowork.v1";

/// What a client sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(super) enum Incoming {
    /// Follow a topic from after a cursor.
    Subscribe {
        topic: String,
        #[serde(default)]
        after: u64,
        /// From the end of the log instead: only what comes from now on.
        #[serde(default)]
        latest: bool,
    },
    /// No longer follow it.
    Unsubscribe { topic: String },
    /// Ask something of a session.
    Command {
        /// Chosen by the client; the acknowledgement carries it.
        id: String,
        session_id: String,
        command: String,
        /// The body of the command's route.
        #[serde(default)]
        payload: Value,
        #[serde(default)]
        idempotency_key: Option<String>,
    },
    /// Is somebody there?
    Ping {
        #[serde(default)]
        id: Option<String>,
    },
}

/// What a socket can follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// `workspace`: all sessions of the caller.
    Workspace,
    /// `session:{id}`.
    Session(SessionId),
}

impl Topic {
    /// The topic with this name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix("session:") {
            Some(id) => id.parse().ok().map(Self::Session),
            None => (name == "workspace").then_some(Self::Workspace),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace => formatter.write_str("workspace"),
            Self::Session(id) => write!(formatter, "session:{id}"),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Outgoing<'a> {
    Hello { protocol: &'static str },
    Subscribed { topic: &'a str, after: Sequence },
    Unsubscribed { topic: &'a str },
    Ended { topic: &'a str },
    Pong { id: Option<&'a str> },
}

fn write(message: &Outgoing<'_>) -> String {
    serde_json::to_string(message).expect("text and numbers always serialise")
}

/// The first message on every socket.
pub(super) fn hello() -> String {
    write(&Outgoing::Hello { protocol: SUBPROTOCOL })
}

/// A topic is followed from now on.
pub(super) fn subscribed(topic: Topic, after: Sequence) -> String {
    write(&Outgoing::Subscribed { topic: &topic.to_string(), after })
}

/// A topic is no longer followed, as the client wished.
pub(super) fn unsubscribed(topic: &str) -> String {
    write(&Outgoing::Unsubscribed { topic })
}

/// A topic's events stopped by themselves; the client subscribes again with its cursor.
pub(super) fn ended(topic: &str) -> String {
    write(&Outgoing::Ended { topic })
}

/// Somebody is here.
pub(super) fn pong(id: Option<&str>) -> String {
    write(&Outgoing::Pong { id })
}

/// One event; the record is JSON text already. Topic names need no escaping.
pub(super) fn event(topic: &str, record: &str) -> String {
    ["{\"type\":\"event\",\"topic\":\"", topic, "\",\"event\":", record, "}"].concat()
}

/// A command was accepted; `body` is what the route would have answered.
pub(super) fn accepted(id: &str, answer: &Json) -> String {
    let id = serde_json::to_string(id).expect("text always serialises");
    let (status, body) = answer.parts();
    ["{\"type\":\"accepted\",\"id\":", &id, ",\"status\":", status.as_str(), ",\"body\":", body, "}"].concat()
}

/// Which message an error answers.
#[derive(Debug, Clone, Copy)]
pub(super) enum About<'a> {
    /// A command, by its id.
    Command(&'a str),
    /// A topic, by its name.
    Topic(&'a str),
    /// Something that could not be read.
    Nothing,
}

/// Something was refused; `body` is what the route would have answered.
pub(super) fn error(about: About<'_>, error: &ApiError) -> String {
    let (key, value) = match about {
        About::Command(id) => ("\"id\":", serde_json::to_string(id)),
        About::Topic(topic) => ("\"topic\":", serde_json::to_string(topic)),
        About::Nothing => ("\"id\":", Ok("null".to_owned())),
    };
    let value = value.expect("text always serialises");
    ["{\"type\":\"error\",", key, &value, ",\"status\":", error.status().as_str(), ",\"body\":", &error.body(), "}"].concat()
}

/// What a message that could not be read was about, as far as it says.
#[derive(Deserialize, Default)]
pub(super) struct Named {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    topic: Value,
}

impl Named {
    pub(super) fn by(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(super) fn about(&self) -> About<'_> {
        let command = self.id.as_str().map(About::Command);
        command.or_else(|| self.topic.as_str().map(About::Topic)).unwrap_or(About::Nothing)
    }
}

/// Reads a message.
pub(super) fn read(text: &str) -> Result<Incoming, ApiError> {
    serde_json::from_str(text).map_err(|_| ApiError::invalid("The message is not one of the cowork.v1 protocol."))
}

/// The fields of a command's payload, as its route reads them: what is no object has none.
pub(super) fn fields(payload: Value) -> Fields {
    Fields(if let Value::Object(fields) = payload { fields } else { Map::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn json(text: &str) -> Value {
        serde_json::from_str(text).expect("a message is JSON")
    }

    #[test]
    fn messages_of_the_guide_are_understood() {
        let subscribe = read(r#"{"type":"subscribe","topic":"workspace","after":7,"more":1}"#).expect("valid");
        assert!(matches!(subscribe, Incoming::Subscribe { ref topic, after: 7, latest: false } if topic == "workspace"));
        let command =
            read(r#"{"type":"command","id":"c1","sessionId":"ses_1","command":"prompt","payload":{"text":"Hi"}}"#).expect("valid");
        assert!(matches!(command, Incoming::Command { ref id, .. } if id == "c1"));
        let scalar = read(r#"{"type":"command","id":"c2","sessionId":"ses_1","command":"prompt","payload":"x"}"#).expect("valid");
        assert!(matches!(scalar, Incoming::Command { payload, .. } if fields(payload.clone()).text("text").is_none()), "as a body is read");
        let about = |text| format!("{:?}", Named::by(text).about());
        assert_eq!(about(r#"{"type":"command","id":"c3","idempotencyKey":7}"#), r#"Command("c3")"#);
        assert_eq!(about(r#"{"type":"subscribe","topic":"workspace","after":-1}"#), r#"Topic("workspace")"#);
        assert_eq!(about("nonsense"), "Nothing");
        for wrong in ["", "[]", "{}", r#"{"type":"dance"}"#, r#"{"type":"subscribe","topic":"x","after":-1}"#] {
            assert_eq!(read(wrong).expect_err("refused").status(), StatusCode::BAD_REQUEST, "{wrong}");
        }
    }

    #[test]
    fn a_topic_reads_back_what_it_prints() {
        for name in ["workspace", "session:ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7"] {
            assert_eq!(Topic::parse(name).map(|topic| topic.to_string()).as_deref(), Some(name));
        }
        for name in ["", "session:", "session:other", "sessions", "workspace:x"] {
            assert_eq!(Topic::parse(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_sent_is_json_whatever_the_client_chose_as_its_id() {
        let id = "quote\" and \\ and \n";
        assert_eq!(json(&error(About::Command(id), &ApiError::session_not_found()))["id"], id);
        assert_eq!(json(&error(About::Nothing, &ApiError::session_not_found()))["body"]["error"], "Cloud session was not found.");
        let answer = Json::text("{\"processed\":1}".to_owned()).with_status(StatusCode::ACCEPTED);
        let accepted = json(&accepted(id, &answer));
        assert_eq!(
            (accepted["status"].clone(), accepted["body"]["processed"].clone(), accepted["id"].clone()),
            (202.into(), 1.into(), id.into())
        );
        assert_eq!(json(&event("workspace", "{\"sequence\":4}"))["event"]["sequence"], 4);
    }
}
