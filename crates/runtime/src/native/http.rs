//! How requests travel to a provider: one connection pool per provider, shared by all its turns.

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderValue, Request, Response};
use http_body::Body as _;
use rig_core::http_client::{BoxedStream, Error, HttpClientExt, LazyBody, MultipartForm, Result, StreamingResponse};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// Names the turn, so that a broker (or the demo model) knows which requests belong together.
const TURN_HEADER: &str = "x-cowork-turn";
const CONNECT: Duration = Duration::from_secs(10);
/// Longer than providers keep a connection open makes no sense.
const IDLE: Duration = Duration::from_mins(1);
/// The most that is read of an answer that refuses the request.
const MAX_REFUSAL: usize = 64 << 10;

/// The provider sent nothing for this long.
#[derive(Debug, thiserror::Error)]
#[error("the model provider sent nothing for {0:?}")]
pub(super) struct Silence(pub(super) Duration);

/// The answer is longer than is read.
#[derive(Debug, thiserror::Error)]
#[error("the answer is too long")]
struct TooLong;

/// The pool of connections to one provider.
pub(super) fn pool(base_url: &reqwest::Url) -> std::result::Result<reqwest::Client, reqwest::Error> {
    // A redirect would carry the key to another host, and a proxy can't help on the way to this machine.
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true);
    let local = base_url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    let builder = if local { builder.no_proxy() } else { builder };
    // Without TLS the system's certificates are not needed, and reading them takes megabytes.
    let builder = if base_url.scheme() == "http" { builder.http1_only().tls_certs_only([]) } else { builder };
    builder.build()
}

/// Carries the requests of one turn.
#[derive(Clone)]
pub(super) struct TurnHttp {
    pub(super) pool: reqwest::Client,
    pub(super) turn: HeaderValue,
    pub(super) silence: Duration,
}

impl TurnHttp {
    async fn open(self, request: Request<Bytes>) -> Result<reqwest::Response> {
        let mut request = reqwest::Request::try_from(request).map_err(Error::instance)?;
        request.headers_mut().insert(TURN_HEADER, self.turn);
        match timeout(self.silence, self.pool.execute(request)).await {
            Ok(answer) => answer.map_err(|error| Error::instance(error.without_url())),
            Err(_) => Err(Error::instance(Silence(self.silence))),
        }
    }
}

impl HttpClientExt for TurnHttp {
    fn send<T, U>(&self, request: Request<T>) -> impl Future<Output = Result<Response<LazyBody<U>>>> + Send + 'static
    where
        T: Into<Bytes> + Send,
        U: From<Bytes> + Send + 'static,
    {
        let (http, silence, request) = (self.clone(), self.silence, request.map(Into::into));
        async move {
            let (head, body) = Response::<reqwest::Body>::from(http.open(request).await?).into_parts();
            let body: LazyBody<U> = Box::pin(async move { Ok(U::from(Bytes::from(gather(body, silence, usize::MAX).await?))) });
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
        let (http, silence, request) = (self.clone(), self.silence, request.map(Into::into));
        async move {
            let (head, body) = Response::<reqwest::Body>::from(http.open(request).await?).into_parts();
            if !head.status.is_success() {
                let text = gather(body, silence, MAX_REFUSAL).await.unwrap_or_default();
                return Err(Error::non_success_with_details(head.status, head.headers, String::from_utf8_lossy(&text).into_owned()));
            }
            let body: BoxedStream = Box::pin(WatchedBody { body, silence, alarm: None });
            Ok(Response::from_parts(head, body))
        }
    }
}

async fn gather(body: reqwest::Body, silence: Duration, limit: usize) -> Result<Vec<u8>> {
    use futures_util::StreamExt as _;
    let mut body = WatchedBody { body, silence, alarm: None };
    let mut text = Vec::new();
    while let Some(piece) = body.next().await {
        text.extend_from_slice(&piece?);
        if text.len() > limit {
            return Err(Error::instance(TooLong));
        }
    }
    Ok(text)
}

/// A response body that fails when no byte comes for too long. Keep-alive comments count as life,
/// which is why this sits below the protocol.
struct WatchedBody {
    body: reqwest::Body,
    silence: Duration,
    /// Set while nothing is there; a body that is always ready needs no timer.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Stream for WatchedBody {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match Pin::new(&mut this.body).poll_frame(context) {
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(Error::instance(error.without_url())))),
                Poll::Ready(Some(Ok(frame))) => {
                    this.alarm = None;
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Pending => {
                    let silence = this.silence;
                    let alarm = this.alarm.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + silence)));
                    ready!(alarm.as_mut().poll(context));
                    return Poll::Ready(Some(Err(Error::instance(Silence(silence)))));
                }
            }
        }
    }
}
