//! Programs that `flowrt::main!` has not made start no children.

use flowrt::{Engine, ErrorKind, Result, flow, task, testing};

/// The process that its body runs in.
#[task(isolate)]
async fn apart() -> Result<u32> {
    Ok(std::process::id())
}

/// Gives what it is given.
#[task]
async fn before(number: u32) -> Result<u32> {
    Ok(number)
}

/// The only task is isolated.
#[flow]
fn apart_only() -> Result<u32> {
    let number = before(1);
    let process = apart();
    { process * number }
}

#[tokio::test]
async fn an_embedded_engine_refuses_before_anything_begins() {
    let engine = Engine::open("memory:").await.unwrap();
    let error = engine.run(apart_only()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.message().contains("`apart` is `isolate`"), "{error}");
    assert!(
        error
            .try_this()
            .is_some_and(|hint| hint.contains("flowrt::main!()")),
        "{error:?}"
    );
    assert!(
        engine
            .runs(flowrt::ops::RunFilter::default())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn an_engine_of_a_test_runs_the_body_in_its_own_process_or_the_mock() {
    let engine = testing::Engine::new();
    assert_eq!(engine.run(apart_only()).await.unwrap(), std::process::id());
    engine.mock(apart, |()| Ok(7));
    assert_eq!(engine.run(apart_only()).await.unwrap(), 7);
}

#[tokio::test]
async fn a_body_alone_runs_here() {
    assert_eq!(apart().body().await.unwrap(), std::process::id());
}
