//! What a form sent.

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::error::{Error, ErrorKind};
use crate::web::Site;
use crate::web::answer::{Section, Visit};

/// The fields of a form that is one of ours.
#[derive(Debug, Default)]
pub(in crate::web) struct Posted(pub Vec<(String, String)>);

impl Posted {
    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value of a field, unless there is nothing in it.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// A box is ticked.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

impl FromRequest<Site> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(visit) = Visit::from_request_parts(&mut parts, site).await;
        let path = parts.uri.path().to_owned();
        let request = Request::from_parts(parts, body);
        let fields = Form::<Vec<(String, String)>>::from_request(request, site).await;
        let Form(fields) = fields.map_err(IntoResponse::into_response)?;
        let posted = Self(fields);
        if posted.get("token") == Some(&site.inner.token) {
            return Ok(posted);
        }
        let error = Error::new(
            ErrorKind::Input,
            "the page with this form is older than the program that answers; nothing was done",
        )
        .hint("go back, load the page again, and send the form once more");
        let section = Section::of(&path);
        Err(site.refusal(&visit, section, StatusCode::FORBIDDEN, &error))
    }
}
