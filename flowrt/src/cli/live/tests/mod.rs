//! Events in, text out.

mod plain;
mod screen;
mod tree;

use std::sync::Arc;
use std::time::Duration;

use super::moment::Moment;
use crate::model::event::{Event, What};
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Micros, StepKind};
use crate::model::state::TaskState;

/// Noon of a day in UTC.
const NOON: Micros = 1_764_072_000_000_000;
const SECOND: Micros = 1_000_000;

fn run(number: u128) -> RunId {
    RunId(uuid::Uuid::from_u128(number))
}

fn moment(seconds: i64) -> Moment {
    Moment {
        now: NOON + seconds * SECOND,
        zone: jiff::tz::TimeZone::UTC,
    }
}

fn event(of: u128, seconds: i64, what: What) -> Event {
    Event {
        run: run(of),
        at: NOON + seconds * SECOND,
        what,
    }
}

fn begins(of: u128, seconds: i64, flow: &str, parent: Option<(u128, &str)>) -> Event {
    let what = What::RunStarted {
        name: format!("calm-otter-{of}"),
        flow: flow.to_owned(),
        parent: parent.map(|(of, step)| (run(of), step.to_owned())),
        continues: None,
    };
    event(of, seconds, what)
}

/// Items of `labelled` have one.
fn label_of(step: &str) -> Option<Arc<str>> {
    let item = step.strip_prefix("labelled[")?.strip_suffix(']')?;
    Some(Arc::from(format!("no. {item}")))
}

fn starts(of: u128, seconds: i64, step: &str, attempt: u32) -> Event {
    let what = What::Started {
        step: Arc::from(step),
        task: "task",
        attempt,
        label: label_of(step),
    };
    event(of, seconds, what)
}

fn ends(of: u128, seconds: i64, step: &str, state: TaskState, attempts: u32) -> Event {
    let error = r#"{"kind":"Failed","message":"the service answered 503\nin detail"}"#;
    let what = What::Ended {
        step: Arc::from(step),
        task: "task".to_owned(),
        kind: StepKind::Task,
        state,
        attempts,
        took: Duration::from_millis(400),
        kept: false,
        error: state
            .is_failure()
            .then(|| Payload::from_json(error.to_owned())),
        label: label_of(step),
    };
    event(of, seconds, what)
}

fn fanned(of: u128, seconds: i64, step: &str, items: u64) -> Event {
    let step = Arc::from(step);
    event(of, seconds, What::FannedOut { step, items })
}

fn fails_once(of: u128, seconds: i64, step: &str, due: i64) -> Event {
    let what = What::Retrying {
        step: Arc::from(step),
        attempt: 1,
        due: Some(NOON + due * SECOND),
        error: Payload::from_json("the service answered 503".to_owned()),
    };
    event(of, seconds, what)
}

fn waits(
    of: u128,
    seconds: i64,
    step: &str,
    kind: &str,
    name: Option<&str>,
    until: Option<i64>,
) -> Event {
    let what = What::Waiting {
        step: Arc::from(step),
        kind: kind.to_owned(),
        name: name.map(str::to_owned),
        until: until.map(|until| NOON + until * SECOND),
    };
    event(of, seconds, what)
}
