use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::author::meta::{StaticNode, What};
use crate::model::graph::Trigger;

const PLAIN: StaticNode = StaticNode {
    what: What::Wait("sleep"),
    binding: "",
    named: None,
    needs: &[],
    after: &[],
    rule: Trigger::AllSuccess,
    tolerated: false,
    over: "",
    arm: None,
    line: 1,
};

fn graph(nodes: Vec<StaticNode>) -> &'static StaticGraph {
    Box::leak(Box::new(StaticGraph {
        nodes: Vec::leak(nodes),
    }))
}

type Log = Arc<Mutex<Vec<usize>>>;

/// A DAG whose nodes write their number down and fail where told.
fn logged(graph: &'static StaticGraph, fail: &[usize]) -> (Dag, Log) {
    let log = Log::default();
    let mut dag = Dag::open(graph, false);
    for node in 0..graph.nodes.len() {
        let (log, fails) = (log.clone(), fail.contains(&node));
        let inside = dag.inside();
        let tolerated = graph.nodes[node].tolerated;
        dag.call(
            node,
            Box::pin(async move {
                tokio::task::yield_now().await;
                log.lock().expect("no panic").push(node);
                let result = if fails {
                    Err(Error::from("broken"))
                } else {
                    Ok(())
                };
                if tolerated {
                    inside.attempt(node, result).map(|_| ())
                } else {
                    result
                }
            }),
        );
    }
    (dag, log)
}

fn seen(log: &Log) -> Vec<usize> {
    let mut log = log.lock().expect("no panic").clone();
    log.sort_unstable();
    log
}

#[tokio::test]
async fn a_failure_stops_what_depends_on_it_and_nothing_else() {
    let nodes = vec![
        PLAIN,
        StaticNode {
            needs: &[0],
            ..PLAIN
        },
        PLAIN,
        StaticNode {
            after: &[2],
            ..PLAIN
        },
        StaticNode {
            after: &[1],
            ..PLAIN
        },
    ];
    let (dag, log) = logged(graph(nodes), &[0]);
    let error = dag.finish_unit().await.expect_err("node 0 failed");
    assert_eq!(error.message(), "broken");
    assert_eq!(seen(&log), [0, 2, 3]);
}

#[tokio::test]
async fn fail_fast_drops_what_runs() {
    struct Guard(Arc<AtomicUsize>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut dag = Dag::open(graph(vec![PLAIN, PLAIN]), true);
    let guard = Guard(dropped.clone());
    dag.call(
        0,
        Box::pin(async move {
            let _guard = guard;
            std::future::pending::<Result<()>>().await
        }),
    );
    dag.call(1, Box::pin(async { Err(Error::from("broken")) }));
    assert!(dag.finish_unit().await.is_err());
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_tolerated_failure_lets_the_rest_run_and_is_one_for_rules_that_ask() {
    let nodes = vec![
        StaticNode {
            tolerated: true,
            ..PLAIN
        },
        StaticNode {
            after: &[0],
            ..PLAIN
        },
        StaticNode {
            after: &[0],
            rule: Trigger::OneFailed,
            ..PLAIN
        },
        StaticNode {
            after: &[0],
            rule: Trigger::NoneFailed,
            ..PLAIN
        },
    ];
    let (dag, log) = logged(graph(nodes), &[0]);
    dag.finish_unit().await.expect("tolerated");
    assert_eq!(seen(&log), [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_clean_up_runs_after_a_failure_and_does_not_hide_it() {
    let nodes = vec![
        PLAIN,
        StaticNode {
            after: &[0],
            rule: Trigger::AllDone,
            ..PLAIN
        },
        StaticNode {
            after: &[0],
            rule: Trigger::OneSuccess,
            ..PLAIN
        },
    ];
    let (dag, log) = logged(graph(nodes), &[0]);
    assert!(dag.finish_unit().await.is_err());
    assert_eq!(seen(&log), [0, 1]);
}

fn branchy() -> &'static StaticGraph {
    graph(vec![
        StaticNode {
            what: What::Branch,
            ..PLAIN
        },
        StaticNode {
            arm: Some((0, "a")),
            ..PLAIN
        },
        StaticNode {
            arm: Some((0, "b")),
            ..PLAIN
        },
        StaticNode {
            what: What::Branch,
            arm: Some((0, "b")),
            ..PLAIN
        },
        StaticNode {
            arm: Some((3, "c")),
            ..PLAIN
        },
        StaticNode {
            needs: &[0],
            ..PLAIN
        },
    ])
}

const OUTER: &[Arm] = &[
    Arm {
        nodes: &[1],
        tail: Some(1),
    },
    Arm {
        nodes: &[2, 3],
        tail: Some(2),
    },
];
const INNER: &[Arm] = &[Arm {
    nodes: &[4],
    tail: None,
}];

#[tokio::test]
async fn only_the_chosen_arm_runs_and_arms_inside_it_follow() {
    for (arm, expected) in [(0, vec![1, 5]), (1, vec![2, 4, 5])] {
        let (mut dag, log) = logged(branchy(), &[]);
        dag.branch(0, OUTER, Box::new(move || Ok(arm)));
        dag.branch(3, INNER, Box::new(|| Ok(0)));
        dag.finish_unit().await.expect("nothing failed");
        assert_eq!(seen(&log), expected);
    }
}

#[tokio::test]
async fn a_branch_fails_with_its_tail_only() {
    let (mut dag, log) = logged(branchy(), &[4]);
    dag.branch(0, OUTER, Box::new(|| Ok(1)));
    dag.branch(3, INNER, Box::new(|| Ok(0)));
    assert!(dag.finish_unit().await.is_err());
    assert_eq!(seen(&log), [2, 4, 5]);
    let (mut dag, log) = logged(branchy(), &[2]);
    dag.branch(0, OUTER, Box::new(|| Ok(1)));
    dag.branch(3, INNER, Box::new(|| Ok(0)));
    assert!(dag.finish_unit().await.is_err());
    assert_eq!(seen(&log), [2, 4]);
}

#[tokio::test]
async fn a_tail_that_depends_on_a_skipped_node_is_skipped() {
    let nodes = vec![
        PLAIN,
        StaticNode {
            after: &[0],
            rule: Trigger::OneFailed,
            ..PLAIN
        },
        StaticNode {
            needs: &[1],
            ..PLAIN
        },
    ];
    let (dag, _) = logged(graph(nodes), &[]);
    let error = dag
        .finish(2, Cell::<u32>::empty())
        .await
        .expect_err("skipped");
    assert_eq!(error.kind(), ErrorKind::Skipped);
}

#[tokio::test]
async fn a_panic_in_plain_code_fails_its_node_only() {
    let (mut dag, log) = logged(graph(vec![PLAIN, PLAIN]), &[]);
    dag.glue(0, Box::new(|| panic!("no such column")));
    let error = dag.finish_unit().await.expect_err("panicked");
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Panicked, "no such column")
    );
    assert_eq!(seen(&log), [1]);
}

#[tokio::test]
async fn trouble_of_the_run_itself_ends_it_at_once_even_if_tolerated() {
    let mut dag = Dag::open(
        graph(vec![StaticNode {
            tolerated: true,
            ..PLAIN
        }]),
        false,
    );
    let inside = dag.inside();
    dag.call(
        0,
        Box::pin(async move {
            let lost = Err::<(), _>(Error::new(
                ErrorKind::LeaseLost,
                "another process drives the run",
            ));
            inside.attempt(0, lost).map(|_| ())
        }),
    );
    let error = dag.finish_unit().await.expect_err("lost");
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
}

#[tokio::test]
async fn a_thousand_nodes_are_polled_a_few_times_each() {
    let polls = Arc::new(AtomicUsize::new(0));
    let mut dag = Dag::open(graph((0..1_000).map(|_| PLAIN).collect()), false);
    for node in 0..1_000 {
        let polls = polls.clone();
        let mut left = 3;
        dag.call(
            node,
            Box::pin(std::future::poll_fn(move |cx| {
                polls.fetch_add(1, Ordering::Relaxed);
                left -= 1;
                if left == 0 {
                    return std::task::Poll::Ready(Ok(()));
                }
                cx.waker().wake_by_ref();
                std::task::Poll::Pending
            })),
        );
    }
    dag.finish_unit().await.expect("nothing failed");
    assert_eq!(polls.load(Ordering::Relaxed), 3_000);
}

#[test]
fn names_are_numbered_in_source_order_and_named_overrides() {
    let graph = graph(vec![
        PLAIN,
        StaticNode {
            what: What::Glue,
            ..PLAIN
        },
        StaticNode {
            named: Some("nap"),
            ..PLAIN
        },
        PLAIN,
    ]);
    let names = names::step_names(graph);
    let names: Vec<_> = names.iter().map(Option::as_deref).collect();
    assert_eq!(names, [Some("sleep"), None, Some("nap"), Some("sleep#2")]);
}
