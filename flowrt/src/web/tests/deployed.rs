//! What is deployed, wherever it is told of: on its own page, on that of its flow, and in its runs.

use axum::http::StatusCode;

use super::pages::Visitor;

const FILE: &str = "\
deployments:
- name: prices
  entrypoint: shop:web_measure
  flow_name: Nightly prices
  tags: [night]
  parameters: { word: heron }
  schedules:
  - { cron: '* * * * *', timezone: UTC, slug: each-minute }
  - { cron: 0 3 * * *, timezone: UTC, slug: nightly }
- name: other
  flow_name: web_measure
";

async fn visitor() -> Visitor {
    let visitor = Visitor::new().await;
    visitor.deploy(FILE).await;
    visitor
}

/// The section of a page with this title.
fn section(page: &str, title: &str) -> String {
    let (_, rest) = page.split_once(&format!("\">{title}</h2>")).expect(title);
    rest.split("</section>").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_run_is_called_as_its_deployment_calls_its_flow() {
    let visitor = visitor().await;
    let (status, run, _) = visitor
        .post("/deployments/prices/run", &[("quick", "1")])
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let name = run.strip_prefix("/runs/").unwrap();
    visitor.until(name, |state| state.is_final()).await;
    let page = visitor.page(&run).await;
    for words in [
        "<a href=\"/flows/web_measure\">Nightly prices</a>",
        "of deployment <a href=\"/deployments/prices\">prices</a>",
        "<li class=\"tag\">night</li>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for list in [
        "/runs",
        "/runs?text=nightly+PRICES",
        "/runs?deployment=prices",
    ] {
        let page = visitor.page(list).await;
        assert!(
            page.contains(">Nightly prices</a> <span class=\"of\">prices<"),
            "{page}"
        );
        assert!(page.contains(&format!("href=\"{run}\"")), "{page}");
    }
    let page = visitor.page("/runs?deployment=other").await;
    assert!(page.contains("No run is like that"), "{page}");
}

#[tokio::test]
async fn a_deployment_has_its_schedules_and_its_runs_on_its_page() {
    let visitor = visitor().await;
    let page = visitor.page("/deployments/prices").await;
    assert!(section(&page, "Latest runs").contains("It has not run yet."));
    let schedules = section(&page, "Schedules");
    assert_eq!(schedules.matches("<tr>").count(), 3, "{schedules}");
    assert!(
        schedules.contains("<code>0 3 * * * (UTC)</code>"),
        "{schedules}"
    );
    let pause = [
        ("deployment", "prices"),
        ("slug", "nightly"),
        ("own", "1"),
        ("on", "false"),
    ];
    let sent = visitor.post("/schedules", &pause).await;
    assert_eq!(
        (sent.0, &*sent.1),
        (StatusCode::SEE_OTHER, "/deployments/prices")
    );
    let schedules = section(&visitor.page("/deployments/prices").await, "Schedules");
    assert_eq!(schedules.matches("</svg>paused").count(), 1, "{schedules}");
    let sent = visitor
        .post("/deployments/prices/run", &[("quick", "1")])
        .await;
    let runs = section(&visitor.page("/deployments/prices").await, "Latest runs");
    assert!(runs.contains(&format!("href=\"{}\"", sent.1)), "{runs}");
    assert!(runs.contains("href=\"/runs?deployment=prices\""), "{runs}");
    let page = visitor.page("/deployments/other").await;
    assert!(!page.contains(">Schedules</h2>"), "{page}");
    assert!(section(&page, "Latest runs").contains("It has not run yet."));
}

#[tokio::test]
async fn a_flow_tells_when_and_as_what_it_is_deployed() {
    let visitor = visitor().await;
    let page = visitor.page("/flows").await;
    assert!(
        page.contains("<code>* * * * * (UTC) and 1 more</code>"),
        "{page}"
    );
    let page = visitor.page("/flows/web_measure").await;
    let deployments = section(&page, "Deployments");
    for name in ["prices", "other"] {
        let link = format!("<a href=\"/deployments/{name}\">");
        assert!(deployments.contains(&link), "{deployments}");
    }
    let page = visitor.page("/flows/web_fails").await;
    assert!(!page.contains(">Deployments</h2>"), "{page}");
}

#[tokio::test]
async fn what_starts_each_minute_leaves_room_on_the_overview() {
    let visitor = visitor().await;
    let next = section(&visitor.page("/").await, "Next");
    for slug in ["each-minute", "nightly"] {
        assert_eq!(next.matches(&format!(">{slug}<")).count(), 1, "{next}");
    }
}
