//! One request, one answer. Plain HTTP: who wants more puts a proxy or a tunnel between.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::clock::Clock;
use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::server::problem::Problem;

/// The port if the address names none.
const PORT: u16 = 80;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a server may say nothing while an answer is awaited or read.
const SILENCE: Duration = Duration::from_secs(120);

/// How much of an answer is read: above what the largest value of a run takes.
const ANSWER_BYTES: usize = (if cfg!(test) { 4 } else { 256 }) << 20;

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
        let client = Self {
            host: host.to_owned(),
            port,
            token,
        };
        client.check_token(config::token_may_be_plain())?;
        Ok(client)
    }

    /// A token is all that one needs to use the server, so it goes over no network where everybody on the way can read it.
    fn check_token(&self, may_be_plain: bool) -> Result<()> {
        if self.token.is_none() || may_be_plain || self.is_on_this_machine() {
            return Ok(());
        }
        let message = format!(
            "the token is not sent to {}: by http everybody on the way can read it",
            self.url()
        );
        let (port, host) = (self.port, &self.host);
        Err(Error::new(ErrorKind::Input, message).hint(format!(
            "go through a tunnel, as in `ssh -L 4242:127.0.0.1:{port} {host}`, and ask http://127.0.0.1:4242; or, if nobody else is on the way, set FLOWRT_PLAIN_TOKEN=yes"
        )))
    }

    /// Whether what is sent there leaves no machine: nobody on the way can read it.
    pub(super) fn is_on_this_machine(&self) -> bool {
        let address = self.name().parse::<std::net::IpAddr>();
        self.name().eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.is_loopback())
    }

    /// The host as it is looked up.
    fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
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
        let bytes = self.whole(response.into_body()).await?;
        if bytes.is_empty() && status < 400 {
            return Ok(Value::Null);
        }
        let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        match status {
            ..400 => Ok(value),
            _ => Err(self.refused(status, value)),
        }
    }

    /// The body of an answer.
    ///
    /// # Errors
    /// If it does not come, or there is no end of it.
    pub(super) async fn whole(&self, mut body: Incoming) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(frame) = self.in_time(SILENCE, body.frame()).await? {
            let frame = frame.map_err(|error| self.lost(&error))?;
            if let Some(more) = frame.data_ref() {
                if bytes.len() + more.len() > ANSWER_BYTES {
                    let message = format!(
                        "the answer of {} has more than {} MiB",
                        self.url(),
                        ANSWER_BYTES >> 20
                    );
                    return Err(Error::new(ErrorKind::Store, message)
                        .hint("ask for less at a time, as with --limit"));
                }
                bytes.extend_from_slice(more);
            }
        }
        Ok(bytes)
    }

    async fn in_time<T>(&self, limit: Duration, what: impl Future<Output = T>) -> Result<T> {
        let clock = Clock::real();
        tokio::select! {
            done = what => Ok(done),
            () = clock.sleep(limit) => {
                let limit = flowrt_grammar::format_duration(limit);
                let message = format!("the server {} has said nothing for {limit}", self.url());
                Err(Error::new(ErrorKind::Store, message)
                    .hint("is it still alive, and is nothing on the way that swallows what it says? what was asked may have been done"))
            }
        }
    }

    /// Sends a request, and gives the answer when its head is there.
    ///
    /// # Errors
    /// If the server cannot be reached, or is silent for too long.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Response<Incoming>> {
        let stream = TcpStream::connect((self.name(), self.port));
        let stream = self.in_time(CONNECT, stream).await?;
        let stream = stream.map_err(|error| self.lost(&error))?;
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
        let answer = self.in_time(SILENCE, sender.send_request(request)).await?;
        answer.map_err(|error| self.lost(&error))
    }

    pub(super) fn lost(&self, error: &dyn std::fmt::Display) -> Error {
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
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_token_leaves_the_machine_only_if_somebody_says_so() {
        let client = |host: &str, token: Option<&str>| Client {
            host: host.to_owned(),
            port: 4242,
            token: token.map(str::to_owned),
        };
        for here in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]"] {
            client(here, Some("open-sesame"))
                .check_token(false)
                .expect(here);
        }
        for there in [
            "flows.example",
            "10.0.0.1",
            "[fe80::1]",
            "localhost.example",
        ] {
            client(there, None).check_token(false).expect(there);
            client(there, Some("open-sesame"))
                .check_token(true)
                .expect(there);
            let told = client(there, Some("open-sesame"))
                .check_token(false)
                .unwrap_err();
            assert_eq!(told.kind(), ErrorKind::Input);
            assert!(!format!("{told:?}").contains("sesame"), "{told:?}");
            let hint = told.try_this().expect("a way out");
            assert!(
                hint.contains("ssh -L") && hint.contains("FLOWRT_PLAIN_TOKEN=yes"),
                "{hint}"
            );
        }
    }

    #[tokio::test]
    async fn an_answer_without_end_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            let chunk = format!("100000\r\n{}\r\n", "x".repeat(1 << 20));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        });
        let client = Client::new(&format!("http://{address}"), None).unwrap();
        let told = client.ask("GET", "/", None, None).await.unwrap_err();
        assert!(told.message().contains("more than 4 MiB"), "{told}");
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_given_up() {
        let client = Client::new("http://127.0.0.1:1", None).unwrap();
        let never = std::future::pending::<()>();
        let limit = Duration::from_millis(5);
        let told = client.in_time(limit, never).await.unwrap_err();
        assert!(
            told.message().contains("has said nothing for 5 ms"),
            "{told}"
        );
    }

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
        let client = Client::new("http://127.0.0.1", Some("open-sesame".to_owned())).unwrap();
        assert!(!format!("{client:?}").contains("sesame"));
    }
}
