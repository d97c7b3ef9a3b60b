//! What is late is on the first page, and only that.

use std::time::Duration;

use super::pages::Visitor;
use crate::clock::Clock;
use crate::model::dispatch::Dispatch;
use crate::ops::{Engine, Start};
use crate::store::Options;
use crate::store::memory::Memory;

#[tokio::test]
async fn what_nobody_began_in_its_time_is_late() {
    let clock = Clock::fake(1_795_529_002_000_000);
    let store = Memory::open(Options::new(crate::ops::this_process()));
    let engine = Engine::with_clock(store, clock.clone(), false).unwrap();
    let visitor = Visitor::of(engine.clone());
    let now = clock.now();
    let mut names = Vec::new();
    for (name, due) in [("at-once", None), ("tomorrow", Some(now + 86_400_000_000))] {
        let start = Start {
            name: Some(name.to_owned()),
            dispatch: Dispatch {
                queue: Some("nobody".to_owned()),
                ..Dispatch::default()
            },
            due,
            ..Start::default()
        };
        let params = serde_json::json!({});
        let run = engine.enqueue("web_measure", &params, start).await.unwrap();
        names.push(run.name);
    }
    clock.advance(Duration::from_secs(59));
    assert!(visitor.page("/").await.contains("<b>0</b> late to begin"));
    clock.advance(Duration::from_secs(121));
    let page = visitor.page("/").await;
    assert!(page.contains("<b>1</b> late to begin"), "{page}");
    let (_, late) = page.split_once("id=\"h-late\"").unwrap();
    let (late, _) = late.split_once("</section>").unwrap();
    assert!(
        late.contains(&names[0]) && !late.contains(&names[1]),
        "{late}"
    );
    assert!(late.contains("should have begun 3 min ago"), "{late}");
}
