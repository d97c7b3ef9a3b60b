//! Every page, every button, and what a person types.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt;

use crate::prelude::*;
use crate::web::{Streams, router};

/// Gives the length of a word.
#[task]
async fn measure(word: String) -> Result<usize> {
    tracing::info!(%word, "measured");
    Ok(word.len())
}

#[task]
async fn refuse(why: String) -> Result<u32> {
    let cause = std::io::Error::other(format!("<b>{why}</b>"));
    Err(crate::Error::from(cause).within("the shop did not answer"))
}

/// Measures a word.
#[flow]
fn web_measure(
    #[arg(default = "otter", help = "what to measure")] word: String,
    #[arg(default = 3)] times: u8,
    #[arg(default = true)] loud: bool,
) -> Result<usize> {
    let _ = { (times, loud) };
    measure(word)
}

#[flow]
fn web_fails(why: String) -> Result<u32> {
    refuse(why)
}

#[flow]
async fn web_asks() -> Result<bool> {
    receive::<bool>("approve").await
}

pub(super) struct Visitor {
    pub(super) site: Router,
    pub(super) engine: Engine,
    _ending: tokio::sync::watch::Sender<bool>,
}

impl Visitor {
    pub(super) async fn new() -> Self {
        let engine = Engine::open("memory:").await.unwrap();
        let worker = engine.clone();
        tokio::spawn(async move {
            let work = worker.work(crate::ops::Work::default(), std::future::pending());
            work.await
        });
        Self::of(engine)
    }

    /// On this engine, and nobody works.
    pub(super) fn of(engine: Engine) -> Self {
        let ending = tokio::sync::watch::Sender::new(false);
        Self {
            site: router(engine.clone(), ending.subscribe(), Streams::new(16)),
            _ending: ending,
            engine,
        }
    }

    /// Deploys what a file says.
    pub(super) async fn deploy(&self, text: &str) {
        let file = crate::ops::DeployFile {
            name: "flowrt.yaml".to_owned(),
            text: text.to_owned(),
        };
        let checked = self.engine.check_deployments(Some(&file)).unwrap();
        let plan = self.engine.plan_deploy(&checked, false).await.unwrap();
        assert!(self.engine.deploy(&plan).await.unwrap());
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, String, String) {
        let response = self.site.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let place = response.headers().get(header::LOCATION);
        let place = place.map_or_else(String::new, |place| place.to_str().unwrap().to_owned());
        let body = to_bytes(response.into_body(), 1 << 22).await.unwrap();
        (status, place, String::from_utf8(body.to_vec()).unwrap())
    }

    pub(super) async fn get(&self, address: &str) -> (StatusCode, String) {
        let request = Request::get(address).body(Body::empty()).unwrap();
        let (status, _, page) = self.ask(request).await;
        (status, page)
    }

    pub(super) async fn page(&self, address: &str) -> String {
        let (status, page) = self.get(address).await;
        assert_eq!(status, StatusCode::OK, "{address}: {page}");
        page
    }

    async fn token(&self) -> String {
        let page = self.page("/flows").await;
        let (_, rest) = page.split_once("name=\"token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    pub(super) async fn post(
        &self,
        address: &str,
        fields: &[(&str, &str)],
    ) -> (StatusCode, String, String) {
        let token = self.token().await;
        let mut form = format!("token={token}");
        for (name, value) in fields {
            form.push_str(&format!(
                "&{name}={}",
                crate::web::pages::links::escaped(value)
            ));
        }
        let request = Request::post(address)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        self.ask(request).await
    }

    /// Starts a flow by its form and waits for its end.
    pub(super) async fn run(&self, flow: &str, fields: &[(&str, &str)]) -> String {
        let (status, place, page) = self.post(&format!("/flows/{flow}"), fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
        let name = place.strip_prefix("/runs/").unwrap().to_owned();
        self.until(&name, |state| state.is_final()).await;
        name
    }

    pub(super) async fn until(
        &self,
        name: &str,
        is_there: impl Fn(crate::model::state::RunState) -> bool,
    ) {
        for _ in 0..3_000 {
            let record = self.engine.find(name).await.unwrap();
            if is_there(record.state) {
                return;
            }
            let pause = std::time::Duration::from_millis(10);
            crate::clock::Clock::real().sleep(pause).await;
        }
        panic!(
            "{name} did not get there: {:?}",
            self.engine.find(name).await
        );
    }
}

#[tokio::test]
async fn a_flow_is_started_by_its_form_and_its_run_is_shown() {
    let visitor = Visitor::new().await;
    assert!(visitor.page("/").await.contains("Nothing has run yet"));
    let form = visitor.page("/flows/web_measure").await;
    assert!(form.contains("what to measure"), "{form}");
    assert!(form.contains("value=\"otter\""), "{form}");
    assert!(form.contains("0 to 255"), "{form}");
    let fields = [("p.word", "heron"), ("p.times", "2"), ("p.loud", "false")];
    let name = visitor.run("web_measure", &fields).await;
    let page = visitor.page(&format!("/runs/{name}")).await;
    for part in [
        "completed",
        "heron",
        "measure",
        "state-completed",
        "<pre class=\"value\">5</pre>",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let step = visitor.page(&format!("/runs/{name}/step?id=measure")).await;
    for part in ["&#34;heron&#34;", "<pre class=\"value\">5</pre>"] {
        assert!(step.contains(part), "no {part} in {step}");
    }
    for address in [
        "/",
        "/runs",
        "/runs?text=web&state=Completed&within=1d",
        "/flows",
    ] {
        let page = visitor.page(address).await;
        assert!(
            page.contains(&name) || address == "/flows",
            "{address}: {page}"
        );
    }
    let none = visitor.page("/runs?state=failed").await;
    assert!(none.contains("No run is like that"), "{none}");
    visitor.page(&format!("/runs/{name}/logs")).await;
    visitor.page("/limits").await;
    let nobody = visitor.page("/notices").await;
    assert!(nobody.contains("Nobody is told"), "{nobody}");
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays() {
    let visitor = Visitor::new().await;
    let fields = [
        ("p.word", "a \"word\""),
        ("p.times", "many"),
        ("run_name", "two words"),
    ];
    let (status, _, page) = visitor.post("/flows/web_measure", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("expects a whole number, got &#34;many&#34;"),
        "{page}"
    );
    assert!(page.contains("value=\"many\""), "{page}");
    assert!(page.contains("value=\"a &#34;word&#34;\""), "{page}");
    assert!(page.contains("it holds a space"), "{page}");
    assert_eq!(visitor.engine.runs(Default::default()).await.unwrap(), []);
    let (status, _, page) = visitor.post("/flows/web_fails", &[("p.why", "")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("is missing: it expects text"), "{page}");
}

#[tokio::test]
async fn a_failure_begins_with_its_root_cause_and_is_resumed_after_its_plan() {
    let visitor = Visitor::new().await;
    let name = visitor.run("web_fails", &[("p.why", "closed")]).await;
    let page = visitor.page(&format!("/runs/{name}")).await;
    let cause = page
        .find("&#60;b&#62;closed&#60;/b&#62;")
        .expect("the cause");
    let around = page
        .find("so: the shop did not answer")
        .expect("what it made fail");
    assert!(cause < around);
    assert!(!page.contains("<b>closed"), "what a task says is text");
    let plan = visitor.page(&format!("/runs/{name}/resume")).await;
    assert!(plan.contains("Resuming it will"), "{plan}");
    let line = "<td>run</td><td class=\"c-name\"><code>refuse</code></td><td>failed</td>";
    assert!(plan.contains(line), "{plan}");
    let (status, place, _) = visitor.post(&format!("/runs/{name}/resume"), &[]).await;
    assert_eq!(
        (status, place.as_str()),
        (StatusCode::SEE_OTHER, &*format!("/runs/{name}"))
    );
    visitor.until(&name, |state| state.is_final()).await;
    let (status, place, _) = visitor.post(&format!("/runs/{name}/rerun"), &[]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let again = place.strip_prefix("/runs/").unwrap().to_owned();
    visitor.until(&again, |state| state.is_final()).await;
    assert!(visitor.page(&place).await.contains("rerun of"));
    let (status, place, _) = visitor.post(&format!("/runs/{name}/delete"), &[]).await;
    assert_eq!((status, place.as_str()), (StatusCode::SEE_OTHER, "/runs"));
    assert_eq!(
        visitor.get(&format!("/runs/{name}")).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn who_waits_says_why_and_is_answered_or_cancelled() {
    let visitor = Visitor::new().await;
    let start = async || {
        let (_, place, _) = visitor.post("/flows/web_asks", &[]).await;
        let name = place.strip_prefix("/runs/").unwrap().to_owned();
        let waiting = |state| state == crate::model::state::RunState::Waiting;
        visitor.until(&name, waiting).await;
        name
    };
    let name = start().await;
    let page = visitor.page(&format!("/runs/{name}")).await;
    assert!(
        page.contains("waits for the signal <code>approve</code>"),
        "{page}"
    );
    let send = format!("/runs/{name}/signal");
    let (status, _, page) = visitor
        .post(&send, &[("signal", "approve"), ("value", "perhaps")])
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    let (status, ..) = visitor
        .post(&send, &[("signal", "approve"), ("value", "true")])
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    visitor.until(&name, |state| state.is_final()).await;
    let other = start().await;
    let (status, ..) = visitor.post(&format!("/runs/{other}/cancel"), &[]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    visitor.until(&other, |state| state.is_final()).await;
    assert!(
        visitor
            .page(&format!("/runs/{other}"))
            .await
            .contains("cancelled")
    );
}

#[tokio::test]
async fn a_form_without_its_token_does_nothing() {
    let visitor = Visitor::new().await;
    let form = |address: &str| {
        Request::post(address)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("token=x"))
            .unwrap()
    };
    // One whose handler reads nothing of the form, too.
    for address in ["/flows/web_measure", "/notices/nobody/test"] {
        let (status, _, page) = visitor.ask(form(address)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{address}: {page}");
    }
    assert_eq!(visitor.engine.runs(Default::default()).await.unwrap(), []);
}

#[tokio::test]
async fn nothing_is_loaded_from_elsewhere_and_assets_never_change() {
    let visitor = Visitor::new().await;
    let page = visitor.page("/flows/web_measure").await;
    for mark in ["src=\"", "href=\"", "action=\""] {
        for rest in page.split(mark).skip(1) {
            assert!(
                rest.starts_with(['/', '#']),
                "{mark}{}",
                &rest[..40.min(rest.len())]
            );
        }
    }
    assert!(!page.contains("style=\""), "the policy forbids it");
    let style = crate::web::assets::style();
    let response = Request::get(style).body(Body::empty()).unwrap();
    let response = visitor.site.clone().oneshot(response).await.unwrap();
    let kept = response.headers()[header::CACHE_CONTROL].to_str().unwrap();
    assert!(kept.contains("immutable"), "{kept}");
    assert_eq!(
        visitor.get("/static/000000000000/page.css").await.0,
        StatusCode::NOT_FOUND
    );
    let (status, page) = visitor.get("/nowhere").await;
    assert!(status == StatusCode::NOT_FOUND && page.contains("there is no page /nowhere"));
}

#[tokio::test]
async fn a_theme_is_kept_and_leads_back_to_a_page_of_ours_only() {
    let visitor = Visitor::new().await;
    for (back, expected) in [
        ("/runs?text=a", "/runs?text=a"),
        ("//evil.example", "/"),
        ("https://x", "/"),
    ] {
        let (_, place, _) = visitor
            .post("/theme", &[("theme", "dark"), ("back", back)])
            .await;
        assert_eq!(place, expected);
    }
    let dark = Request::get("/").header(header::COOKIE, "theme=dark");
    let (_, _, page) = visitor.ask(dark.body(Body::empty()).unwrap()).await;
    assert!(
        page.contains("<html lang=\"en\" data-theme=\"dark\">"),
        "{page}"
    );
}

#[tokio::test]
async fn the_stream_sends_the_parts_that_change() {
    use futures_util::StreamExt as _;

    let visitor = Visitor::new().await;
    let live = Request::get("/runs").header(header::ACCEPT, "text/event-stream");
    let response = visitor
        .site
        .clone()
        .oneshot(live.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let mut stream = response.into_body().into_data_stream();
    let mut next = async || {
        let part = tokio::time::timeout(std::time::Duration::from_secs(60), stream.next());
        let part = part.await.expect("something comes").unwrap().unwrap();
        String::from_utf8(part.to_vec()).unwrap()
    };
    let first = next().await;
    assert!(
        first.contains("\"rows\"") && first.contains("Nothing has run yet"),
        "{first}"
    );
    let name = visitor.run("web_measure", &[]).await;
    let mut seen = String::new();
    while !(seen.contains(&name) && seen.contains("</svg>completed")) {
        seen = next().await;
    }
}
