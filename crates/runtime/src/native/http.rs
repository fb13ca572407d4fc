//! How requests of a turn travel: through the broker, or straight to the demo model of this machine.

use crate::broker::{AnswerBody, BrokenAnswer, KeyBroker, Lease};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::{HeaderValue, Request, Response};
use http_body::Body as _;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rig_core::http_client::{BoxedStream, Error, HttpClientExt, LazyBody, MultipartForm, Result, StreamingResponse};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// Names the turn, so that the demo model knows which requests belong together.
const TURN_HEADER: &str = "x-cowork-turn";
const CONNECT: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_mins(1);
/// The most that is read of an answer that refuses the request.
const MAX_REFUSAL: usize = 64 << 10;
/// The most that is read of an answer that is no stream.
const MAX_ANSWER: usize = 16 << 20;
/// What rig gets of a stream at a time. For each line it moves up all that it has behind it, so with long pieces most of a turn's
/// time would go into that.
const SIP: usize = 1 << 10;

/// The provider sent nothing for this long.
#[derive(Debug, thiserror::Error)]
#[error("the model provider sent nothing for {0:?}")]
pub(super) struct Silence(pub(super) Duration);

/// The answer is longer than is read.
#[derive(Debug, thiserror::Error)]
#[error("the answer is too long")]
struct TooLong;

/// Connections to this machine. Nothing is looked up, redirected, proxied or encrypted on the way, so a client that could do all
/// that would only cost time.
pub(super) type LoopbackPool = Client<HttpConnector, Full<Bytes>>;

pub(super) fn loopback_pool() -> LoopbackPool {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT));
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(connector)
}

/// Carries the requests of one turn.
#[derive(Clone)]
pub(super) struct TurnHttp {
    pub(super) way: Way,
    pub(super) silence: Duration,
}

/// Where they go.
#[derive(Clone)]
pub(super) enum Way {
    /// To the demo model.
    Direct { pool: Arc<LoopbackPool>, turn: HeaderValue },
    /// To a provider, with the customer's key, which this side never sees.
    Brokered { broker: KeyBroker, lease: Arc<Lease> },
}

impl TurnHttp {
    async fn open(self, mut request: Request<Bytes>) -> Result<Response<TurnBody>> {
        match self.way {
            Way::Direct { pool, turn } => {
                request.headers_mut().insert(TURN_HEADER, turn);
                match timeout(self.silence, pool.request(request.map(Full::new))).await {
                    Ok(Ok(answer)) => Ok(answer.map(|body| TurnBody::direct(body, self.silence))),
                    Ok(Err(error)) => Err(Error::instance(error)),
                    Err(_) => Err(Error::instance(Silence(self.silence))),
                }
            }
            Way::Brokered { broker, lease } => match broker.call(&lease, request).await {
                Ok(answer) => Ok(answer.map(TurnBody::Brokered)),
                Err(refusal) => Err(Error::instance(refusal)),
            },
        }
    }
}

impl HttpClientExt for TurnHttp {
    fn send<T, U>(&self, request: Request<T>) -> impl Future<Output = Result<Response<LazyBody<U>>>> + Send + 'static
    where
        T: Into<Bytes> + Send,
        U: From<Bytes> + Send + 'static,
    {
        let (http, request) = (self.clone(), request.map(Into::into));
        async move {
            let (head, body) = http.open(request).await?.into_parts();
            let body: LazyBody<U> = Box::pin(async move { Ok(U::from(Bytes::from(gather(body, MAX_ANSWER).await?))) });
            Ok(Response::from_parts(head, body))
        }
    }

    fn send_multipart<U>(&self, _request: Request<MultipartForm>) -> impl Future<Output = Result<Response<LazyBody<U>>>> + Send + 'static
    where
        U: From<Bytes> + Send + 'static,
    {
        // Chat never uploads forms.
        std::future::ready(Err(Error::instance(std::io::Error::from(std::io::ErrorKind::Unsupported))))
    }

    fn send_streaming<T>(&self, request: Request<T>) -> impl Future<Output = Result<StreamingResponse>> + Send
    where
        T: Into<Bytes> + Send,
    {
        let (http, request) = (self.clone(), request.map(Into::into));
        async move {
            let (head, body) = http.open(request).await?.into_parts();
            if !head.status.is_success() {
                let text = gather(body, MAX_REFUSAL).await.unwrap_or_default();
                return Err(Error::non_success_with_details(head.status, head.headers, String::from_utf8_lossy(&text).into_owned()));
            }
            let body: BoxedStream = Box::pin(Sips { body, rest: Bytes::new() });
            Ok(Response::from_parts(head, body))
        }
    }
}

async fn gather(mut body: TurnBody, limit: usize) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    while let Some(piece) = body.next().await {
        text.extend_from_slice(&piece?);
        if text.len() > limit {
            return Err(Error::instance(TooLong));
        }
    }
    Ok(text)
}

/// A body in short pieces.
struct Sips {
    body: TurnBody,
    rest: Bytes,
}

impl Stream for Sips {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(piece)) => self.rest = piece,
                end => return Poll::Ready(end),
            }
        }
        let length = self.rest.len().min(SIP);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

/// A response body that fails when no byte comes for too long. Keep-alive comments count as life,
/// which is why this sits below the protocol. The broker's bodies watch for that themselves.
enum TurnBody {
    Direct {
        body: Incoming,
        silence: Duration,
        /// Set while nothing is there; a body that is always ready needs no timer.
        alarm: Option<Pin<Box<Sleep>>>,
    },
    Brokered(AnswerBody),
}

impl TurnBody {
    fn direct(body: Incoming, silence: Duration) -> Self {
        Self::Direct { body, silence, alarm: None }
    }
}

impl Stream for TurnBody {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut *self {
            Self::Brokered(body) => loop {
                match ready!(Pin::new(&mut *body).poll_frame(context)) {
                    None => return Poll::Ready(None),
                    Some(Err(BrokenAnswer::Silent(silence))) => return Poll::Ready(Some(Err(Error::instance(Silence(silence))))),
                    Some(Err(broken)) => return Poll::Ready(Some(Err(Error::instance(broken)))),
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Poll::Ready(Some(Ok(data)));
                        }
                    }
                }
            },
            Self::Direct { body, silence, alarm } => loop {
                match Pin::new(&mut *body).poll_frame(context) {
                    Poll::Ready(None) => return Poll::Ready(None),
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(Error::instance(error)))),
                    Poll::Ready(Some(Ok(frame))) => {
                        *alarm = None;
                        if let Ok(data) = frame.into_data() {
                            return Poll::Ready(Some(Ok(data)));
                        }
                    }
                    Poll::Pending => {
                        let silence = *silence;
                        let alarm = alarm.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + silence)));
                        ready!(alarm.as_mut().poll(context));
                        return Poll::Ready(Some(Err(Error::instance(Silence(silence)))));
                    }
                }
            },
        }
    }
}
