//! Where an answer points to, and whether it is asked there.

use flowrt::{Error, Result};
use ureq::http::{HeaderMap, Uri};

use super::{Request, bare};

/// How many answers may point elsewhere.
pub(super) const AT_MOST: u32 = 10;

/// One place that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hop {
    pub(super) url: Uri,
    /// Still at the host that the request was written for. Once it has been left, a way back is not trusted either: another
    /// host chose it.
    pub(super) is_home: bool,
}

impl Hop {
    /// The place that the request names.
    pub(super) fn first(request: &Request) -> Result<Self> {
        let hint = "an address begins with http:// or https://, and a host follows";
        let wrong = |why: &dyn std::fmt::Display| {
            Error::fatal(format!("{} is no request: {why}", request.shown())).or_try(hint)
        };
        let url: Uri = request.url.parse().map_err(|error| wrong(&error))?;
        if origin(&url).is_none() {
            return Err(wrong(&"that is no address of a server"));
        }
        Ok(Self { url, is_home: true })
    }

    /// Where to ask next; none if the answer is what there is.
    ///
    /// # Errors
    /// If it points to where this request must not go.
    pub(super) fn next(
        &self,
        request: &Request,
        status: u16,
        headers: &HeaderMap,
    ) -> Result<Option<Self>> {
        let place = headers.get("location").filter(|_| is_pointing(status));
        let Some(place) = place else {
            return Ok(None);
        };
        if request.fine.contains(&status) {
            return Ok(None);
        }
        let url = place
            .to_str()
            .ok()
            .and_then(|place| resolve(&self.url, place));
        let Some(url) = url else {
            return Err(Error::fatal(format!(
                "{} was answered by {status}, which points to what is no address",
                request.shown()
            ))
            .or_try("ask the server's people what it means"));
        };
        let is_home = self.is_home && origin(&url) == origin(&self.url);
        let only_reads = matches!(request.method.as_str(), "GET" | "HEAD");
        if only_reads || (matches!(status, 307 | 308) && is_home) {
            return Ok(Some(Self { url, is_home }));
        }
        let to = bare(&url.to_string());
        Err(Error::fatal(format!(
            "{} was answered by {status}, which points to {to}; {}",
            request.shown(),
            match status {
                307 | 308 => "it is not sent to another host",
                _ => "to follow would make a GET of it",
            }
        ))
        .or_try(format!(
            "if that is where it belongs, ask {to} in the first place; if the answer itself is what you want, say `.fine([{status}])`"
        )))
    }
}

/// Every answer pointed elsewhere.
pub(super) fn too_many(request: &Request) -> Error {
    Error::fatal(format!(
        "{} was pointed elsewhere more than {AT_MOST} times",
        request.shown()
    ))
    .or_try("the server sends it around in a circle; ask for the address where it should end")
}

/// Whether a header of that name tells nothing about who asks.
pub(super) fn is_for_anybody(header: &str) -> bool {
    ["accept", "accept-language", "range", "user-agent"]
        .iter()
        .any(|name| header.eq_ignore_ascii_case(name))
}

fn is_pointing(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Scheme, host and port; none for what has no server.
fn origin(url: &Uri) -> Option<(&str, String, u16)> {
    let port = match url.scheme_str()? {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let host = url.host()?.to_ascii_lowercase();
    Some((url.scheme_str()?, host, url.port_u16().unwrap_or(port)))
}

/// An address as it stands in the answer of that place: RFC 3986, without its fragment.
fn resolve(base: &Uri, place: &str) -> Option<Uri> {
    let place = place.split('#').next().unwrap_or_default();
    let scheme = base.scheme_str()?;
    let host = base.authority()?.as_str();
    let before = place.find([':', '/', '?']).unwrap_or(place.len());
    let whole = if place[before..].starts_with(':') {
        place.to_owned()
    } else if place.starts_with("//") {
        format!("{scheme}:{place}")
    } else if place.starts_with('/') {
        format!("{scheme}://{host}{place}")
    } else if place.is_empty() || place.starts_with('?') {
        format!("{scheme}://{host}{}{place}", base.path())
    } else {
        let (path, query) = place.split_at(place.find('?').unwrap_or(place.len()));
        let folder = base
            .path()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        format!(
            "{scheme}://{host}{}{query}",
            level(&format!("{folder}/{path}"))
        )
    };
    whole.parse().ok().filter(|url| origin(url).is_some())
}

/// The path without `.` and `..`.
fn level(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if path.ends_with("/..") || path.ends_with("/.") {
        parts.push("");
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_a_browser_reads_them() {
        let base: Uri = "http://shop.example:81/a/b?c=1"
            .parse()
            .expect("an address");
        for (place, whole) in [
            ("https://other.example/x", "https://other.example/x"),
            ("//other.example/x", "http://other.example/x"),
            ("/x?y=//z#w", "http://shop.example:81/x?y=//z"),
            ("x", "http://shop.example:81/a/x"),
            (
                "../x/./y?to=http://z",
                "http://shop.example:81/x/y?to=http://z",
            ),
            ("..", "http://shop.example:81/"),
            ("?d=2", "http://shop.example:81/a/b?d=2"),
        ] {
            let found = resolve(&base, place).map(|url| url.to_string());
            assert_eq!(found.as_deref(), Some(whole), "{place}");
        }
        for bad in ["ftp://x/y", "mailto:x", "http://", "/a b"] {
            assert_eq!(resolve(&base, bad), None, "{bad}");
        }
    }

    #[test]
    fn a_host_is_the_same_with_its_port_and_scheme_only() {
        let same = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|url| url.parse::<Uri>().expect("an address"));
            origin(&one) == origin(&other)
        };
        assert!(same("http://a.example/x", "http://A.example:80/y"));
        assert!(!same("http://a.example", "https://a.example"));
        assert!(!same("http://a.example", "http://a.example:81"));
        assert!(!same("http://a.example", "http://b.example"));
    }
}
