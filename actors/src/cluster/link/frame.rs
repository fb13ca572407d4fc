//! What a request and its answer look like between two gates: a short JSON header that a neighbouring
//! version can read, and then the bytes that they carry.

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Before a request.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AskHeader {
    /// The name of the node that asks.
    pub(super) from: String,
    pub(super) kind: AskKind,
    /// How long the caller waits.
    pub(super) within_ms: u64,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AskKind {
    /// Are you there?
    Ping,
    /// Please do this.
    Request,
}

/// Before an answer.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AnswerHeader {
    pub(super) kind: AnswerKind,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnswerKind {
    /// I am here.
    Pong,
    /// The bytes are the answer.
    Answer,
    /// There is no answer, and what came of the request isn't known.
    #[serde(other)]
    Failed,
}

/// The length of the header, the header, the body.
pub(super) fn encode(header: &impl Serialize, body: &[u8]) -> Vec<u8> {
    debug_assert!(body.len() <= super::FRAME_BYTES, "sizes are checked before anything is encoded");
    let mut frame = Vec::with_capacity(128 + body.len());
    frame.extend([0; 2]);
    serde_json::to_writer(&mut frame, header).expect("a header serialises");
    let length = u16::try_from(frame.len() - 2).expect("names are bounded, so a header is far below 64 KiB");
    frame[..2].copy_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(body);
    frame
}

/// `None` for what no version of this program sends.
pub(super) fn decode<H: DeserializeOwned>(frame: Vec<u8>) -> Option<(H, Bytes)> {
    let frame = Bytes::from(frame);
    let end = 2 + usize::from(u16::from_be_bytes(*frame.first_chunk()?));
    let header = serde_json::from_slice(frame.get(2..end)?).ok()?;
    Some((header, frame.slice(end..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_out_as_it_went_in() {
        let header = AskHeader { from: "worker-1".into(), kind: AskKind::Request, within_ms: 9_999 };
        let (read, body) = decode::<AskHeader>(encode(&header, b"{\"a\":1}")).unwrap();
        assert_eq!((read, body.as_ref()), (header, b"{\"a\":1}".as_slice()));
    }

    #[test]
    fn a_neighbouring_version_may_say_more() {
        let header = serde_json::json!({ "from": "w", "kind": "request", "withinMs": 1, "priority": "high" });
        assert_eq!(decode::<AskHeader>(encode(&header, b"x")).unwrap().1.as_ref(), b"x");
        let answer = serde_json::json!({ "kind": "postponed" });
        assert_eq!(decode::<AnswerHeader>(encode(&answer, b"")).unwrap().0.kind, AnswerKind::Failed);
    }

    #[test]
    fn garbage_is_not_a_frame() {
        for frame in [vec![], vec![0], vec![0, 9, b'{'], vec![0, 2, b'{', b'}'], vec![0xff; 40]] {
            assert_eq!(decode::<AskHeader>(frame), None);
        }
    }
}
