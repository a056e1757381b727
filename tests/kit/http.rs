//! A plain HTTP/1.1 client that keeps its connections.

use crate::Answer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

/// No answer of this server may take longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no answer: the connection ended first.
#[derive(Debug)]
pub struct NoAnswer(pub String);

/// The client.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Http {
    /// A client without connections.
    pub fn new() -> Http {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // Each request is attempted once: a test that counts messages must know how often it sent.
        let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build(connector);
        Http { client }
    }

    /// Begins a request whose answer comes bit by bit.
    pub(crate) async fn begin(&self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        let answered = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
        answered.expect("an answer begins in time").expect("an answer begins")
    }

    /// Attempts one request.
    ///
    /// # Errors
    /// [`NoAnswer`] where the whole answer did not come.
    pub async fn attempt(&self, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
        let asked = format!("{} {}", request.method(), request.uri());
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| NoAnswer(format!("{error:?}")))?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| NoAnswer(error.to_string()))?.to_bytes();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        tokio::time::timeout(PATIENCE, exchange).await.unwrap_or_else(|_| panic!("no answer within {PATIENCE:?}: {asked}"))
    }
}

impl Default for Http {
    fn default() -> Http {
        Http::new()
    }
}
