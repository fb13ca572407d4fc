//! Browsers that are signed in (contract 00 §3.6).

mod cookies;
mod devices;
mod logout;

use crate::{answer::Answer, caller::Caller, server::Server};
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;

/// The environment of a server with browser sessions.
pub(crate) const BROWSERS: [(&str, &str); 3] =
    [crate::caller::HEADER_MODE[0], crate::caller::HEADER_MODE[1], ("COOKIE_SECRET", "a-cookie-secret-of-more-than-32-bytes-7d1c")];

/// A browser with the cookies of a session.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) session: String,
    pub(crate) csrf: String,
    /// What it sends in the header; a page of another site can't know it.
    pub(crate) shown: Option<String>,
}

impl Browser {
    /// Signs in as whoever a proxy vouches for.
    pub(crate) async fn sign_in(server: &Server, caller: &Caller, name: &str) -> Self {
        let request = server.request(Method::POST, "/auth/session").headers(caller.headers());
        Self::made_by(request.header("user-agent", name)).await
    }

    /// Signs in by this request.
    pub(crate) async fn made_by(request: RequestBuilder) -> Self {
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let [session, csrf] = ["session", "csrf"].map(|name| cookie(&answer.headers, &format!("open_cowork_cloud_{name}")));
        assert_eq!(answer.body["csrfToken"], csrf);
        Self { session, shown: Some(csrf.clone()), csrf }
    }

    pub(crate) async fn ask(&self, server: &Server, method: Method, path: &str, body: Option<Value>) -> Answer {
        let cookies = format!("open_cowork_cloud_session={}; open_cowork_cloud_csrf={}", self.session, self.csrf);
        let mut request = server.request(method, path).header("cookie", cookies);
        if let Some(shown) = &self.shown {
            request = request.header("x-csrf-token", shown);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    /// The code with which the browser is refused; null while it isn't.
    pub(crate) async fn code(&self, server: &Server) -> Value {
        self.ask(server, Method::GET, "/api/sessions", None).await.body["code"].clone()
    }
}

/// The value of a cookie that an answer sets.
fn cookie(headers: &HeaderMap, name: &str) -> String {
    let mut lines = headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no cookie {name}: {headers:?}")).split(';').next().unwrap_or_default().to_owned()
}
