//! A small HTTP server on loopback, which ends with its handle.

use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};

/// A running server.
pub(crate) struct Server {
    pub(crate) host: String,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(router: Router) -> Self {
        // The clients of the services want a provider of cryptography, as the program installs one.
        rustls::crypto::ring::default_provider().install_default().ok();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let host = listener.local_addr().expect("it listens").to_string();
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.ok();
        });
        Self { host, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.host)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
