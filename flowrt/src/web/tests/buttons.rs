//! Buttons of deployments, schedules and limits, and the bytes of what a run has published.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt;

use super::pages::Visitor;
use crate::prelude::*;

limit!(WEB_SHOP, 2);

const PAGE: &str = "<script>alert(1)</script>";

#[task(limit = WEB_SHOP)]
fn publish_page(ctx: &TaskContext) -> Result<u32> {
    ctx.artifact("report", Artifact::file("a b.html", PAGE))?;
    ctx.artifact("note", Artifact::markdown("as text"))?;
    Ok(1)
}

#[flow]
fn web_publishes() -> Result<u32> {
    publish_page()
}

const FILE: &str = "\
deployments:
- name: nightly
  flow_name: web_measure
  parameters: { word: heron }
  schedules:
  - { cron: 0 3 * * *, timezone: UTC, slug: early }
  - { cron: 0 22 * * *, timezone: UTC, slug: late }
- name: by-hand
  flow_name: web_measure
";

async fn visitor() -> Visitor {
    let visitor = Visitor::new().await;
    visitor.deploy(FILE).await;
    visitor
}

/// The row of a table that holds these words.
fn row(page: &str, words: &str) -> String {
    let rows = page.split("<tr").filter(|row| row.contains(words));
    let rows: Vec<&str> = rows.collect();
    assert_eq!(rows.len(), 1, "rows with {words} in {page}");
    rows[0].split("</tr>").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_deployment_is_paused_and_goes_on() {
    let visitor = visitor().await;
    let page = visitor.page("/deployments").await;
    let nightly = row(&page, "/deployments/nightly\"");
    assert!(nightly.contains("</svg>fires</span>"), "{nightly}");
    let by_hand = row(&page, "/deployments/by-hand\"");
    assert!(by_hand.contains("</svg>by hand</span>"), "{by_hand}");
    assert!(!by_hand.contains("Pause"), "{by_hand}");
    for (on, list, back, shown) in [
        ("false", true, "/deployments", "paused"),
        ("true", false, "/deployments/nightly", "fires"),
        ("false", false, "/deployments/nightly", "paused"),
    ] {
        let mut fields = vec![("on", on)];
        fields.extend(list.then_some(("list", "1")));
        let sent = visitor.post("/deployments/nightly/switch", &fields).await;
        assert_eq!(
            (sent.0, &*sent.1),
            (StatusCode::SEE_OTHER, back),
            "{sent:?}"
        );
        let page = visitor.page("/deployments").await;
        let nightly = row(&page, "/deployments/nightly\"");
        let shown = format!("</svg>{shown}</span>");
        assert!(nightly.contains(&shown), "{nightly}");
    }
    let fires = visitor.engine.upcoming(None, 5).await.unwrap();
    assert_eq!(fires.len(), 0, "what is paused does not start");
    let sent = visitor.post("/deployments/nobody/switch", &[("on", "true")]);
    assert_eq!(sent.await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_deployment_is_run_as_it_is_and_with_other_parameters() {
    let visitor = visitor().await;
    for (fields, word, result) in [
        (&[("quick", "1")][..], "heron", "5"),
        (&[("p.word", "ox"), ("p.times", "1")][..], "ox", "2"),
    ] {
        let sent = visitor.post("/deployments/nightly/run", fields).await;
        assert_eq!(sent.0, StatusCode::SEE_OTHER, "{sent:?}");
        let name = sent.1.strip_prefix("/runs/").unwrap();
        visitor.until(name, |state| state.is_final()).await;
        let page = visitor.page(&sent.1).await;
        let shown = format!("<dt>word</dt><dd>{word}</dd>");
        assert!(page.contains(&shown), "{page}");
        let shown = format!("<pre class=\"value\">{result}</pre>");
        assert!(page.contains(&shown), "{page}");
        let record = visitor.engine.find(name).await.unwrap();
        assert_eq!(record.dispatch.deployment.as_deref(), Some("nightly"));
    }
    let wrong = [("p.word", "ox"), ("p.times", "many")];
    let sent = visitor.post("/deployments/nightly/run", &wrong).await;
    assert_eq!(sent.0, StatusCode::UNPROCESSABLE_ENTITY, "{sent:?}");
    assert!(sent.2.contains("value=\"many\""), "what was typed stays");
    let runs = visitor.engine.runs(Default::default()).await.unwrap();
    assert_eq!(runs.len(), 2, "what is wrong starts nothing");
}

#[tokio::test]
async fn one_of_two_schedules_is_paused_and_goes_on() {
    let visitor = visitor().await;
    let coming = async || {
        let all = visitor.engine.upcoming(None, 4).await.unwrap();
        let mut slugs: Vec<_> = all.into_iter().map(|start| start.slug).collect();
        slugs.sort();
        slugs.dedup();
        slugs
    };
    assert_eq!(coming().await, ["early", "late"]);
    for (on, shown, slugs) in [
        ("false", true, &["late"][..]),
        ("true", false, &["early", "late"][..]),
    ] {
        let fields = [("deployment", "nightly"), ("slug", "early"), ("on", on)];
        let sent = visitor.post("/schedules", &fields).await;
        assert_eq!((sent.0, &*sent.1), (StatusCode::SEE_OTHER, "/schedules"));
        let page = visitor.page("/schedules").await;
        let early = row(&page, "aria-label=\"Pause nightly late\"");
        assert!(!early.contains("paused"), "{early}");
        let verb = if shown { "Resume" } else { "Pause" };
        let early = row(&page, &format!("aria-label=\"{verb} nightly early\""));
        assert_eq!(early.contains("</svg>paused</span>"), shown, "{early}");
        assert_eq!(coming().await, slugs);
    }
    let fields = [("deployment", "nightly"), ("slug", "never"), ("on", "true")];
    let sent = visitor.post("/schedules", &fields).await;
    assert!(sent.0.is_client_error(), "{sent:?}");
}

#[tokio::test]
async fn a_limit_is_set_and_goes_back_to_what_the_program_says() {
    let visitor = visitor().await;
    let limit = async || {
        let page = visitor.page("/limits").await;
        let (_, card) = page.split_once("aria-label=\"WEB_SHOP\"").unwrap();
        card.split("</section>").next().unwrap().to_owned()
    };
    let before = limit().await;
    assert!(!before.contains("the program says"), "{before}");
    let set = async |amount| {
        let fields = [("amount", amount)];
        visitor.post("/limits/WEB_SHOP", &fields).await
    };
    let sent = set("7").await;
    assert_eq!((sent.0, &*sent.1), (StatusCode::SEE_OTHER, "/limits"));
    let card = limit().await;
    assert!(card.contains("the program says 2"), "{card}");
    assert!(card.contains("<span class=\"rule\">7"), "{card}");
    let sent = set("very many").await;
    assert_eq!(sent.0, StatusCode::UNPROCESSABLE_ENTITY, "{sent:?}");
    assert_eq!(limit().await, card, "what cannot be read changes nothing");
    assert_eq!(set("").await.0, StatusCode::SEE_OTHER);
    assert_eq!(limit().await, before);
    let sent = visitor.post("/limits/NO_SUCH", &[("amount", "1")]).await;
    assert!(sent.0.is_client_error(), "{sent:?}");
}

#[tokio::test]
async fn a_notice_that_is_not_there_is_not_tested() {
    let visitor = visitor().await;
    let sent = visitor.post("/notices/team/test", &[]).await;
    assert!(sent.0.is_client_error(), "{sent:?}");
    assert!(sent.2.contains("nobody is to be told"), "{sent:?}");
}

#[tokio::test]
async fn a_file_is_given_as_it_is_and_apart_from_this_site() {
    let visitor = visitor().await;
    let name = visitor.run("web_publishes", &[]).await;
    let page = visitor.page(&format!("/runs/{name}")).await;
    let (_, rest) = page
        .split_once(&format!("\"/runs/{name}/artifact?"))
        .unwrap();
    let query = rest.split('"').next().unwrap().replace("&#38;", "&");
    let asked = format!("/runs/{name}/artifact?{query}");
    let asked = Request::get(&asked).body(Body::empty()).unwrap();
    let answer = visitor.site.clone().oneshot(asked).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let told = |name| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(told(header::CONTENT_TYPE), "text/html; charset=utf-8");
    let policy = told(header::CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("sandbox;"), "{policy}");
    assert!(!policy.contains("script"), "{policy}");
    let named = told(header::CONTENT_DISPOSITION);
    assert_eq!(named, "inline; filename*=UTF-8''a%20b.html");
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    assert_eq!(bytes, PAGE);
    for none in [
        "key=report&version=2",
        "key=note&version=1",
        "key=x&version=1",
    ] {
        let (status, page) = visitor.get(&format!("/runs/{name}/artifact?{none}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{none}: {page}");
    }
}
