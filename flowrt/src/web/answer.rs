//! Pages as answers: the frame around them, what went wrong, and where to go after a form.

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::Site;
use super::moment::Moment;
use crate::error::{Error, ErrorKind, Result};

/// When whoever found no place may ask again, in seconds.
pub(crate) const AGAIN_SECONDS: &str = "5";

/// The parts of the site, as they stand in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// What is under way, failed, late and next.
    Overview,
    /// Runs.
    Runs,
    /// Flows.
    Flows,
    /// Flows with parameters and schedules, written beside the code.
    Deployments,
    /// What starts by itself, and when.
    Schedules,
    /// Limits.
    Limits,
    /// Who takes runs from queues.
    Workers,
    /// Who is told of runs that fail, and what was.
    Notices,
}

const SECTIONS: &[(Section, &str, &str)] = &[
    (Section::Overview, "Overview", "/"),
    (Section::Runs, "Runs", "/runs"),
    (Section::Flows, "Flows", "/flows"),
    (Section::Deployments, "Deployments", "/deployments"),
    (Section::Schedules, "Schedules", "/schedules"),
    (Section::Limits, "Limits", "/limits"),
    (Section::Workers, "Workers", "/workers"),
    (Section::Notices, "Notices", "/notices"),
];

impl Section {
    /// The part to which an address belongs.
    pub fn of(path: &str) -> Self {
        let begins = |address: &str| {
            let rest = path.strip_prefix(address);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = SECTIONS.iter().find(|(_, _, address)| begins(address));
        found.map_or(Self::Overview, |(section, ..)| *section)
    }
}

/// Who looks, and how.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    /// `light` or `dark`, if the person chose one.
    pub theme: Option<&'static str>,
    /// The script asks for what changes.
    pub is_live: bool,
    /// The address, with its query.
    pub address: String,
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let accepts = text(&parts.headers, &header::ACCEPT);
        Ok(Self {
            theme: theme_of(text(&parts.headers, &header::COOKIE)),
            is_live: accepts.starts_with("text/event-stream"),
            address: parts
                .uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// The theme in a cookie header.
fn theme_of(cookies: &str) -> Option<&'static str> {
    cookies.split(';').find_map(|cookie| match cookie.trim() {
        "theme=light" => Some("light"),
        "theme=dark" => Some("dark"),
        _ => None,
    })
}

/// A page without its frame.
#[derive(Debug)]
pub(super) struct Shown {
    /// What the browser's tab says.
    pub title: String,
    /// What is marked in the navigation.
    pub section: Section,
    /// The HTML of the main part.
    pub body: String,
    /// What is in it can change by itself.
    pub changes: bool,
}

impl Shown {
    /// A page of a template.
    pub fn new(section: Section, title: impl Into<String>, template: &impl Template) -> Self {
        Self {
            title: title.into(),
            section,
            body: rendered(template),
            changes: true,
        }
    }

    /// The same, and it stays as it is.
    pub fn fixed(mut self) -> Self {
        self.changes = false;
        self
    }
}

/// A template as HTML.
pub(super) fn rendered(template: &impl Template) -> String {
    let rendered = template.render();
    rendered.expect("a template writes strings into a string, which does not fail")
}

#[derive(Template)]
#[template(path = "frame.html")]
struct Frame<'a> {
    title: &'a str,
    program: &'a str,
    section: Section,
    theme: Option<&'static str>,
    address: &'a str,
    token: &'a str,
    body: &'a str,
    changes: bool,
    zone: String,
}

impl Frame<'_> {
    fn sections(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let own = self.section;
        SECTIONS
            .iter()
            .map(move |(section, name, address)| (*name, *address, *section == own))
    }
}

impl Site {
    /// The page in its frame.
    pub fn page(&self, visit: &Visit, shown: &Shown) -> Response {
        self.framed(visit, shown, StatusCode::OK)
    }

    /// The page in its frame, with a status.
    pub fn framed(&self, visit: &Visit, shown: &Shown, status: StatusCode) -> Response {
        let frame = Frame {
            title: &shown.title,
            program: &self.inner.program,
            section: shown.section,
            theme: visit.theme,
            address: &visit.address,
            token: &self.inner.token,
            body: &shown.body,
            changes: shown.changes,
            zone: Moment::now(&self.engine).zone_name(),
        };
        (status, Html(rendered(&frame))).into_response()
    }

    /// What was made, or what went wrong.
    pub fn answer(&self, visit: &Visit, section: Section, made: Result<Response>) -> Response {
        made.unwrap_or_else(|error| self.trouble(visit, section, &error))
    }

    /// What went wrong, as a page.
    pub fn trouble(&self, visit: &Visit, section: Section, error: &Error) -> Response {
        let status = match error.kind() {
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Input | ErrorKind::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        self.refusal(visit, section, status, error)
    }

    /// What went wrong, as a page with that status.
    pub fn refusal(
        &self,
        visit: &Visit,
        section: Section,
        status: StatusCode,
        error: &Error,
    ) -> Response {
        let title = match status {
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::SERVICE_UNAVAILABLE => "Too much at once",
            status if status.is_client_error() => "That does not work",
            _ => "Something went wrong",
        };
        let shown = Shown::new(section, title, &Trouble { title, error }).fixed();
        let mut response = self.framed(visit, &shown, status);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = HeaderValue::from_static(AGAIN_SECONDS);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble<'a> {
    title: &'a str,
    error: &'a Error,
}

/// After a form: show that page.
pub(super) fn go_to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// The answer where no page is.
pub(super) async fn no_such_page(State(site): State<Site>, visit: Visit) -> Response {
    let error = Error::new(
        ErrorKind::NotFound,
        format!("there is no page {}", visit.address),
    );
    site.trouble(&visit, Section::Overview, &error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_a_part() {
        for (address, section) in [
            ("/", Section::Overview),
            ("/nowhere", Section::Overview),
            ("/runs", Section::Runs),
            ("/runs/calm-otter/cancel", Section::Runs),
            ("/runsome", Section::Overview),
            ("/limits/api", Section::Limits),
        ] {
            assert_eq!(Section::of(address), section, "{address}");
        }
    }

    #[test]
    fn a_theme_is_found_among_cookies() {
        assert_eq!(theme_of("a=b; theme=dark"), Some("dark"));
        assert_eq!(theme_of("theme=light"), Some("light"));
        assert_eq!(theme_of("theme=loud; other=theme=dark"), None);
        assert_eq!(theme_of(""), None);
    }
}
