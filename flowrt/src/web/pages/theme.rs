//! Light or dark, as a person likes it: kept by the browser.

use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse, Response};

use super::posted::Posted;
use crate::web::answer::go_to;

pub(super) async fn choose(posted: Posted) -> Response {
    let cookie = match posted.get("theme") {
        Some("light") => "theme=light; Path=/; Max-Age=31536000; SameSite=Lax",
        Some("dark") => "theme=dark; Path=/; Max-Age=31536000; SameSite=Lax",
        _ => "theme=; Path=/; Max-Age=0; SameSite=Lax",
    };
    // Only to a page of ours: `//host` would be another site.
    let back = posted.get("back").filter(|back| {
        let mut bytes = back.bytes();
        bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'))
    });
    (
        AppendHeaders([(header::SET_COOKIE, cookie)]),
        go_to(back.unwrap_or("/")),
    )
        .into_response()
}
