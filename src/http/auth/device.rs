//! What a browser session remembers of its browser, so that people recognise their devices.

use crate::http::connection::Connection;
use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use std::{convert::Infallible, net::IpAddr};

/// The longest name of a browser that is kept, in characters.
const LONGEST_NAME: usize = 256;

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Device {
    /// What the browser calls itself.
    pub(super) user_agent: Option<String>,
    /// The other end of the connection.
    pub(super) address: Option<IpAddr>,
}

impl<S: Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // Only printable ASCII passes, so nothing has to be taken out before it is stored or shown.
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok());
        let connection = parts.extensions.get::<Connection>();
        Ok(Self {
            user_agent: user_agent.map(|name| name.chars().take(LONGEST_NAME).collect()),
            address: connection.map(|connection| connection.peer().ip().to_canonical()),
        })
    }
}
