use proptest::prelude::*;
use uuid::Uuid;

use super::Bundle;
use crate::error::Result;
use crate::model::artifact::{ArtifactKind, ArtifactRecord, Place};
use crate::model::blob::{Blob, BlobId};
use crate::model::ids::{ProcessId, RunId};
use crate::model::payload::{Digest, Payload};
use crate::model::record::{
    ASIDE, AttemptRecord, Journal, LogLine, RunRecord, SignalRecord, StepKind, StepRecord,
    WaitRecord,
};
use crate::model::state::{RunState, TaskState};
use crate::ops::Engine;
use crate::store::Whole;

fn id(number: u64) -> RunId {
    RunId(Uuid::from_u64_pair(7, number))
}

fn payload(text: &str) -> Payload {
    Payload::from_json(text)
}

fn record(number: u64, state: RunState) -> RunRecord {
    RunRecord {
        id: id(number),
        name: format!("calm-{number}"),
        flow: "offers".into(),
        input: payload(r#"{"region":"eu","n":18446744073709551615}"#),
        parent: (number > 1).then(|| (id(1), format!("call#{number}"))),
        origin: Some(id(99)),
        idempotency_key: None,
        seed: u64::MAX - number,
        created: 1,
        logical_time: 2,
        build: "b1".into(),
        cache: crate::model::record::CacheUse::Refresh,
        dispatch: crate::model::dispatch::Dispatch {
            deployment: Some("nightly".to_owned()),
            ..crate::model::dispatch::Dispatch::default()
        },
        due: None,
        state,
        epoch: 3,
        owner: None,
        crashes: 1,
        attempt: 2,
        started: Some(4),
        finished: Some(5),
        output: Some(payload("[1.0,2]")),
        error: None,
        cancel_requested: Some(6),
    }
}

fn step(seq: u64, kind: StepKind, state: TaskState) -> StepRecord {
    StepRecord {
        seq,
        step: format!("b1/fetch#{seq}"),
        scope: "b1".into(),
        position: 1,
        task: "fetch".into(),
        kind,
        digest: Digest([0xfe; 16]),
        fingerprint: u64::MAX,
        input: None,
        state,
        output: Some(payload(r#"{"a":"line\nbreak"}"#)),
        attempts: 2,
        started: 10,
        finished: 11,
        signal: Some(0),
        reused_from: Some(id(98)),
        tolerated: true,
        label: Some("Österreich".into()),
    }
}

const PAGE: &[u8] = b"<h1>\xff";
const STORED: &[u8] = b"stored";

fn artifact(key: &str, version: u64, blob: Option<BlobId>) -> ArtifactRecord {
    ArtifactRecord {
        run: id(1),
        place: Place {
            key: key.into(),
            step: "a".into(),
            attempt: 2,
            at: 9,
        },
        version,
        kind: ArtifactKind::File,
        failed: true,
        description: blob.map(|_| "a page".into()),
        data: r#"{"name":"p.html"}"#.into(),
        blob,
    }
}

fn line(number: u64, message: &str) -> LogLine {
    LogLine {
        run: id(number),
        step: "a".into(),
        attempt: 1,
        time: 7,
        level: "INFO".into(),
        target: "t".into(),
        message: message.into(),
    }
}

/// Something of everything.
fn bundle() -> Bundle {
    let steps = StepKind::ALL.iter().zip(0..);
    let journal = Journal {
        steps: steps
            .map(|(kind, seq)| step(seq, *kind, TaskState::Failed))
            .chain([step(ASIDE + 4, StepKind::Task, TaskState::Completed)])
            .collect(),
        attempts: vec![AttemptRecord {
            step: "a".into(),
            attempt: 1,
            started: 1,
            finished: 2,
            error: payload(r#""broken""#),
            next: None,
        }],
        waits: vec![WaitRecord {
            step: "w".into(),
            kind: "signal".into(),
            due: Some(9),
            detail: serde_json::json!({"name": "w"}),
        }],
        scopes: vec![(String::new(), 4)],
        signals: vec![SignalRecord {
            seq: 0,
            name: "go".into(),
            payload: payload(&format!(
                r#"{{"$blob":"{}","size":6}}"#,
                BlobId::of(STORED).digest()
            )),
            sent: 8,
        }],
    };
    let child = Whole {
        record: record(2, RunState::Completed),
        journal: Journal::default(),
        logs: vec![],
        artifacts: vec![],
        definition: Payload::null(),
    };
    let mut root = Whole {
        record: record(1, RunState::Failed),
        journal,
        logs: vec![line(1, "one\ntwo"), line(1, "ü")],
        artifacts: vec![
            artifact("page", 3, Some(BlobId::of(PAGE))),
            artifact("progress", 0, None),
        ],
        definition: payload(r#"{"name":"offers"}"#),
    };
    root.record.parent = None;
    Bundle {
        exported: 70,
        blobs: vec![Blob::new(STORED), Blob::new(PAGE)],
        runs: vec![
            root.clone(),
            Whole {
                definition: root.definition,
                ..child
            },
        ],
    }
}

fn text(bundle: &Bundle) -> String {
    let mut text = Vec::new();
    bundle.write(&mut text).expect("memory takes it");
    String::from_utf8(text).expect("JSON is text")
}

fn read(text: &[u8]) -> Result<Bundle> {
    Bundle::read("run.json", text)
}

fn refusal(text: &str) -> String {
    read(text.as_bytes())
        .expect_err("it is refused")
        .to_string()
}

#[test]
fn what_is_written_is_read_back() {
    let bundle = bundle();
    let text = text(&bundle);
    assert_eq!(read(text.as_bytes()).expect("it is whole"), bundle);
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("every line is JSON");
        assert_eq!(value.as_object().map(serde_json::Map::len), Some(1));
    }
}

#[test]
fn a_torn_bundle_is_refused_at_every_length() {
    let text = text(&bundle());
    for length in 0..text.len() {
        assert!(read(&text.as_bytes()[..length]).is_err(), "{length}");
    }
    let half = &text[..text.len() / 2];
    assert!(refusal(half).starts_with("run.json ends in the middle, after line "));
}

#[test]
fn what_is_no_bundle_is_told() {
    for (text, expected) in [
        ("", "run.json is empty"),
        ("hello", "run.json is not a bundle of a flowrt run"),
        ("{}\n", "run.json is not a bundle of a flowrt run"),
        (
            r#"{"bundle":{"version":2,"new":true}}"#,
            "run.json was written by a newer flowrt (bundle 2; this program reads up to 1)",
        ),
    ] {
        assert_eq!(refusal(text), expected);
    }
    assert_eq!(
        read(&[0xff, 0xfe]).expect_err("binary").message(),
        "run.json is not a bundle of a flowrt run"
    );
}

#[test]
fn lines_that_contradict_each_other_are_told_with_their_number() {
    let text = text(&bundle());
    let lines: Vec<_> = text.lines().collect();
    let with = |change: &dyn Fn(&mut Vec<&str>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        refusal(&(lines.join("\n") + "\n"))
    };
    let twice = with(&|lines| lines.insert(3, lines[2]));
    assert_eq!(
        twice,
        "run.json, line 4: the run calm-1 is not below another one"
    );
    let orphan = with(&|lines| {
        lines.remove(2);
    });
    assert!(orphan.starts_with("run.json, line "), "{orphan}");
    let swapped = with(&|lines| lines.swap(4, 5));
    assert!(swapped.contains("is out of order"), "{swapped}");
    let shorter = with(&|lines| {
        lines.remove(lines.len() - 2);
    });
    assert!(shorter.contains("is not what was exported"), "{shorter}");
    let longer = refusal(&format!("{text}{{}}\n"));
    assert!(longer.contains("something follows"), "{longer}");
    let unknown = with(&|lines| lines[5] = r#"{"artefact":{}}"#);
    assert!(unknown.contains("unknown variant"), "{unknown}");
}

proptest! {
    #[test]
    fn a_changed_byte_is_found_out(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let text = text(&bundle());
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}

#[tokio::test]
async fn a_run_that_was_under_way_is_interrupted_here() {
    let engine = Engine::open("memory:").await.expect("it opens");
    let mut bundle = bundle();
    let root = &mut bundle.runs[0].record;
    (root.state, root.finished) = (RunState::Running, None);
    root.owner = Some(ProcessId(Uuid::nil()));
    bundle.runs[1].record.state = RunState::Parked;
    let there = engine.import(bundle.clone()).await.expect("it is taken in");
    assert!(there.is_new);
    assert_eq!(
        (there.record.state, there.record.owner),
        (RunState::Interrupted, None)
    );
    assert_eq!(there.record.finished, Some(70));
    let child = engine.record(id(2)).await.expect("it is there");
    assert_eq!(child.state, RunState::Parked);
    let again = engine.import(bundle).await.expect("it is the same run");
    assert!(!again.is_new);
    // What is taken out again is what came in, but for the state here.
    let out = engine.export(id(1)).await.expect("it is there");
    assert_eq!(out.runs[0].journal, self::bundle().runs[0].journal);
    assert_eq!(out.runs[0].definition, self::bundle().runs[0].definition);
    let refused = engine
        .resume(id(1))
        .await
        .expect_err("it is not driven here");
    assert!(refused.message().contains("was imported"), "{refused}");
}
