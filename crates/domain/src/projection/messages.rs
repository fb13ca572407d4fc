//! Folding the conversation.

use super::{Message, MessageRole, Projection};
use crate::{
    event::{Attachment, MessageMode},
    ids::Sequence,
    timestamp::Timestamp,
};

impl Projection {
    pub(super) fn prompt_submitted(
        &mut self,
        id: Option<&str>,
        text: &str,
        attachments: Option<&Vec<Attachment>>,
        sequence: Sequence,
        at: Timestamp,
    ) {
        let id = id.map_or_else(|| self.default_id(sequence, "user"), str::to_owned);
        self.put_message(Message {
            id,
            role: MessageRole::User,
            content: text.to_owned(),
            created_at: at,
            attachments: attachments.cloned(),
            sequence: Some(sequence),
        });
        self.works();
    }

    pub(super) fn assistant_message(
        &mut self,
        id: Option<&str>,
        content: &str,
        mode: MessageMode,
        attachments: Option<&Vec<Attachment>>,
        sequence: Sequence,
        at: Timestamp,
    ) {
        self.last_error = None;
        let known = id.and_then(|id| self.messages.named(id));
        if let (MessageMode::Append, Some(message)) = (mode, known) {
            message.content.push_str(content);
            message.role = MessageRole::Assistant;
            if let Some(attachments) = attachments {
                message.attachments = Some(attachments.clone());
            }
            return;
        }
        let id = id.map_or_else(|| self.default_id(sequence, "assistant"), str::to_owned);
        self.put_message(Message {
            id,
            role: MessageRole::Assistant,
            content: content.to_owned(),
            created_at: at,
            attachments: attachments.cloned(),
            sequence: Some(sequence),
        });
    }

    /// Replaces the message with this id in its place, or adds it. Attachments stay if the new one brings none, its place always.
    fn put_message(&mut self, mut message: Message) {
        match self.messages.named(&message.id) {
            Some(known) => {
                message.attachments = message.attachments.or_else(|| known.attachments.take());
                message.sequence = known.sequence;
                *known = message;
            }
            None => self.messages.push(message),
        }
    }
}
