//! A page that stays fresh: the script asks for the same address as a stream of events, and gets those parts of the page that
//! have changed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

use super::answer::{Section, Shown, Visit};
use super::{Place, Site};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::mask;

/// How long changes are gathered before the page is made again.
const GATHER: Duration = Duration::from_millis(200);

/// How often the page is made again though nothing was heard: other processes write to the store too.
const LOOK: Duration = Duration::from_secs(2);

/// How long a browser waits before it asks again after it lost the stream.
const AGAIN: Duration = Duration::from_secs(2);

/// A stream with nothing to say says so, lest somebody in between closes it.
const KEEP: Duration = Duration::from_secs(15);

/// The page, or where the script asks for it, what changes in it.
pub(super) async fn page<Make, Made>(
    site: Site,
    visit: Visit,
    section: Section,
    make: Make,
) -> Response
where
    Make: Fn(Site) -> Made + Send + 'static,
    Made: Future<Output = Result<Shown>> + Send,
{
    if visit.is_live {
        return match site.inner.streams.place() {
            Some(place) => follow(site, make, place),
            None => site.refusal(&visit, section, StatusCode::SERVICE_UNAVAILABLE, &full()),
        };
    }
    let made = make(site.clone()).await;
    let made = made.map(|shown| site.page(&visit, &shown));
    site.answer(&visit, section, made)
}

struct Following<Make> {
    site: Site,
    make: Make,
    bell: watch::Receiver<u64>,
    ending: watch::Receiver<bool>,
    /// What the browser has: a digest of each part.
    known: HashMap<String, blake3::Hash>,
    has_begun: bool,
}

/// The page itself can be had, only not what changes in it.
fn full() -> Error {
    Error::new(ErrorKind::Full, "as many pages are followed as may be")
        .hint("load the page again to see what has changed")
}

fn follow<Make, Made>(site: Site, make: Make, place: Place) -> Response
where
    Make: Fn(Site) -> Made + Send + 'static,
    Made: Future<Output = Result<Shown>> + Send,
{
    let following = Following {
        bell: site.inner.watching.bell(),
        ending: site.inner.ending.clone(),
        site,
        make,
        known: HashMap::new(),
        has_begun: false,
    };
    let events = stream::unfold(following, |mut following| async {
        let mut ending = following.ending.clone();
        let event = tokio::select! {
            event = following.next() => event?,
            _ = ending.wait_for(|ending| *ending) => return None,
        };
        Some((Ok::<_, Infallible>(event), following))
    });
    let alive = KeepAlive::new().interval(KEEP);
    Sse::new(place.hold(events))
        .keep_alive(alive)
        .into_response()
}

impl<Make, Made> Following<Make>
where
    Make: Fn(Site) -> Made,
    Made: Future<Output = Result<Shown>>,
{
    /// The next parts that are not as the browser has them. Ends if the page cannot be made any more, or the engine is gone.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.has_begun {
                if let Ok(Err(_)) = timeout(LOOK, self.bell.changed()).await {
                    return None;
                }
                Clock::real().sleep(GATHER).await;
            }
            self.has_begun = true;
            self.bell.mark_unchanged();
            let shown = (self.make)(self.site.clone()).await.ok()?;
            let mut changed = serde_json::Map::new();
            for (name, html) in parts(&shown.body) {
                let digest = blake3::hash(html.as_bytes());
                if self.known.insert(name.to_owned(), digest) != Some(digest) {
                    changed.insert(name.to_owned(), html.into());
                }
            }
            if changed.is_empty() {
                continue;
            }
            let data = json!({ "title": mask::text(&shown.title), "parts": changed });
            return Some(Event::default().retry(AGAIN).data(data.to_string()));
        }
    }
}

/// The parts of a page that change: what stands between `<!--live NAME-->` and `<!--/live-->`.
fn parts(mut html: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    while let Some((_, rest)) = html.split_once("<!--live ") {
        let Some((name, rest)) = rest.split_once("-->") else {
            break;
        };
        let Some((part, rest)) = rest.split_once("<!--/live-->") else {
            break;
        };
        found.push((name, part));
        html = rest;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_page_are_found() {
        let html = "<p><!--live a-->1<!--/live--></p>x<!--live b-->2<!--/live-->";
        assert_eq!(parts(html), [("a", "1"), ("b", "2")]);
        assert_eq!(parts("<!--live a-->without an end"), []);
    }
}
