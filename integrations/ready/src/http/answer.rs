//! What an answer, or none, means for the next attempt.

use std::time::Duration;

use flowrt::{Error, Result};
use ureq::http::HeaderMap;

use super::{Request, Response};

/// How much of the body of a refusal is quoted.
const QUOTED_CHARS: usize = 500;

/// A server that asks for a longer pause is not heeded beyond that.
const PAUSE_AT_MOST: Duration = Duration::from_secs(60 * 60);

/// No answer came, or not all of it.
pub(super) fn no_answer(request: &Request, error: &ureq::Error) -> Error {
    let message = format!("{}: {error}", request.shown());
    // Then nothing has reached the server.
    let never_sent = matches!(
        error,
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed
    ) || matches!(error, ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::ConnectionRefused);
    let is_useless = matches!(
        error,
        ureq::Error::BadUri(_)
            | ureq::Error::Http(_)
            | ureq::Error::BodyExceedsLimit(_)
            | ureq::Error::TooManyRedirects
    );
    if is_useless {
        return Error::fatal(message);
    }
    if request.repeatable || never_sent {
        return Error::retryable(message);
    }
    Error::fatal(format!("{message}; it may have had its effect"))
}

/// The answer, or why it is none.
pub(super) fn judge(
    request: &Request,
    answer: ureq::http::Response<ureq::Body>,
) -> Result<Response> {
    let (parts, mut body) = answer.into_parts();
    let status = parts.status.as_u16();
    let body = body
        .with_config()
        .limit(request.body_bytes)
        .lossy_utf8(true)
        .read_to_string()
        .map_err(|error| no_answer(request, &error))?;
    if parts.status.is_success() || request.fine.contains(&status) {
        return Ok(Response {
            status,
            headers: named(&parts.headers),
            body,
        });
    }
    let quoted: String = body.trim().chars().take(QUOTED_CHARS).collect();
    let mut message = format!("{} was answered by {}", request.shown(), parts.status);
    if !quoted.is_empty() {
        message.push_str(&format!(": {quoted}"));
    }
    Err(match worth(status, request.repeatable) {
        false => Error::fatal(message),
        true => match pause(&parts.headers) {
            Some(pause) => Error::retry_after(message, pause),
            None => Error::retryable(message),
        },
    })
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
