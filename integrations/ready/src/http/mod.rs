//! A request as a task.

mod answer;
mod redirect;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use flowrt::{Error, Result, Secret, TaskContext, task};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use redirect::Hop;

/// How long a request may take unless said otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a body is read unless said otherwise.
const BODY_BYTES: u64 = 8 << 20;

/// What to ask, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    secrets: BTreeMap<String, Secret<String>>,
    body: Option<String>,
    timeout: Duration,
    body_bytes: u64,
    fine: Vec<u16>,
    repeatable: bool,
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// 2xx, or a status that was declared to be fine.
    pub status: u16,
    /// Its headers, names in lower case; of several of one name the last.
    pub headers: BTreeMap<String, String>,
    /// Its body as text.
    pub body: String,
}

impl Response {
    /// The body as JSON.
    ///
    /// # Errors
    /// If it is no JSON of that type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.body).map_err(|error| {
            Error::fatal(format!(
                "the answer is not the JSON that is wanted: {error}"
            ))
            .or_try("look at what the server says, in the field `body`, and at the type that it is read as")
        })
    }
}

impl Request {
    /// A request with any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        let method = method.into().to_ascii_uppercase();
        Self {
            repeatable: !matches!(method.as_str(), "POST" | "PATCH"),
            method,
            url: url.into(),
            headers: BTreeMap::new(),
            secrets: BTreeMap::new(),
            body: None,
            timeout: TIMEOUT,
            body_bytes: BODY_BYTES,
            fine: Vec::new(),
        }
    }

    /// `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// `POST`. It carries the step's idempotency key as the header `Idempotency-Key`, the same in every attempt.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// `PUT`.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// `DELETE`.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new("DELETE", url)
    }

    /// A header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// A header whose value is secret: recorded by reference or encrypted, and never shown.
    #[must_use]
    pub fn secret_header(mut self, name: impl Into<String>, value: Secret<String>) -> Self {
        self.secrets.insert(name.into(), value);
        self
    }

    /// `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(mut self, token: Secret<String>) -> Self {
        self.secrets.insert(BEARER.to_owned(), token);
        self
    }

    /// A body of text.
    #[must_use]
    pub fn body(mut self, text: impl Into<String>) -> Self {
        self.body = Some(text.into());
        self
    }

    /// A body of JSON, with its content type.
    #[must_use]
    pub fn json(mut self, value: impl Into<serde_json::Value>) -> Self {
        self.body = Some(value.into().to_string());
        self.header("content-type", "application/json")
    }

    /// How long all of it may take, the body of the answer included [default: 30 s].
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many bytes of the answer's body are read at most [default: 8 MiB]; a longer one is an error.
    #[must_use]
    pub fn read_at_most(mut self, bytes: u64) -> Self {
        self.body_bytes = bytes;
        self
    }

    /// Status codes besides 2xx that are no failure.
    #[must_use]
    pub fn fine(mut self, codes: impl IntoIterator<Item = u16>) -> Self {
        self.fine.extend(codes);
        self
    }

    /// The server knows `Idempotency-Key`, or the request does no harm twice: a `POST` or `PATCH` is tried again as others are.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sends it, as part of the task whose context that is.
    ///
    /// # Errors
    /// If there is no answer in time, or its status is neither 2xx nor fine. Such an error says whether another attempt is
    /// worth it: 408, 425, 429, 5xx and a connection that fails are (after the time that the server names in
    /// `Retry-After`), other answers are not, nor are a `POST` or `PATCH` that may have had its effect.
    ///
    /// Where an answer points elsewhere, `GET` and `HEAD` follow, ten times at most; to another host go no headers but
    /// `Accept`, `Accept-Language`, `Range` and `User-Agent`. Other methods stay what they are: they follow 307 and 308 on
    /// the same host, and else fail with the place that was named.
    pub async fn send(&self, ctx: &TaskContext) -> Result<Response> {
        let request = self.clone();
        let key = ctx.idempotency_key();
        let sent = tokio::task::spawn_blocking(move || request.exchange(&key));
        tokio::select! {
            answer = sent => answer.map_err(|error| Error::from(error.to_string()))?,
            // The request itself goes on until its timeout, and its answer goes nowhere.
            () = ctx.on_cancel() => Err(Error::from(format!("{} was cancelled", self.shown()))),
        }
    }

    fn shown(&self) -> String {
        format!("{} {}", self.method, bare(&self.url))
    }

    /// Asks, and asks on where the answers point to; all of it within the one timeout.
    fn exchange(&self, key: &str) -> Result<Response> {
        let begun = Instant::now();
        let mut hop = Hop::first(self)?;
        for _ in 0..=redirect::AT_MOST {
            let request = self.prepared(&hop, key)?;
            let request = agent()
                .configure_request(request)
                .timeout_global(Some(self.timeout.saturating_sub(begun.elapsed())))
                .http_status_as_error(false)
                .allow_non_standard_methods(true)
                .build();
            let answer = agent().run(request);
            let answer = answer.map_err(|error| answer::no_answer(self, &hop, &error))?;
            match hop.next(self, answer.status().as_u16(), answer.headers())? {
                Some(next) => hop = next,
                None => return answer::judge(self, &hop, answer),
            }
        }
        Err(redirect::too_many(self))
    }

    fn prepared(
        &self,
        hop: &Hop,
        key: &str,
    ) -> Result<ureq::http::Request<ureq::SendBody<'static>>> {
        let mut request = ureq::http::Request::builder()
            .method(self.method.as_str())
            .uri(hop.url.clone());
        for (name, value) in &self.headers {
            if hop.is_home || redirect::is_for_anybody(name) {
                request = request.header(name, value);
            }
        }
        if hop.is_home {
            for (name, value) in &self.secrets {
                let value = value.reveal()?;
                request = match name.as_str() {
                    BEARER => request.header("authorization", format!("Bearer {value}")),
                    name => request.header(name, value),
                };
            }
        }
        let has_key = self
            .headers
            .keys()
            .any(|name| name.eq_ignore_ascii_case(KEY));
        if matches!(self.method.as_str(), "POST" | "PATCH") && !has_key {
            request = request.header(KEY, key);
        }
        let body = match &self.body {
            Some(text) => {
                ureq::SendBody::from_owned_reader(std::io::Cursor::new(text.clone().into_bytes()))
            }
            None => ureq::SendBody::none(),
        };
        if let Some(text) = &self.body {
            request = request.header("content-length", text.len().to_string());
        }
        request.body(body).map_err(|error| {
            Error::fatal(format!("{} is no request: {error}", self.shown()))
                .or_try("check the method, and the names and values of the headers")
        })
    }
}

/// An address without what may be secret: the query and what stands before the host.
fn bare(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = host.rsplit('@').next().unwrap_or(host);
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}

/// Where the bearer's token stands among the secret headers; no header may have such a name.
const BEARER: &str = "authorization: bearer";

const KEY: &str = "idempotency-key";

/// One for all, so that connections are used again.
fn agent() -> &'static ureq::Agent {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        let config =
            ureq::Agent::config_builder().user_agent(concat!("flowrt/", env!("CARGO_PKG_VERSION")));
        // Where an answer points to is asked by `redirect`, which knows what may go there.
        ureq::Agent::new_with_config(config.max_redirects(0).build())
    })
}

/// Sends a request; tried again, three times at most, when the server or the network gives reason to.
#[task(retries = 3, backoff = "1s..1m")]
pub async fn http(request: Request, ctx: &TaskContext) -> Result<Response> {
    request.send(ctx).await
}
