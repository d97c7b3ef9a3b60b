//! One request, one answer. Plain HTTP: who wants more puts a proxy or a tunnel between.

use axum::body::Bytes;
use axum::http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::error::{Error, ErrorKind, Result};
use crate::server::problem::Problem;

/// The port if the address names none.
const PORT: u16 = 80;

/// A server's address, and the token for it.
#[derive(Clone)]
pub(super) struct Client {
    host: String,
    port: u16,
    token: Option<String>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.url())
    }
}

impl Client {
    /// The server at that address.
    ///
    /// # Errors
    /// If it is none, or of another kind than `http://`.
    pub(super) fn new(url: &str, token: Option<String>) -> Result<Self> {
        let wrong = |why: &str| {
            Error::new(
                ErrorKind::Input,
                format!("`{url}` is no address of a server: {why}"),
            )
            .hint("write it as http://127.0.0.1:4242")
        };
        if url.starts_with("https://") {
            return Err(wrong("this version asks servers by http only").hint(
                "go through a tunnel, as in `ssh -L 4242:127.0.0.1:4242 HOST`, and ask http://127.0.0.1:4242",
            ));
        }
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| wrong("it does not begin with http://"))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.is_empty() || rest.contains(['/', '?', '#', '@', ' ']) {
            return Err(wrong("there is more, or less, than a host and a port"));
        }
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                let port = port.parse().map_err(|_| wrong("the port is no number"))?;
                (host, port)
            }
            _ => (rest, PORT),
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            token,
        })
    }

    fn url(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    /// Asks, and reads the answer as JSON; null if there is none to read.
    ///
    /// # Errors
    /// What the server says is wrong, or that it cannot be reached.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Value> {
        let headers = key.map(|key| ("idempotency-key", key));
        let headers: Vec<_> = headers.into_iter().collect();
        let response = self.send(method, path, body, &headers).await?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await;
        let bytes = bytes.map_err(|error| self.lost(&error))?.to_bytes();
        if bytes.is_empty() && status < 400 {
            return Ok(Value::Null);
        }
        let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        match status {
            ..400 => Ok(value),
            _ => Err(self.refused(status, value)),
        }
    }

    /// Sends a request, and gives the answer when its head is there.
    ///
    /// # Errors
    /// If the server cannot be reached.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Response<Incoming>> {
        let name = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((name, self.port))
            .await
            .map_err(|error| self.lost(&error))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.lost(&error))?;
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, format!("{}:{}", self.host, self.port))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = request.body(Full::new(body)).map_err(|_| {
            // The token is not shown.
            Error::new(
                ErrorKind::Input,
                "the token or the address holds what HTTP cannot carry",
            )
            .hint("check FLOWRT_TOKEN and --server")
        })?;
        let answer = sender.send_request(request).await;
        answer.map_err(|error| self.lost(&error))
    }

    fn lost(&self, error: &dyn std::error::Error) -> Error {
        let message = format!("the server {} cannot be reached: {error}", self.url());
        Error::new(ErrorKind::Store, message).hint("is `serve` running there? check --server")
    }

    pub(super) fn refused(&self, status: u16, value: Value) -> Error {
        match serde_json::from_value::<Problem>(value) {
            Ok(problem) => problem.into_error(),
            Err(_) => Error::new(
                ErrorKind::Input,
                format!(
                    "what answers at {} is no server of flows: {status}",
                    self.url()
                ),
            )
            .hint("check --server"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let read = |url: &str| Client::new(url, None).map(|client| (client.host, client.port));
        assert_eq!(
            read("http://127.0.0.1:4242/").unwrap(),
            ("127.0.0.1".to_owned(), 4242)
        );
        assert_eq!(
            read("http://[::1]:4242").unwrap(),
            ("[::1]".to_owned(), 4242)
        );
        assert_eq!(
            read("http://flows.example").unwrap(),
            ("flows.example".to_owned(), 80)
        );
        for bad in [
            "127.0.0.1:4242",
            "https://x",
            "http://",
            "http://x:y",
            "http://a/b",
        ] {
            assert_eq!(read(bad).unwrap_err().kind(), ErrorKind::Input, "{bad}");
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        let client = Client::new("http://x", Some("open-sesame".to_owned())).unwrap();
        assert!(!format!("{client:?}").contains("sesame"));
    }
}
