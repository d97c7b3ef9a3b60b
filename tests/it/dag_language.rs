//! What may be written in a DAG flow, each with the value that it must give.

use std::collections::BTreeMap;

use flowrt::prelude::*;

#[task]
async fn one(x: u32) -> Result<u32> {
    Ok(x + 1)
}

#[task]
async fn join(x: u32, y: String) -> Result<String> {
    Ok(format!("{x}{y}"))
}

#[task]
fn pair(x: u32) -> Result<(u32, String)> {
    Ok((x, "p".into()))
}

#[task]
async fn refuse(x: u32) -> Result<u32> {
    Err(format!("no {x}").into())
}

#[task]
async fn forget(_text: String) -> Result<()> {
    Ok(())
}

/// A value that cannot be cloned: a name that only one node uses is moved there.
#[derive(serde::Serialize, serde::Deserialize)]
struct Owned(u32);

#[task]
async fn own(x: u32) -> Result<Owned> {
    Ok(Owned(x))
}

#[task]
async fn consume(owned: Owned) -> Result<u32> {
    Ok(owned.0)
}

mod deep {
    use flowrt::prelude::*;

    #[task]
    pub async fn dive(x: u32) -> Result<u32> {
        Ok(x * 10)
    }
}

/// The value of a flow in a store of its own.
macro_rules! value {
    ($call:expr) => {{
        let engine = Engine::open("memory:")
            .await
            .expect("a store in memory opens");
        engine.run($call).await.expect("the flow succeeds")
    }};
}

#[flow]
fn patterns(x: u32) -> Result<(u32, String, u32)> {
    let (n, s) = pair(x);
    let n = one(n);
    let n = one(n);
    let [first, .., last] = [n, 5, n + 1];
    (first, s, last)
}

#[tokio::test]
async fn names_are_destructured_and_shadowed() {
    assert_eq!(value!(patterns(1)), (3, "p".to_owned(), 4));
}

#[flow]
fn branches(x: u32) -> Result<String> {
    use deep::dive;
    const LIMIT: u32 = 4;
    let big = one(x);
    let v = if big > LIMIT {
        let d = dive(big);
        if d > 1000 { one(d) } else { d * 2 }
    } else if let Some(y) = big.checked_sub(2)
        && y > 0
    {
        one(y)
    } else {
        7
    };
    match (v, x) {
        (0, _) => "zero".to_owned(),
        (n, m) if n > m => join(n, "more".into()),
        (_, m) => {
            let text = {
                let mut text = String::new();
                for i in 0..m {
                    text.push_str(&i.to_string());
                }
                text
            };
            Ok(text)
        }
    }
}

#[tokio::test]
async fn branches_nest_and_bind() {
    assert_eq!(value!(branches(1)), "7more");
    assert_eq!(value!(branches(3)), "012");
    assert_eq!(value!(branches(5)), "120more");
    assert_eq!(value!(branches(200)), "2011more");
}

#[flow]
fn moved(x: u32) -> Result<u32> {
    let owned = own(x);
    if x > 1 {
        consume(owned)
    } else {
        let more = one(x);
        let sum = { owned.0 + more };
        sum
    }
}

#[tokio::test]
async fn a_name_used_once_needs_no_clone_and_arms_count_as_one_use() {
    assert_eq!(value!(moved(3)), 3);
    assert_eq!(value!(moved(1)), 3);
}

#[flow]
fn tolerated(x: u32) -> Result<String> {
    let tried = refuse(x).attempt();
    let text = match tried {
        Ok(value) => value.to_string(),
        Err(error) => error.message().to_owned(),
    };
    Ok(text)
}

#[tokio::test]
async fn a_tolerated_failure_is_a_value() {
    assert_eq!(value!(tolerated(3)), "no 3");
}

#[flow]
fn statements(x: u32) -> Result<()> {
    let a = one(x);
    for i in 0..3 {
        assert!(i < a + 3, "{i}");
    }
    if a > 1 {
        forget(a.to_string());
    }
    match a {
        0 => {}
        _ => forget(format!("{a}")),
    }
    forget(format!("{a:>width$}", width = 3))
        .after(a)
        .named("last");
}

#[flow]
fn last_is_an_if(x: u32) -> Result<()> {
    let a = one(x);
    if a > 1 {
        forget(a.to_string());
    }
}

#[flow]
fn no_result(x: u32) -> u32 {
    let a = one(x);
    a
}

#[tokio::test]
async fn tails_may_be_statements_and_plain_values() {
    value!(statements(1));
    value!(last_is_an_if(1));
    value!(last_is_an_if(0));
    assert_eq!(value!(no_result(1)), 2);
}

#[flow]
fn glue(x: u32) -> Result<BTreeMap<String, u64>> {
    let n: u32 = one(x);
    let many: Vec<u64> = (0..n).map(|i| i.into()).collect();
    let more = vec![n.into(), many[0]];
    let all: Vec<_> = many.iter().chain(&more).copied().collect();
    let shorthand = {
        struct Point {
            n: u32,
        }
        let point = Point { n };
        point.n
    };
    let found = all.iter().find(|i| **i > 1).map(|i| {
        let Some(i) = i.checked_add(1) else { return 0 };
        i
    });
    let mut_inside = {
        let mut map = BTreeMap::new();
        map.insert("found".to_owned(), found.unwrap_or(0));
        map.insert("n".to_owned(), shorthand.into());
        map
    };
    mut_inside
}

#[tokio::test]
async fn glue_is_any_expression() {
    let map = value!(glue(2));
    assert_eq!(map["found"], 3);
    assert_eq!(map["n"], 3);
}

#[flow]
fn order(x: u32) -> Result<(u32, u32)> {
    let a = one(x);
    let glue = a + 1;
    let b = one(x).after((a, glue, x)).on(Trigger::AllSuccess);
    forget("bye".to_owned())
        .after(b)
        .on(Trigger::AllDone)
        .retries(1);
    (a, b)
}

#[tokio::test]
async fn order_without_data() {
    assert_eq!(value!(order(1)), (2, 2));
}

#[flow]
fn nested(x: u32) -> Result<u32> {
    let a = moved(x);
    moved(a)
}

#[tokio::test]
async fn flows_call_flows() {
    assert_eq!(value!(nested(3)), 3);
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
enum Found {
    Name(String),
    Pair(Option<(u32, String)>),
    Nothing,
}

#[task]
async fn find(x: u32) -> Result<Found> {
    Ok(match x {
        0 => Found::Nothing,
        1 => Found::Name("one".into()),
        more => Found::Pair(Some((more, "more".into()))),
    })
}

#[flow]
fn borrowed(x: u32) -> Result<String> {
    let found = find(x);
    let text = match &found {
        Found::Name(name) if name.len() > 100 => name.to_uppercase(),
        Found::Name(name) => join(0, name.clone()),
        Found::Pair(pair) => match pair.as_ref() {
            Some((n, text)) => {
                let next = one(*n);
                join(next, text.clone())
            }
            None => "no pair".to_owned(),
        },
        Found::Nothing => "nothing".to_owned(),
    };
    if let Some(rest) = text.strip_prefix('0')
        && !rest.is_empty()
    {
        forget(rest.to_owned());
        format!("{rest}!")
    } else {
        text
    }
}

#[tokio::test]
async fn patterns_may_borrow() {
    assert_eq!(value!(borrowed(0)), "nothing");
    assert_eq!(value!(borrowed(1)), "one!");
    assert_eq!(value!(borrowed(7)), "8more");
}
