//! What is answered when something is wrong: `application/problem+json` (RFC 9457) with a code that stays.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::mask;
use crate::ops::params::Fault;
use crate::web::AGAIN_SECONDS;

/// Kinds of errors, their codes, and the status that goes with them.
const CODES: &[(ErrorKind, &str, StatusCode)] = &[
    (
        ErrorKind::Input,
        "invalid",
        StatusCode::UNPROCESSABLE_ENTITY,
    ),
    (ErrorKind::NotFound, "not_found", StatusCode::NOT_FOUND),
    (
        ErrorKind::Unsupported,
        "unsupported",
        StatusCode::UNPROCESSABLE_ENTITY,
    ),
    (
        ErrorKind::Limit,
        "limit_reached",
        StatusCode::UNPROCESSABLE_ENTITY,
    ),
    (
        ErrorKind::Misuse,
        "misuse",
        StatusCode::UNPROCESSABLE_ENTITY,
    ),
    (ErrorKind::Full, "full", StatusCode::TOO_MANY_REQUESTS),
    (ErrorKind::LeaseLost, "taken", StatusCode::CONFLICT),
    (ErrorKind::Cancelled, "cancelled", StatusCode::CONFLICT),
    (ErrorKind::Stopped, "stopped", StatusCode::CONFLICT),
    (ErrorKind::Diverged, "diverged", StatusCode::CONFLICT),
    (
        ErrorKind::Store,
        "store_unavailable",
        StatusCode::SERVICE_UNAVAILABLE,
    ),
];

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Problem {
    /// The status of the answer.
    pub(crate) status: u16,
    /// The status in words.
    pub(crate) title: String,
    /// What kind of problem: a word that does not change.
    pub(crate) code: String,
    /// What is wrong.
    pub(crate) detail: String,
    /// The step or the place in the source, where there is one.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    /// What to try.
    #[serde(rename = "try", default, skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// The causes, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<String>,
    /// Everything that is wrong with what was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Wrong>,
}

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Wrong {
    /// Where, such as `parameters.window.days[2]`.
    pub(crate) path: String,
    /// What.
    pub(crate) message: String,
}

impl Problem {
    /// A problem of the request as such.
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Problem").to_owned(),
            code: code.to_owned(),
            detail: detail.into(),
            place: None,
            hint: None,
            causes: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// With what to try.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Faults of what was sent, all at once.
    pub(crate) fn of_faults(what: &str, faults: Vec<Fault>) -> Self {
        let count = faults.len();
        let detail = match faults.first() {
            Some(one) if count == 1 => format!("{what}: {} {}", one.path, one.message),
            _ => format!("{what}: {count} things are wrong; see `errors`"),
        };
        let errors = faults.into_iter().map(|fault| Wrong {
            path: fault.path,
            message: fault.message,
        });
        Self {
            errors: errors.collect(),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
        }
    }

    /// The error that it tells, for a command line that is far away.
    pub(crate) fn into_error(self) -> Error {
        let known = CODES.iter().find(|(_, code, _)| *code == self.code);
        let kind = match known {
            Some((kind, ..)) => *kind,
            None if (400..500).contains(&self.status) => ErrorKind::Input,
            None => ErrorKind::Failed,
        };
        let mut message = self.detail;
        if self.errors.len() > 1 {
            for wrong in &self.errors {
                message.push_str(&format!("\n  {} {}", wrong.path, wrong.message));
            }
        }
        let error = Error::new(kind, message);
        let error = self.causes.into_iter().fold(error, Error::also);
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let error = error.masked();
        let known = CODES.iter().find(|(kind, ..)| *kind == error.kind());
        let (code, status) = known.map_or(
            ("internal", StatusCode::INTERNAL_SERVER_ERROR),
            |(_, code, status)| (*code, *status),
        );
        Self {
            place: error.task().or(error.location()).map(str::to_owned),
            hint: error.try_this().map(str::to_owned),
            causes: error.chain().map(str::to_owned).collect(),
            ..Self::new(status, code, error.message())
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut value = serde_json::to_value(&self).expect("a problem is text and numbers");
        mask::json(&mut value);
        let mut response = (status, value.to_string()).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = HeaderValue::from_static(AGAIN_SECONDS);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_comes_back_as_it_went() {
        let error = Error::new(ErrorKind::NotFound, "there is no run `x`").hint("list them");
        let back = Problem::from(error.clone()).into_error();
        assert_eq!(back.kind(), error.kind());
        assert_eq!(back.message(), error.message());
        assert_eq!(back.try_this(), error.try_this());
    }

    #[test]
    fn all_faults_are_told() {
        let fault = |path: &str| Fault {
            path: path.to_owned(),
            message: "is missing".to_owned(),
        };
        let problem = Problem::of_faults("the body", vec![fault("a"), fault("b")]);
        assert_eq!((problem.status, problem.errors.len()), (422, 2));
        let error = problem.into_error();
        assert!(error.message().contains("  b is missing"), "{error}");
    }
}
