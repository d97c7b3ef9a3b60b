//! The page of a run that nobody can read step by step.

use super::pages::Visitor;
use crate::prelude::*;

/// One of many.
#[task]
async fn one_of_many(n: u32) -> Result<u32> {
    if n.is_multiple_of(1_000) {
        return Err(crate::Error::from("no such page"));
    }
    Ok(n)
}

#[flow]
async fn web_many(items: u32) -> Result<Vec<u32>> {
    map(0..items, |n| one_of_many(n)).await
}

/// The page of a run of so many steps.
async fn opened(visitor: &Visitor, items: u32) -> (String, String) {
    let items = items.to_string();
    let name = visitor.run("web_many", &[("p.items", &items)]).await;
    (visitor.page(&format!("/runs/{name}")).await, name)
}

#[tokio::test]
async fn a_page_does_not_grow_with_the_steps_of_its_run() {
    let visitor = Visitor::new().await;
    let (small, _) = opened(&visitor, 2_000).await;
    let (large, name) = opened(&visitor, 20_000).await;
    assert!(large.contains("one_of_many ×20000"), "{large}");
    assert!(large.contains("20 failed"), "{large}");
    assert!(large.contains("no such page"), "{large}");
    assert!(
        large.len() < small.len() + 16_000 && large.len() < 100_000,
        "{} bytes for 2,000 steps, {} for 20,000",
        small.len(),
        large.len()
    );
    let failures = visitor.page(&format!("/runs/{name}?failed=1")).await;
    for item in (0..20_000).step_by(1_000) {
        let item = format!(">one_of_many[{item}]<");
        assert!(failures.contains(&item), "no {item}");
    }
    let step = visitor
        .page(&format!("/runs/{name}/step?id=one_of_many[1000]"))
        .await;
    assert!(step.contains("no such page"), "{step}");
}

#[tokio::test]
async fn every_step_of_a_kind_is_on_one_of_its_pages() {
    let visitor = Visitor::new().await;
    let (_, name) = opened(&visitor, 900).await;
    let mut address = format!("/runs/{name}?kind=one_of_many%5B%5D");
    let mut seen = Vec::new();
    for _ in 0..20 {
        let page = visitor.page(&address).await;
        let (_, steps) = page.split_once("id=\"steps\"").expect("steps");
        let names = steps.split(">one_of_many[").skip(1);
        seen.extend(names.filter_map(|rest| rest.split(']').next()?.parse::<u32>().ok()));
        let Some((before, _)) = steps.split_once("#steps\">Later ones") else {
            break;
        };
        let (_, next) = before.rsplit_once("href=\"").expect("a link");
        address = next.replace("&#38;", "&").replace("&amp;", "&");
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..900).collect::<Vec<_>>());
}
