//! Forms are carried out whole or not at all, and whatever goes wrong is a page.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::sync::{Notify, watch};
use tower::ServiceExt;

use crate::prelude::*;
use crate::web::whole::AT_MOST;
use crate::web::{Inner, Site, Streams, guarded, watching::Watching};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

async fn site() -> Site {
    let engine = Engine::open("memory:").await.unwrap();
    let inner = Inner {
        program: "test".to_owned(),
        token: "t".to_owned(),
        watching: Watching::begin(engine.all_events()),
        ending: watch::Sender::new(false).subscribe(),
        streams: Streams::new(1),
    };
    Site {
        engine,
        inner: Arc::new(inner),
    }
}

/// Pages of a handler that does that, with all that stands before ours.
async fn pages(handler: axum::routing::MethodRouter<Site>) -> Router {
    guarded(Router::new().route("/runs/x", handler), site().await)
}

async fn text(response: Response) -> String {
    let body = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

fn form(body: Body) -> Request<Body> {
    Request::post("/runs/x")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn a_form_whose_browser_has_gone_is_carried_out_to_its_end() {
    let (begun, go, done) = <(Arc<Notify>, Arc<Notify>, Arc<Notify>)>::default();
    let pages = pages(post({
        let (begun, go, done) = (begun.clone(), go.clone(), done.clone());
        async move || {
            begun.notify_one();
            go.notified().await;
            done.notify_one();
        }
    }));
    let mut answer = Box::pin(pages.await.oneshot(form(Body::from("token=t"))));
    tokio::select! {
        _ = &mut answer => panic!("it waits for a word"),
        () = begun.notified() => {}
    }
    drop(answer);
    go.notify_one();
    let ended = tokio::time::timeout(PATIENCE, done.notified()).await;
    ended.expect("what was begun is done");
}

#[tokio::test]
async fn a_page_that_nobody_waits_for_any_more_is_not_made_to_its_end() {
    struct Ended(Arc<Notify>);
    impl Drop for Ended {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (begun, ended) = <(Arc<Notify>, Arc<Notify>)>::default();
    let pages = pages(get({
        let (begun, ended) = (begun.clone(), ended.clone());
        async move || {
            let _ended = Ended(ended);
            begun.notify_one();
            std::future::pending::<()>().await;
        }
    }));
    let asked = Request::get("/runs/x").body(Body::empty()).unwrap();
    let mut answer = Box::pin(pages.await.oneshot(asked));
    tokio::select! {
        _ = &mut answer => panic!("it never ends"),
        () = begun.notified() => {}
    }
    drop(answer);
    let ended = tokio::time::timeout(PATIENCE, ended.notified()).await;
    ended.expect("it was given up");
}

#[tokio::test]
async fn a_panic_is_a_page() {
    async fn panics() {
        panic!("on purpose");
    }
    let pages = pages(get(panics).post(panics)).await;
    for asked in [
        Request::get("/runs/x").body(Body::empty()).unwrap(),
        form(Body::from("token=t")),
    ] {
        let method = asked.method().clone();
        let answer = pages.clone().oneshot(asked).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let page = text(answer).await;
        assert!(
            page.contains("the server has made a mistake"),
            "{method}: {page}"
        );
        assert!(
            page.contains("<a href=\"/runs\" aria-current=\"page\">"),
            "{method}: {page}"
        );
        assert!(!page.contains("on purpose"), "{method}: {page}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_that_does_not_come_does_nothing() {
    let done = Arc::new(Notify::new());
    let pages = pages(post({
        let done = done.clone();
        async move || done.notify_one()
    }));
    let begins = futures_util::stream::once(async {
        Ok::<_, std::convert::Infallible>(Bytes::from_static(b"token=t&a="))
    });
    let never = futures_util::stream::pending();
    let body = Body::from_stream(futures_util::StreamExt::chain(begins, never));
    let answer = pages.await.oneshot(form(body)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    let page = text(answer).await;
    assert!(page.contains("the form did not come in time"), "{page}");
    let later = tokio::time::timeout(AT_MOST, done.notified()).await;
    assert!(later.is_err(), "nothing was done");
}

async fn never() {
    panic!("it is not called");
}

#[tokio::test]
async fn a_form_that_is_too_large_does_nothing() {
    let pages = pages(post(never));
    let body = Body::from(vec![b'a'; (2 << 20) + 1]);
    let answer = pages.await.oneshot(form(body)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(text(answer).await.contains("larger than 2097152 bytes"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_late_says_so_and_goes_on() {
    let (go, done) = <(Arc<Notify>, Arc<Notify>)>::default();
    let pages = pages(post({
        let (go, done) = (go.clone(), done.clone());
        async move || {
            go.notified().await;
            done.notify_one();
        }
    }));
    let answer = pages
        .await
        .oneshot(form(Body::from("token=t")))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    assert!(text(answer).await.contains("goes on"));
    go.notify_one();
    let ended = tokio::time::timeout(PATIENCE, done.notified()).await;
    ended.expect("it went on");
}
