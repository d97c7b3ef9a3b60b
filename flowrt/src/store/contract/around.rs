//! Signals, lines, flows, processes.

use uuid::Uuid;

use super::super::sample::{line, new_run, payload, run_id};
use super::super::{Error, LogFilter, Store};

pub(super) async fn signals_are_numbered_and_repeat_by_key(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    let send = async |name: &str, key: Option<&str>| {
        store
            .send_signal(
                run_id(1),
                name.into(),
                payload(name),
                key.map(Into::into),
                4,
            )
            .await
    };
    assert_eq!(send("go", None).await.unwrap(), 0);
    assert_eq!(send("go", Some("k")).await.unwrap(), 1);
    assert_eq!(send("other", Some("k")).await.unwrap(), 1);
    assert_eq!(send("go", None).await.unwrap(), 2);
    let signals = store.signals(run_id(1), 1).await.unwrap();
    assert_eq!(
        signals.iter().map(|signal| signal.seq).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(
        (&*signals[0].name, &signals[0].payload, signals[0].sent),
        ("go", &payload("go"), 4)
    );
    assert_eq!(store.journal(run_id(1)).await.unwrap().signals.len(), 3);
    store.request_cancel(run_id(1), 5).await.unwrap();
    assert_eq!(
        send("go", Some("k")).await.unwrap(),
        1,
        "a repeated call is no new signal"
    );
    assert!(matches!(send("go", None).await, Err(Error::Ended(..))));
    assert!(matches!(
        store.signals(run_id(2), 0).await,
        Err(Error::NoSuchRun(_))
    ));
}

pub(super) async fn logs_are_read_by_cursor(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    let lines = vec![
        line(1, "a", "one"),
        line(9, "a", "of no run"),
        line(1, "b", "two"),
        line(1, "a", "three"),
    ];
    store.append_logs(lines).await.unwrap();
    let read = async |filter| store.logs(run_id(1), filter).await.unwrap();
    let all = read(LogFilter::default()).await;
    let lines: Vec<_> = all.iter().map(|(_, line)| line.clone()).collect();
    assert_eq!(
        lines,
        [
            line(1, "a", "one"),
            line(1, "b", "two"),
            line(1, "a", "three")
        ]
    );
    let rest = LogFilter {
        after: Some(all[0].0),
        limit: 1,
        ..LogFilter::default()
    };
    assert_eq!(read(rest).await, all[1..2]);
    let of_step = LogFilter {
        step: Some("a".into()),
        ..LogFilter::default()
    };
    assert_eq!(read(of_step).await, [all[0].clone(), all[2].clone()]);
    let last = LogFilter {
        newest: true,
        limit: 2,
        ..LogFilter::default()
    };
    assert_eq!(read(last).await, all[1..]);
    let before = LogFilter {
        before: Some(all[2].0),
        newest: true,
        limit: 1,
        ..LogFilter::default()
    };
    assert_eq!(read(before).await, all[1..2]);
}

pub(super) async fn flows_are_remembered(store: &dyn Store) {
    assert_eq!(
        store
            .remember_flows(vec!["b".into(), "a".into()])
            .await
            .unwrap(),
        ["a", "b"]
    );
    assert_eq!(
        store
            .remember_flows(vec!["a".into(), "c".into()])
            .await
            .unwrap(),
        ["a", "b", "c"]
    );
}

pub(super) async fn this_process_lives(store: &dyn Store) {
    let processes = store.processes().await.unwrap();
    assert_eq!(
        processes
            .iter()
            .map(|process| process.id)
            .collect::<Vec<_>>(),
        [store.process()]
    );
    assert!(store.is_alive(store.process()));
    assert!(!store.is_alive(crate::model::ids::ProcessId(Uuid::from_u128(1))));
    store.sync().await.unwrap();
    assert_eq!(
        store.version().await.unwrap(),
        store.version().await.unwrap()
    );
}
