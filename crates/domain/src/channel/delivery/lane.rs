//! Which deliveries must not overtake each other.

use crate::{channel::ids::ChannelBindingId, ids::derived_uuid};
use serde_json::Value;
use uuid::Uuid;

/// What is for the same place of a chat: its chat, and its thread there. Other fields of a target, such as the message that is
/// answered, don't tell places apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane(Uuid);

impl Lane {
    /// The lane of a target, in the words of contract 04 §8. Targets that name no chat share a lane if they are equal.
    pub fn of(binding: &ChannelBindingId, target: &Value) -> Self {
        let name = |keys: [&str; 2]| keys.into_iter().find_map(|key| target[key].as_str().filter(|name| !name.is_empty()));
        match name(["externalChatId", "chatId"]) {
            Some(chat) => {
                let thread = name(["externalThreadId", "threadId"]).unwrap_or_default();
                Self(derived_uuid(&["delivery_lane", binding.as_str(), "chat", chat, thread]))
            }
            None => Self(derived_uuid(&["delivery_lane", binding.as_str(), "target", &in_order(target).to_string()])),
        }
    }

    /// Takes over what a row says.
    pub const fn stored(key: Uuid) -> Self {
        Self(key)
    }

    /// As it is stored.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

/// The same with the keys of all objects in order, so that equal targets print alike.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            Value::Object(fields.into_iter().map(|(key, value)| (key.clone(), in_order(value))).collect())
        }
        Value::Array(values) => values.iter().map(in_order).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_chat_and_its_thread_are_a_lane_whatever_else_the_target_says() {
        let of = |target: Value| Lane::of(&ChannelBindingId::new("b"), &target);
        let lane = of(json!({ "externalChatId": "c", "externalThreadId": "t", "lastChatMessageId": "1" }));
        assert_eq!(lane, of(json!({ "chatId": "c", "threadId": "t", "lastChatMessageId": null })));
        assert_ne!(lane, of(json!({ "externalChatId": "c" })));
        assert_ne!(lane, Lane::of(&ChannelBindingId::new("other"), &json!({ "chatId": "c", "threadId": "t" })));
    }

    #[test]
    fn targets_without_a_chat_are_told_apart_as_a_whole() {
        let of = |target: Value| Lane::of(&ChannelBindingId::new("b"), &target);
        assert_eq!(of(json!({ "to": "a", "cc": "b" })), of(json!({ "cc": "b", "to": "a" })));
        assert_ne!(of(json!({ "to": "a" })), of(json!({ "to": "b" })));
    }
}
