//! As much of a browser as a login needs: cookies, and the way through redirects.

use reqwest::{Response, Url, header::LOCATION, redirect::Policy};
use std::collections::BTreeMap;

/// Cookies are those of a host, as in browsers: the server and the provider of a test share it, whatever their ports.
pub(super) struct Browser {
    pub(super) cookies: BTreeMap<String, String>,
    http: reqwest::Client,
}

impl Browser {
    pub(super) fn new() -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client can be made");
        Self { cookies: BTreeMap::new(), http }
    }

    /// One request, with the cookies that there are; new ones are kept, and those taken back are gone.
    pub(super) async fn open(&mut self, url: &str) -> Response {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = self.http.get(url).header("cookie", cookies.join("; ")).send().await.expect("somebody answers");
        for line in answer.headers().get_all("set-cookie") {
            let line = line.to_str().expect("a cookie is text");
            let (name, rest) = line.split_once('=').expect("a cookie has a value");
            match rest.split(';').next().unwrap_or_default() {
                "" => drop(self.cookies.remove(name)),
                value => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        answer
    }

    /// Goes from page to page until it would leave for an address that begins like this, which it returns.
    pub(super) async fn follow(&mut self, start: &str, until: &str) -> Url {
        let mut url = Url::parse(start).expect("an address");
        for _ in 0..10 {
            if url.as_str().starts_with(until) {
                return url;
            }
            let answer = self.open(url.as_str()).await;
            let Some(location) = location(&answer) else {
                panic!("{url} leads nowhere: {} {}", answer.status(), answer.text().await.unwrap_or_default());
            };
            url = url.join(&location).expect("an address");
        }
        panic!("{start} never led to {until}");
    }
}

/// Where an answer leads.
pub(super) fn location(answer: &Response) -> Option<String> {
    answer.headers().get(LOCATION).map(|value| value.to_str().expect("an address").to_owned())
}
