//! Backfills and workers on the page.

use axum::http::StatusCode;

use super::pages::Visitor;
use crate::clock::Clock;
use crate::ops::DeployFile;

const FILE: &str = "\
deployments:
- name: nightly
  flow_name: web_measure
  schedule: { cron: 0 3 * * *, timezone: UTC, active: false }
- name: asking
  flow_name: web_asks
  schedule: { cron: 0 4 * * *, timezone: UTC, active: false }
- name: by-hand
  flow_name: web_measure
";

/// Two deployments whose slots are filled by a scheduler, and a worker.
async fn visitor() -> Visitor {
    let visitor = Visitor::new().await;
    let file = DeployFile {
        name: "flowrt.yaml".to_owned(),
        text: FILE.to_owned(),
    };
    let engine = visitor.engine.clone();
    let checked = engine.check_deployments(Some(&file)).unwrap();
    let plan = engine.plan_deploy(&checked, false).await.unwrap();
    assert!(engine.deploy(&plan).await.unwrap());
    tokio::spawn(async move { engine.schedule(std::future::pending()).await });
    visitor
}

/// What the form around the button would send, but for its token.
fn fields(page: &str) -> Vec<(String, String)> {
    let (_, form) = page.split_once("<form class=\"right\"").unwrap();
    let (form, _) = form.split_once("</form>").unwrap();
    let parts = form.split("name=\"").skip(1);
    let fields = parts.map(|part| {
        let (name, rest) = part.split_once('"').unwrap();
        let (_, value) = rest.split_once("value=\"").unwrap();
        (name.to_owned(), value.split('"').next().unwrap().to_owned())
    });
    fields.filter(|(name, _)| name != "token").collect()
}

async fn shows(visitor: &Visitor, address: &str, part: &str) -> String {
    let mut page = String::new();
    for _ in 0..3_000 {
        page = visitor.page(address).await;
        if page.contains(part) {
            return page;
        }
        let pause = std::time::Duration::from_millis(10);
        Clock::real().sleep(pause).await;
    }
    panic!("{address} never showed {part}: {page}");
}

#[tokio::test]
async fn a_backfill_is_planned_then_begun_once_and_followed() {
    let visitor = visitor().await;
    let deployment = visitor.page("/deployments/nightly").await;
    assert!(
        deployment.contains("Fill slots of the past"),
        "{deployment}"
    );
    let by_hand = visitor.page("/deployments/by-hand").await;
    assert!(!by_hand.contains("Fill slots of the past"), "{by_hand}");

    let address = "/deployments/nightly/backfill";
    let asked = format!("{address}?from=2026-01-01&to=2026-01-03&concurrency=2&order=latest");
    let plan = visitor.page(&asked).await;
    assert!(plan.contains("3 runs, 2 at a time"), "{plan}");
    assert!(plan.contains("datetime=\"2026-01-03T03:00:00Z\""), "{plan}");
    let nothing = visitor.engine.backfills().await.unwrap();
    assert_eq!(nothing, [], "a plan changes nothing");

    let fields = fields(&plan);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let (status, place, page) = visitor.post(address, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let (_, again, _) = visitor.post(address, &fields).await;
    assert_eq!(place, again, "a form that is sent twice begins one");

    let done = shows(&visitor, &place, "3 of 3 over: 3 completed").await;
    let first = done.find("2026-01-03T03:00:00Z").unwrap();
    assert!(first < done.find("2026-01-01T03:00:00Z").unwrap(), "{done}");
    shows(&visitor, &place, ">done</span>").await;
    let deployment = visitor.page("/deployments/nightly").await;
    assert!(deployment.contains(&place), "{deployment}");
    let empty = visitor.page(&asked).await;
    assert!(empty.contains("There is nothing to fill"), "{empty}");
    assert!(!empty.contains("Start 0"), "{empty}");
}

#[tokio::test]
async fn a_backfill_is_paused_goes_on_and_is_cancelled() {
    let visitor = visitor().await;
    let times = [("from", "2026-01-01"), ("to", "2026-01-02")];
    let (status, place, page) = visitor.post("/deployments/asking/backfill", &times).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    shows(&visitor, &place, "1 under way").await;
    for (what, shown) in [
        ("pause", ">paused</span>"),
        ("resume", ">running</span>"),
        ("cancel", ">cancelled</span>"),
    ] {
        let (status, back, page) = visitor.post(&place, &[("do", what)]).await;
        assert_eq!((status, &back), (StatusCode::SEE_OTHER, &place), "{page}");
        let page = visitor.page(&place).await;
        assert!(page.contains(shown), "{what}: {page}");
    }
    let (status, _, _) = visitor.post(&place, &[("do", "resume")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "it has ended");
    let (status, _, _) = visitor.post(&place, &[("do", "dance")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_is_wrong_with_the_times_is_said_at_the_form() {
    let visitor = visitor().await;
    let address = "/deployments/nightly/backfill";
    for (query, said) in [
        ("from=January&to=2026-01-03", "`January` is no time"),
        ("from=2026-01-03&to=2026-01-01", "ends before it begins"),
        (
            "from=2026-01-01&to=2026-01-03&concurrency=many",
            "`many` is no number of runs",
        ),
        (
            "from=2026-01-01&to=2026-01-03&concurrency=0",
            "at least one run",
        ),
        (
            "from=2026-01-01&to=2026-01-03&schedule=weekly",
            "no schedule `weekly`",
        ),
    ] {
        let (status, page) = visitor.get(&format!("{address}?{query}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        assert!(
            page.contains("role=\"alert\"") && page.contains(said),
            "{said}: {page}"
        );
        assert!(
            page.contains("name=\"to\" value=\"2026-01-0"),
            "what was typed stays: {page}"
        );
    }
    let (status, _, page) = visitor.post(address, &[("from", "x"), ("to", "y")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("`x` is no time"), "{page}");
    assert_eq!(
        visitor.get("/deployments/nothing/backfill").await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        visitor.get("/backfills/nothing").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn workers_are_shown_with_what_they_drive() {
    let visitor = visitor().await;
    let (_, place, _) = visitor.post("/flows/web_asks", &[]).await;
    let page = shows(&visitor, "/workers", &place).await;
    assert!(page.contains("1 <span class=\"of\">of 64"), "{page}");
    assert!(
        page.contains(&format!("process {}", std::process::id())),
        "{page}"
    );
}
