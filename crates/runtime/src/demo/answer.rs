//! Turns a request into a response.

use super::{
    directive::Script,
    dropped::DroppedTurns,
    log::{Entry, RequestLog},
    plan::{Ending, Round},
    reply::{self, Chunks, Usage},
    request::ChatRequest,
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The largest request that is read.
const MAX_REQUEST: usize = 32 << 20;
/// Without pauses, about this much of an answer is made and written at a time.
const WRITE_SIZE: usize = 64 << 10;
/// Names the turn a request belongs to.
pub(super) const TURN_HEADER: &str = "x-cowork-turn";

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What all requests share.
pub(super) struct Demo {
    pub(super) require_key: Option<String>,
    pub(super) log: RequestLog,
    pub(super) dropped: DroppedTurns,
    pub(super) replies: AtomicU64,
}

impl Demo {
    /// Answers one request. It may never return: `[[hang]]` waits until the caller goes away.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let key_fits = self.require_key.as_ref().is_none_or(|key| bearer(&head.headers) == Some(key));
        let refusal = match (&head.method, path) {
            _ if !key_fits => Some((401, "incorrect API key provided")),
            (&Method::POST, "/v1/chat/completions" | "/chat/completions") => None,
            (&Method::GET, "/v1/models" | "/models") => {
                self.note(&head.headers, path, &[], 200);
                return json(200, reply::models());
            }
            _ => Some((404, "the demo model has POST /v1/chat/completions and GET /v1/models")),
        };
        if let Some((status, message)) = refusal {
            self.note(&head.headers, path, &[], status);
            return json(status, reply::error(status, message));
        }
        let Ok(body) = Limited::new(body, MAX_REQUEST).collect().await.map(http_body_util::Collected::to_bytes) else {
            return json(400, reply::error(400, "the request could not be read, or it is too large"));
        };
        let request: ChatRequest<'_> = match serde_json::from_slice(&body) {
            Ok(request) => request,
            Err(error) => {
                self.note(&head.headers, path, &[], 400);
                return json(400, reply::error(400, &format!("not a chat completion request: {error}")));
            }
        };
        self.complete(&head.headers, path, &request).await
    }

    async fn complete(&self, headers: &HeaderMap, path: &str, request: &ChatRequest<'_>) -> Response<Body> {
        let script = Script::read(&request.last_user_text(), request.offers_tools());
        let round = Round::next(&script, &request.results(), request.dialect());
        let status = if let Ending::Status(status) = round.ending { status } else { 200 };
        self.note(headers, path, &script.summary(), status);

        let usage = Usage::of(&round, request.prompt_words());
        let id = format!("chatcmpl-{}", self.replies.fetch_add(1, Ordering::Relaxed));
        let breaks = match round.ending {
            Ending::Status(status) => return json(status, reply::error(status, "this is the failure that the message asked for")),
            Ending::Hang => std::future::pending().await,
            Ending::Answer => false,
            // A caller that names no turn can't say that it tries again, so it isn't dropped at all.
            Ending::Drop => turn(headers).is_some_and(|turn| self.dropped.first_time(turn)),
        };
        if !request.stream && !breaks {
            return json(200, reply::whole(&id, &request.model, &round, usage));
        }
        let stream = Stream { chunks: Chunks::new(&id, &request.model), usage: request.wants_usage().then_some(usage), round, breaks };
        stream.response()
    }

    fn note(&self, headers: &HeaderMap, path: &str, directives: &[&'static str], status: u16) {
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.log.write(&Entry { authorization, path, turn: turn(headers), directives, status });
    }
}

/// A streamed answer.
struct Stream {
    chunks: Chunks,
    usage: Option<Usage>,
    round: Round,
    /// The connection closes in the middle.
    breaks: bool,
}

impl Stream {
    fn response(self) -> Response<Body> {
        let pause = self.round.pause;
        let breaks = self.breaks;
        let mut pieces = self.pieces();
        if pause.is_zero() && !breaks && pieces.len() == 1 {
            // The usual case: everything goes out in one write, with a content length.
            let whole = pieces.pop().unwrap_or_default();
            return event_stream(Full::new(whole).map_err(|never| match never {}).boxed_unsync());
        }
        let written = stream::iter(pieces.into_iter().enumerate()).then(move |(index, piece)| async move {
            if index > 0 && !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Ok(Frame::data(piece))
        });
        let cut = stream::iter(breaks.then_some(())).then(|()| async {
            // Lets what was written reach the caller, so that it sees a stream that breaks and not one that never began.
            tokio::time::sleep(Duration::from_millis(5)).await;
            Err(io::Error::from(io::ErrorKind::ConnectionAborted))
        });
        event_stream(StreamBody::new(written.chain(cut)).boxed_unsync())
    }

    /// What is written at a time: single words where there are pauses, much at once where there are none.
    fn pieces(&self) -> Vec<Bytes> {
        let mut done = Vec::new();
        let mut open = String::new();
        let word_by_word = !self.round.pause.is_zero();
        let mut cut = |open: &mut String| {
            if word_by_word || open.len() >= WRITE_SIZE {
                done.push(Bytes::from(std::mem::take(open)));
            }
        };
        self.chunks.role(&mut open);
        if !self.round.reasoning.is_empty() {
            self.chunks.reasoning(&mut open, &self.round.reasoning);
        }
        let count = if self.breaks { self.round.text.pieces().count().div_ceil(2) } else { usize::MAX };
        for piece in self.round.text.pieces().take(count) {
            self.chunks.text(&mut open, &piece);
            cut(&mut open);
        }
        if !self.breaks {
            if let Some(call) = &self.round.call {
                self.chunks.call(&mut open, call);
            }
            self.chunks.end(&mut open, &self.round, self.usage);
        }
        if !open.is_empty() {
            done.push(Bytes::from(open));
        }
        done
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn turn(headers: &HeaderMap) -> Option<&str> {
    headers.get(TURN_HEADER)?.to_str().ok()
}

fn event_stream(body: Body) -> Response<Body> {
    response(StatusCode::OK, "text/event-stream; charset=utf-8", body)
}

fn json(status: u16, text: String) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response(status, "application/json", Full::from(text).map_err(|never| match never {}).boxed_unsync())
}

fn response(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
