//! The rules inside children, helpers and DAGs.

use flowrt::model::state::RunState;
use flowrt::prelude::*;
use futures_util::future::join;

use super::lab::{Lab, act, act_and_fail, act_late, error, other, version};
use super::story::{parks, survives};

const CHANGED: u32 = 2;

#[flow]
async fn lab_inner(lab: u64, child: String) -> Result<String> {
    let a = act(lab, format!("{child} a")).await?;
    if version(lab) == CHANGED {
        act(lab, format!("{child} x")).await?;
    }
    let b = act(lab, format!("{child} b")).await?;
    act(lab, format!("{child} c")).await?;
    Ok(a + &b)
}

/// Would go on with something else if its child failed.
#[flow]
async fn lab_outer(lab: u64) -> Result<String> {
    let said = lab_inner(lab, "one".into()).await;
    let said = match said {
        Ok(said) => said,
        Err(_) => act(lab, "fallback".into()).await?,
    };
    let (two, three) = join(lab_inner(lab, "two".into()), lab_inner(lab, "three".into())).await;
    act(lab, "end".into()).await?;
    Ok(said + &two? + &three?)
}

#[test]
fn children_go_on_where_they_stopped() {
    assert_eq!(survives("lab_outer"), 20);
}

#[test]
fn a_child_whose_code_differs_parks_its_parent_too() {
    let mut parked = 0;
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        if lab.live("lab_outer").is_some() {
            break;
        }
        let (before, inside) = (lab.effects(), lab.recorded_in_children());
        // A child that has ended is not run again, so its code may have changed.
        let under_way = |name: &str| {
            inside.contains(&format!("{name} b")) && !lab.children_ended().contains(&name.into())
        };
        let differs = ["one", "two", "three"].into_iter().any(under_way);
        lab.revive();
        lab.set_version(CHANGED);
        let record = lab.live("lab_outer").expect("nothing kills it any more");
        assert!(
            !lab.effects().contains(&"fallback".to_owned()),
            "{crash_at}: code that differs is no failure of the child"
        );
        if !differs {
            assert_eq!(
                record.state,
                RunState::Completed,
                "{crash_at}: {:?}",
                record.error
            );
            continue;
        }
        parked += 1;
        assert_eq!(
            record.state,
            RunState::Parked,
            "{crash_at}: {:?}",
            record.error
        );
        assert_eq!(error(&record)["kind"], "Diverged");
        let new = lab.effects().split_off(before.len());
        assert!(!new.contains(&"end".to_owned()), "{crash_at}: {new:?}");
        lab.set_version(1);
        let record = lab.live("lab_outer").expect("nothing kills it any more");
        assert_eq!(
            record.state,
            RunState::Completed,
            "{crash_at}: {:?}",
            record.error
        );
        for name in inside {
            let count = lab.effects().iter().filter(|ran| **ran == name).count();
            assert_eq!(count, 1, "{crash_at}: {name}");
        }
    }
    assert!(
        parked > 0,
        "no crash left a child with a record that differs"
    );
}

#[flow(inline)]
async fn helper(lab: u64, name: &'static str) -> Result<String> {
    let a = act(lab, format!("{name} a")).await?;
    if version(lab) == CHANGED && name == "h1" {
        act(lab, "x".into()).await?;
    }
    Ok(a + &act(lab, format!("{name} b")).await?)
}

#[flow]
async fn lab_helped(lab: u64) -> Result<String> {
    let one = helper(lab, "h1").await?;
    let two = helper(lab, "h2").await?;
    act(lab, "end".into()).await?;
    Ok(one + &two)
}

#[test]
fn helpers_have_scopes_of_their_own() {
    assert_eq!(survives("lab_helped"), 10);
    parks(
        "lab_helped",
        CHANGED,
        |recorded| recorded.contains(&"h1 b"),
        &["helper", "act#2", "\"x\""],
    );
}

/// A DAG: each node has its own name and place, whatever ended first.
#[flow]
fn lab_graph(lab: u64) -> Result<String> {
    let a = act_late(lab, "a".into(), 20);
    let b = act_late(lab, "b".into(), 1);
    let failed = act_and_fail(lab, "c".into()).attempt();
    let choice = if failed.is_err() {
        act(lab, "yes".into())
    } else {
        act(lab, "no".into())
    };
    let joined = act(lab, format!("{a}{b}{choice}"));
    act(lab, "last".into()).after(joined);
    joined
}

#[test]
fn a_graph_goes_on_where_it_stopped() {
    assert!(survives("lab_graph") >= 12);
}

#[flow]
fn lab_edited_graph(lab: u64) -> Result<String> {
    let a = act(lab, "a".into());
    let b = act(lab, {
        if version(lab) == CHANGED {
            "B".to_owned()
        } else {
            "b".to_owned()
        }
    });
    let both = other(lab, format!("{a}{b}"));
    act(lab, format!("{both} end")).named("end")
}

#[test]
fn a_node_with_other_inputs_parks() {
    parks(
        "lab_edited_graph",
        CHANGED,
        |recorded| recorded.contains(&"b"),
        &["act#2", "\"B\"", "\"b\""],
    );
}

/// A helper that calls itself: each level is a scope in a scope.
#[flow(inline)]
async fn deeper(lab: u64, left: u32) -> Result<String> {
    let said = act(lab, format!("down {left}")).await?;
    if left > 0 {
        Box::pin(deeper(lab, left - 1)).await?;
    }
    act(lab, format!("up {left}")).await?;
    Ok(said)
}

#[flow]
async fn lab_deep(lab: u64) -> Result<String> {
    deeper(lab, 12).await
}

#[test]
fn scopes_in_scopes_go_on_where_they_stopped() {
    assert_eq!(survives("lab_deep"), 52);
}

#[flow]
async fn lab_very_deep(lab: u64) -> Result<String> {
    deeper(lab, 150).await
}

#[test]
fn scopes_may_be_deep() {
    let lab = Lab::new(Some(250));
    assert!(
        lab.live("lab_very_deep").is_none(),
        "it dies on the way down"
    );
    lab.revive();
    let record = lab
        .live("lab_very_deep")
        .expect("nothing kills it any more");
    assert_eq!(
        record.output.as_deref(),
        Some("\"down 150\""),
        "{:?}",
        record.error
    );
    assert_eq!(
        lab.effects().len(),
        302 + 1,
        "one was under way when it died"
    );
}
