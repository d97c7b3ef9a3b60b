//! Tasks with `on_crash = "park"`: the start of each attempt is on the disk before its body begins. If the process dies in
//! it, nobody knows whether the effect happened, and a person decides.

use serde_json::{Value, json};

use super::crash::UNDER_WAY;
use super::{Shared, patiently, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::after::is_after;
use crate::model::ids::RunId;
use crate::model::record::{Journal, Micros, RunRecord, WaitRecord};
use crate::model::state::RunState;
use crate::store::RunFilter;

/// The note that an attempt begins.
pub(super) fn begins(step: &str, attempt: u32, now: Micros) -> WaitRecord {
    WaitRecord {
        step: step.to_owned(),
        kind: UNDER_WAY.to_owned(),
        due: None,
        detail: json!({ "park": { "attempt": attempt, "began": now } }),
    }
}

/// Why a run is parked before anything in it goes on: attempts began, and their end is not recorded.
pub(super) fn left_in_the_middle(name: &str, journal: &Journal) -> Option<Error> {
    let left: Vec<(&str, u64, Micros)> = journal
        .waits
        .iter()
        // Hooks and rollbacks are called at least once.
        .filter(|wait| !is_after(&wait.step))
        .filter_map(|wait| {
            let note = wait.detail.get("park")?;
            let attempt = note.get("attempt")?.as_u64()?;
            Some((wait.step.as_str(), attempt, note.get("began")?.as_i64()?))
        })
        .collect();
    let (first, _, _) = left.first()?;
    let told: Vec<String> = left
        .iter()
        .map(|(step, attempt, began)| {
            format!("attempt {attempt} of `{step}`, begun {}", instant(*began))
        })
        .collect();
    let message = format!(
        "the process went before the end of {} was recorded, so its effect may have happened or not",
        told.join(" and of ")
    );
    let steps: Vec<Value> = left.iter().map(|(step, _, _)| json!(step)).collect();
    Some(
        Error::new(ErrorKind::Crashed, message)
            .at(first, None, 0)
            .with_value(json!({ "left_in_the_middle": steps }))
            .hint(format!(
                "look whether the effect happened. If it did not, or is harmless twice: runs resume {name} --retry-crashed. If it must not happen again, give the run up: runs cancel {name}"
            )),
    )
}

/// Why a run is parked, if that is because of attempts whose end is not recorded.
pub(crate) fn doubt_of(run: &RunRecord) -> Option<Error> {
    let error = run
        .error
        .as_ref()
        .filter(|_| run.state == RunState::Parked)?;
    Some(Error::from_json(error)).filter(|error| error.kind() == ErrorKind::Crashed)
}

/// A person must say first that what was left in the middle may be done again, in this run or one below it.
pub(crate) async fn refuse_unless_decided(shared: &Shared, record: &RunRecord) -> Result<()> {
    let mut left = vec![record.clone()];
    while let Some(run) = left.pop() {
        if let Some(error) = doubt_of(&run) {
            let name = &record.name;
            return Err(Error::new(
                ErrorKind::Input,
                format!("the run {name} waits for your decision: {}", error.message()),
            )
            .hint(format!(
                "look whether the effect happened; then runs resume {name} --retry-crashed, or runs cancel {name}"
            )));
        }
        left.extend(below(shared, run.id).await?);
    }
    Ok(())
}

/// Child runs that wait for a person.
async fn below(shared: &Shared, parent: RunId) -> Result<Vec<RunRecord>> {
    let filter = RunFilter {
        parent: Some(parent),
        states: vec![RunState::Parked],
        ..RunFilter::default()
    };
    patiently(|| shared.store.list_runs(filter.clone()))
        .await
        .map_err(trouble)
}

fn instant(at: Micros) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(
        |_| "at an unknown time".to_owned(),
        |at| format!("at {at:.0}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back_and_others_are_none() {
        let mut journal = Journal::default();
        assert!(left_in_the_middle("nightly", &journal).is_none());
        journal.waits.push(WaitRecord {
            detail: Value::Null,
            ..begins("charge", 1, 0)
        });
        assert!(left_in_the_middle("nightly", &journal).is_none());
        journal
            .waits
            .push(begins("charge", 2, 1_700_000_000_000_000));
        let error = left_in_the_middle("nightly", &journal).expect("it is parked");
        let said = error.message();
        assert!(
            said.contains("attempt 2 of `charge`, begun at 2023-11-14T22:13:20Z"),
            "{said}"
        );
        assert_eq!(error.task(), Some("charge"));
    }
}
