//! What those who watch a run are told, and what is kept of its log.

use tracing_subscriber::prelude::*;

use super::*;
use crate::model::event::What;
use crate::ops::LogFilter;

callable!(Task (retries = 1) second_time / SecondTime (path: String) -> u32 {
    tracing::info!(%path, "looks");
    if std::fs::exists(&path)? {
        return Ok(2);
    }
    std::fs::write(&path, "")?;
    Err("not there".into())
});
callable!(Program looked / Looked (path: String) -> u32 {
    tracing::info!("begins");
    p::step(second_time(path)).await
});
callable!(Program around / Around (path: String) -> u32 { p::step(looked(path)).await });

fn words(what: &What) -> String {
    match what {
        What::RunStarted { flow, .. } => format!("{flow} begins"),
        What::Started { step, attempt, .. } => format!("{step} starts {attempt}"),
        What::Retrying { step, attempt, .. } => format!("{step} failed {attempt}"),
        What::Ended { step, state, .. } => format!("{step} {state}"),
        What::RunEnded { state, .. } => format!("run {state}"),
        What::Log(line) => format!("{} {}: {}", line.step, line.attempt, line.message),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_watcher_sees_everything_in_order_and_the_log_tells_attempts_apart() {
    let subscriber = tracing_subscriber::registry().with(crate::logs::layer());
    let _guard = tracing::subscriber::set_default(subscriber);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("flag").display().to_string();
    let engine = engine().await;
    let other = super::engine().await;
    let (mut events, mut others) = (engine.all_events(), other.all_events());
    let run = engine.start(around(path.clone())).await.expect("starts");
    let id = run.id;
    assert_eq!(run.wait().await.expect("ends").state, RunState::Completed);
    let mut told = Vec::new();
    while let Some(event) = events.try_next() {
        told.push(words(&event.what));
    }
    let looks = |attempt| format!("second_time {attempt}: looks path={path}");
    assert_eq!(
        told,
        [
            "around begins".to_owned(),
            "looked begins".to_owned(),
            " 0: begins".to_owned(),
            "second_time starts 1".to_owned(),
            looks(1),
            "second_time failed 1".to_owned(),
            "second_time starts 2".to_owned(),
            looks(2),
            "second_time Completed".to_owned(),
            "run Completed".to_owned(),
            "looked Completed".to_owned(),
            "run Completed".to_owned(),
        ]
    );
    assert!(
        others.try_next().is_none(),
        "each engine tells its own runs"
    );
    let kept = engine
        .logs(id.child("looked"), LogFilter::default())
        .await
        .expect("reads");
    let kept: Vec<_> = kept
        .iter()
        .map(|(_, line)| (line.attempt, line.message.as_str()))
        .collect();
    let looks = format!("looks path={path}");
    assert_eq!(
        kept,
        [(0, "begins"), (1, looks.as_str()), (2, looks.as_str())]
    );
    assert!(
        engine
            .logs(id, LogFilter::default())
            .await
            .expect("reads")
            .is_empty()
    );
}
