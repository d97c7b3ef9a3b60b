//! A form is one of ours, or nothing is done; what it asks for is carried out whole, also when the browser leaves in the
//! middle, and a mistake is a page too. This stands before every page, so that no handler has to think of it.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::Site;
use super::answer::{Section, Visit};
use super::pages::posted::Posted;
use super::whole::{Unfinished, in_time, made, whole};
use crate::error::{Error, ErrorKind};

/// The largest form that is read, in bytes.
const FORM_BYTES_MAX: usize = 2 << 20;

/// Reads the form and answers it in a task of its own; makes the page.
pub(super) async fn acted(
    State(site): State<Site>,
    visit: Visit,
    request: Request,
    next: Next,
) -> Response {
    let section = Section::of(request.uri().path());
    let answered = if request.method().is_safe() {
        made(next.run(request)).await
    } else {
        let (parts, body) = request.into_parts();
        let bytes = match read(body).await {
            Ok(bytes) => bytes,
            Err((status, error)) => return site.refusal(&visit, section, status, &error),
        };
        let request = |parts, bytes| Request::from_parts(parts, Body::from(bytes));
        if let Err(refusal) =
            Posted::from_request(request(parts.clone(), bytes.clone()), &site).await
        {
            return refusal;
        }
        let request: Request = request(parts, bytes);
        whole(next.run(request)).await
    };
    answered.unwrap_or_else(|unfinished| {
        let (status, error) = why(unfinished);
        site.refusal(&visit, section, status, &error)
    })
}

fn why(unfinished: Unfinished) -> (StatusCode, Error) {
    match unfinished {
        Unfinished::Late => (
            StatusCode::GATEWAY_TIMEOUT,
            Error::new(
                ErrorKind::TimedOut,
                "the answer takes too long; what a form asked for goes on",
            )
            .hint("load the page again in a while"),
        ),
        Unfinished::Panicked => (
            StatusCode::INTERNAL_SERVER_ERROR,
            Error::new(ErrorKind::Failed, "the server has made a mistake").hint("its log has more"),
        ),
    }
}

/// The whole form, before anything is done.
async fn read(body: Body) -> Result<Bytes, (StatusCode, Error)> {
    let again = "nothing was done; go back and send the form once more";
    let Ok(read) = in_time(axum::body::to_bytes(body, FORM_BYTES_MAX)).await else {
        let error = Error::new(ErrorKind::TimedOut, "the form did not come in time").hint(again);
        return Err((StatusCode::REQUEST_TIMEOUT, error));
    };
    read.map_err(|_| {
        let message = format!("the form is larger than {FORM_BYTES_MAX} bytes, or broke off");
        let error = Error::new(ErrorKind::Input, message).hint(again);
        (StatusCode::PAYLOAD_TOO_LARGE, error)
    })
}
