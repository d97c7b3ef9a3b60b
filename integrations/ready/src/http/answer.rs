//! What an answer, or none, means for the next attempt.

use std::time::Duration;

use flowrt::{Error, Result};
use ureq::http::HeaderMap;

use super::redirect::Hop;
use super::{Request, Response, bare};

/// How much of the body of a refusal is quoted.
const QUOTED_CHARS: usize = 500;

/// A server that asks for a longer pause is not heeded beyond that.
const PAUSE_AT_MOST: Duration = Duration::from_secs(60 * 60);

/// The way out for who knows the server.
const REPEATABLE: &str = "look on the server whether it has; if it may be sent twice, `.repeatable()` lets it be tried again";

/// No answer came, or not all of it.
pub(super) fn no_answer(request: &Request, hop: &Hop, error: &ureq::Error) -> Error {
    let message = format!("{}{}: {error}", request.shown(), by_way(request, hop));
    // Then nothing has reached the server.
    let never_sent = matches!(
        error,
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed
    ) || matches!(error, ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::ConnectionRefused);
    let is_useless = matches!(
        error,
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::BodyExceedsLimit(_)
    );
    if is_useless {
        let hint = match error {
            ureq::Error::BodyExceedsLimit(_) => {
                "say `.read_at_most(bytes)`, or ask for less at a time"
            }
            _ => "check the address, the method and the headers",
        };
        return Error::fatal(message).or_try(hint);
    }
    if request.repeatable || never_sent {
        return Error::retryable(message);
    }
    Error::fatal(format!("{message}; it may have had its effect")).or_try(REPEATABLE)
}

/// The answer, or why it is none.
pub(super) fn judge(
    request: &Request,
    hop: &Hop,
    answer: ureq::http::Response<ureq::Body>,
) -> Result<Response> {
    let (parts, mut body) = answer.into_parts();
    let status = parts.status.as_u16();
    let body = body
        .with_config()
        .limit(request.body_bytes)
        .lossy_utf8(true)
        .read_to_string()
        .map_err(|error| no_answer(request, hop, &error))?;
    if parts.status.is_success() || request.fine.contains(&status) {
        return Ok(Response {
            status,
            headers: named(&parts.headers),
            body,
        });
    }
    let quoted: String = body.trim().chars().take(QUOTED_CHARS).collect();
    let mut message = format!(
        "{}{} was answered by {}",
        request.shown(),
        by_way(request, hop),
        parts.status
    );
    if !quoted.is_empty() {
        message.push_str(&format!(": {quoted}"));
    }
    Err(match worth(status, request.repeatable) {
        false => Error::fatal(message).or_try(hint(status)),
        true => match pause(&parts.headers) {
            Some(pause) => Error::retry_after(message, pause),
            None => Error::retryable(message),
        },
    })
}

/// Where it was answered, if that is not where it was asked.
fn by_way(request: &Request, hop: &Hop) -> String {
    let here = bare(&hop.url.to_string());
    if here.trim_end_matches('/') == bare(&request.url).trim_end_matches('/') {
        return String::new();
    }
    format!(" (which led to {here})")
}

/// What may help against an answer that is final.
fn hint(status: u16) -> String {
    match status {
        401 | 403 => "check the token or the secret header, and what it may do there".to_owned(),
        408 | 500..=599 => REPEATABLE.to_owned(),
        _ => format!(
            "if that is a good answer here, say `.fine([{status}])`; else check the address and what is sent"
        ),
    }
}

/// Whether another attempt is worth it. The first three say that nothing was done.
fn worth(status: u16, is_repeatable: bool) -> bool {
    match status {
        425 | 429 | 503 => true,
        408 | 500..=599 => is_repeatable,
        _ => false,
    }
}

/// What `Retry-After` says, in seconds; a date is left to the task's own delay.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get("retry-after")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).min(PAUSE_AT_MOST))
}

fn named(headers: &HeaderMap) -> std::collections::BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}
