//! A reader of server-sent events that keeps every byte.

use crate::server::PATIENCE;
use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use std::{collections::HashSet, time::Duration};
use tokio::time::{Instant, timeout_at};

/// An open stream and what came over it so far.
pub(crate) struct EventStream {
    response: reqwest::Response,
    bytes: Vec<u8>,
    /// How many of the bytes are in `records`, and how many more are known to hold no end of a frame.
    parsed: usize,
    searched: usize,
    records: Vec<Value>,
    has_ended: bool,
}

impl EventStream {
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        // A stream outlives any single request; each wait has its own deadline.
        let response = request.timeout(Duration::from_secs(170)).send().await.expect("the server answers");
        assert_eq!(response.status(), StatusCode::OK, "{response:?}");
        Self { response, bytes: Vec::new(), parsed: 0, searched: 0, records: Vec::new(), has_ended: false }
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// All bytes so far.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("streams are text")
    }

    /// The bytes of all events so far, without the comments between them.
    pub(crate) fn event_text(&self) -> String {
        self.text().split_inclusive("\n\n").filter(|frame| frame.ends_with("\n\n") && !frame.starts_with(':')).collect()
    }

    /// All event records so far.
    pub(crate) fn records(&self) -> &[Value] {
        &self.records
    }

    /// Reads until the records are as wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&[Value]) -> bool) -> &[Value] {
        let deadline = Instant::now() + PATIENCE;
        while !wanted(&self.records) {
            assert!(!self.has_ended, "the stream ended before what was wanted came: {:#?}", self.records);
            self.read(deadline).await;
        }
        &self.records
    }

    /// Reads until an event of this type came.
    pub(crate) async fn until_type(&mut self, event_type: &str) -> &Value {
        self.until(|records| of_type(records, event_type).next().is_some()).await;
        of_type(&self.records, event_type).next().expect("it came")
    }

    /// As [`Self::until_type`], for everything that came.
    pub(crate) async fn until_type_and_all(&mut self, event_type: &str) -> Vec<Value> {
        self.until_type(event_type).await;
        self.records.clone()
    }

    /// Reads until the bytes are as wanted.
    pub(crate) async fn until_text(&mut self, wanted: impl Fn(&str) -> bool) -> &str {
        let deadline = Instant::now() + PATIENCE;
        while !wanted(self.text()) {
            assert!(!self.has_ended, "the stream ended before what was wanted came: {}", self.text());
            self.read(deadline).await;
        }
        self.text()
    }

    /// Reads until the server ends the stream.
    pub(crate) async fn read_to_end(&mut self) -> &[Value] {
        let deadline = Instant::now() + PATIENCE;
        while !self.has_ended {
            self.read(deadline).await;
        }
        &self.records
    }

    /// Reads until the server drops the connection, which is not an end in order.
    pub(crate) async fn until_cut(&mut self) -> &[Value] {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(chunk) = timeout_at(deadline, self.response.chunk()).await.expect("the stream was never cut") {
            self.bytes.extend_from_slice(&chunk.expect("the stream is cut in the middle"));
            self.parse();
        }
        &self.records
    }

    async fn read(&mut self, deadline: Instant) {
        let chunk = timeout_at(deadline, self.response.chunk()).await;
        let chunk = chunk.unwrap_or_else(|_| panic!("nothing more came: {}", String::from_utf8_lossy(&self.bytes)));
        match chunk.expect("the stream ends in order") {
            Some(chunk) => self.bytes.extend_from_slice(&chunk),
            None => self.has_ended = true,
        }
        self.parse();
    }

    fn parse(&mut self) {
        while let Some(found) = end_of_frame(&self.bytes[self.searched..]) {
            let end = self.searched + found;
            let frame = &self.bytes[self.parsed..end];
            let frame = std::str::from_utf8(frame).expect("streams are text");
            if let Some(data) = frame.lines().find_map(|line| line.strip_prefix("data: ")) {
                self.records.push(serde_json::from_str(data).expect("event data is JSON"));
            }
            self.parsed = end + 2;
            self.searched = self.parsed;
        }
        self.searched = self.searched.max(self.bytes.len().saturating_sub(1));
    }
}

fn end_of_frame(bytes: &[u8]) -> Option<usize> {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.windows(2).position(|pair| pair == b"\n\n"), |text| text.find("\n\n"))
}

/// The records of a type.
pub(crate) fn of_type<'a>(records: &'a [Value], event_type: &str) -> impl DoubleEndedIterator<Item = &'a Value> {
    records.iter().filter(move |record| record["type"] == event_type)
}

/// The types of all records, in order.
pub(crate) fn types(records: &[Value]) -> Vec<&str> {
    records.iter().filter_map(|record| record["type"].as_str()).collect()
}

/// Sequences from 1 without a hole, and no event twice (invariants I1 and I4).
#[track_caller]
pub(crate) fn assert_dense(records: &[Value]) {
    let sequences: Vec<u64> = records.iter().filter_map(|record| record["sequence"].as_u64()).collect();
    assert!(sequences.iter().copied().eq(1..=records.len() as u64), "not dense from 1: {sequences:?}");
    let ids: HashSet<&Value> = records.iter().map(|record| &record["eventId"]).collect();
    assert_eq!(ids.len(), records.len(), "an event came twice");
}

/// The answer that a client puts together from the events of one message (contract 01 §5).
pub(crate) fn folded_answer(records: &[Value]) -> String {
    let mut text = String::new();
    for record in of_type(records, "assistant.message") {
        let content = record["payload"]["content"].as_str().expect("a message has content");
        if record["payload"]["mode"] == "append" {
            text.push_str(content);
        } else {
            content.clone_into(&mut text);
        }
    }
    text
}
