//! Who is let in, and what a browser may do with what it gets.
//!
//! Without a token, only this machine is answered, and only under names that nobody else can point at it: else a page of
//! somebody else could have its own name lead here (DNS rebinding) and read everything.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State as From};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::State;
use super::problem::Problem;
use crate::error::{Error, ErrorKind, Result};

/// What a browser may load for a page of ours: nothing from elsewhere, no script in the page itself.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Who is let in: all of this machine, or whoever has a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The hashes of tokens, any of which will do.
    tokens: Vec<blake3::Hash>,
}

impl Access {
    /// Whoever has one of these tokens, given by their BLAKE3 hashes as hexadecimal digits; without any, this machine.
    ///
    /// # Errors
    /// If one is no such hash.
    pub fn of_hashes(hashes: &[String]) -> Result<Self> {
        let tokens = hashes.iter().map(|hash| {
            blake3::Hash::from_hex(hash).map_err(|_| {
                // It is not shown: somebody may have written the token itself.
                Error::new(
                    ErrorKind::Input,
                    "this is no BLAKE3 hash of 64 hexadecimal digits",
                )
                .hint("serve --new-token makes a token and its hash")
            })
        });
        Ok(Self {
            tokens: tokens.collect::<Result<_>>()?,
        })
    }

    /// Whether a token is asked for.
    pub fn asks(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// Whether it may be listened there.
    ///
    /// # Errors
    /// If others than this machine can reach it, and no token is asked for.
    pub fn check(&self, address: SocketAddr) -> Result<()> {
        if self.asks() || address.ip().is_loopback() {
            return Ok(());
        }
        let message = format!("{address} can be reached by other machines, and no token is set");
        Err(Error::new(ErrorKind::Input, message).hint(
            "set one: FLOWRT_SERVER_TOKEN, or `token_hashes` under [server] in flowrt.toml (serve --new-token makes one)",
        ))
    }

    /// Compared by hash and in constant time, so that the time tells nothing of the token.
    fn lets_in(&self, token: &str) -> bool {
        let hash = blake3::hash(token.as_bytes());
        self.tokens
            .iter()
            .fold(false, |found, known| found | (*known == hash))
    }
}

/// Stands before every route.
pub(super) async fn guard(From(state): From<State>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_open = matches!(path, "/health" | "/ready" | "/api/health" | "/api/ready");
    let is_api = path.starts_with("/api");
    let judged = judge(&state.access, request.method(), request.headers(), is_open);
    let mut response = match judged {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let is_unknown = problem.code == "no_token";
            let mut response = problem.into_response();
            if is_unknown {
                // A browser asks its user; the name is not looked at.
                let ask =
                    HeaderValue::from_static("Basic realm=\"flowrt: the token is the password\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
            }
            response
        }
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    if is_api {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

fn judge(
    access: &Access,
    method: &Method,
    headers: &HeaderMap,
    is_open: bool,
) -> Result<(), Problem> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let host = text(header::HOST).unwrap_or_default();
    if !access.asks() && !is_this_machine(host) {
        let detail = format!("this server does not answer to the name `{host}`");
        return Err(
            Problem::new(StatusCode::FORBIDDEN, "wrong_host", detail).hint(
                "use http://127.0.0.1 or http://localhost; under other names it answers to those who have a token",
            ),
        );
    }
    if !method.is_safe() {
        check_origin(
            host,
            text(header::ORIGIN),
            text(HeaderName::from_static("sec-fetch-site")),
        )?;
    }
    if is_open || !access.asks() {
        return Ok(());
    }
    let given = text(header::AUTHORIZATION).and_then(token_of);
    match given {
        Some(token) if access.lets_in(&token) => Ok(()),
        given => {
            let detail = match given {
                Some(_) => "this token is not one that is let in",
                None => "a token is needed",
            };
            Err(
                Problem::new(StatusCode::UNAUTHORIZED, "no_token", detail).hint(
                    "send the header Authorization: Bearer TOKEN; the command line takes it from FLOWRT_TOKEN",
                ),
            )
        }
    }
}

/// A browser says where a request comes from; what is no browser says nothing.
fn check_origin(host: &str, origin: Option<&str>, site: Option<&str>) -> Result<(), Problem> {
    let is_own = match (site, origin) {
        (Some(site), _) if !matches!(site, "same-origin" | "none") => false,
        (_, Some(origin)) => origin
            .split_once("://")
            .is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)),
        _ => true,
    };
    if is_own {
        return Ok(());
    }
    let detail = "a page of another site asks for a change";
    Err(Problem::new(StatusCode::FORBIDDEN, "cross_origin", detail))
}

/// An address, or the name that always means this machine. A name that somebody else can choose is not among them.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// `Bearer TOKEN`, or `Basic` with the token as the password.
fn token_of(header: &str) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    // Whether it is filled up with `=` does not matter.
    let bytes = STANDARD_NO_PAD.decode(rest.trim().trim_end_matches('='));
    let text = String::from_utf8(bytes.ok()?).ok()?;
    text.split_once(':')
        .map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        };
        pairs.iter().map(pair).collect()
    }

    fn with_token(token: &str) -> Access {
        let hash = blake3::hash(token.as_bytes()).to_hex().to_string();
        Access::of_hashes(&[hash]).unwrap()
    }

    fn code(access: &Access, method: &Method, pairs: &[(&'static str, &str)]) -> Option<String> {
        let judged = judge(access, method, &headers(pairs), false);
        judged.err().map(|problem| problem.code)
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let access = Access::default();
        for good in [
            "localhost:4242",
            "127.0.0.1",
            "[::1]:4242",
            "192.168.0.7:80",
        ] {
            assert_eq!(
                code(&access, &Method::GET, &[("host", good)]),
                None,
                "{good}"
            );
        }
        for bad in [
            "evil.example",
            "localhost.evil.example:4242",
            "",
            "127.0.0.1.nip.io",
        ] {
            let found = code(&access, &Method::GET, &[("host", bad)]);
            assert_eq!(found.as_deref(), Some("wrong_host"), "{bad}");
        }
    }

    #[test]
    fn a_foreign_page_changes_nothing() {
        let access = Access::default();
        let host = ("host", "127.0.0.1:4242");
        let foreign = [host, ("origin", "http://evil.example")];
        assert_eq!(
            code(&access, &Method::POST, &foreign).as_deref(),
            Some("cross_origin")
        );
        let null = [host, ("origin", "null")];
        assert_eq!(
            code(&access, &Method::DELETE, &null).as_deref(),
            Some("cross_origin")
        );
        let site = [host, ("sec-fetch-site", "cross-site")];
        assert_eq!(
            code(&access, &Method::PUT, &site).as_deref(),
            Some("cross_origin")
        );
        let own = [host, ("origin", "http://127.0.0.1:4242")];
        assert_eq!(code(&access, &Method::POST, &own), None);
        assert_eq!(code(&access, &Method::POST, &[host]), None);
    }

    #[test]
    fn a_token_opens_and_nothing_else_does() {
        let access = with_token("open sesame");
        let host = ("host", "flows.example");
        let with = |value: &str| code(&access, &Method::GET, &[host, ("authorization", value)]);
        assert_eq!(with("Bearer open sesame"), None);
        assert_eq!(with("Basic bWU6b3BlbiBzZXNhbWU="), None);
        for bad in [
            "Bearer open",
            "Bearer ",
            "Basic bWU6eA==",
            "Basic %",
            "Digest x",
        ] {
            assert_eq!(with(bad).as_deref(), Some("no_token"), "{bad}");
        }
        assert!(!format!("{access:?}").contains("sesame"));
    }

    #[test]
    fn without_a_token_nobody_else_is_served() {
        let everywhere = "0.0.0.0:1".parse().unwrap();
        assert!(Access::default().check(everywhere).is_err());
        assert!(
            Access::default()
                .check("127.0.0.1:1".parse().unwrap())
                .is_ok()
        );
        assert!(with_token("x").check(everywhere).is_ok());
    }
}
