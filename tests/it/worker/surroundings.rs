//! What `job_variables` of a deployment give the process of a run: a folder and variables, and never without saying so none.

use std::path::PathBuf;

use flowrt::model::record::RunRecord;
use flowrt::model::state::RunState;
use flowrt::store::RunFilter;

use super::{Place, TheStore, text};
use crate::until::until_some;

/// Two deployments of a flow that says where it is; `placed` wants something for its process.
fn deployed(place: &Place) {
    let folder = place.path().display().to_string();
    let file = format!(
        "deployments:
- name: placed
  flow_name: surrounded
  parameters: {{ folder: {folder}, who: placed }}
  work_pool:
    name: any
    job_variables:
      working_dir: below
      env: {{ MODE: fast, COUNT: 7, GONE: null }}
- name: plain
  flow_name: surrounded
  parameters: {{ folder: {folder}, who: plain }}
"
    );
    std::fs::write(place.path().join("flowrt.yaml"), file).expect("a file");
    let deployed = place.call(&["deploy", "--yes"]);
    assert_eq!(
        deployed.status.code(),
        Some(0),
        "{}",
        text(&deployed.stderr)
    );
}

fn begin(place: &Place, deployment: &str) {
    let begun = place.call(&["deployments", "run", deployment]);
    assert_eq!(begun.status.code(), Some(0), "{}", text(&begun.stderr));
}

/// Where the test's folder is, as a process in it sees that.
fn real(place: &Place) -> PathBuf {
    place.path().canonicalize().expect("it is there")
}

async fn only_run(store: &TheStore) -> RunRecord {
    let runs = store.0.list_runs(RunFilter::default()).await;
    let mut runs = runs.expect("the store answers");
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.remove(0)
}

#[tokio::test]
async fn a_run_stands_where_its_deployment_says_and_has_its_variables() {
    for launcher in ["inline", "process"] {
        let place = Place::new();
        std::fs::create_dir(place.path().join("below")).expect("made");
        let store = place.store();
        deployed(&place);
        begin(&place, "placed");
        begin(&place, "plain");
        let variables = [("MODE", "slow"), ("GONE", "not"), ("KEPT", "yes")];
        let worker = place.spawn(&["worker", "--launcher", launcher], &variables);
        store.await_all(&place, RunState::Completed).await;
        let here = real(&place).display().to_string();
        let mut ledger = place.ledger();
        ledger.sort();
        let mut expected = [
            format!("placed in {here}/below: MODE=fast COUNT=7 GONE= KEPT=yes"),
            format!("plain in {here}: MODE=slow COUNT= GONE=not KEPT=yes"),
        ];
        expected.sort();
        assert_eq!(ledger, expected, "{launcher}");
        let is_own = place.pids_of("placed") != [worker.pid()];
        assert!(is_own, "{launcher}: it has a process of its own");
        let is_inside = place.pids_of("plain") == [worker.pid()];
        assert_eq!(is_inside, launcher == "inline", "{launcher}");
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_a_failure_that_says_so() {
    for launcher in ["inline", "process"] {
        let place = Place::new();
        let store = place.store();
        deployed(&place);
        begin(&place, "placed");
        let worker = place.spawn(&["worker", "--launcher", launcher], &[]);
        let failed = until_some(async || {
            let run = only_run(&store).await;
            run.state.is_final().then_some(run)
        })
        .await;
        assert_eq!((failed.state, failed.crashes), (RunState::Failed, 0));
        assert_eq!(place.ledger(), ["Failed told"], "{launcher}: its hook");
        let error = failed
            .error
            .as_ref()
            .expect("it says why")
            .to_value()
            .to_string();
        for words in [
            "cannot stand in the folder below",
            "`working_dir` of the deployment `placed`",
            "make the folder",
        ] {
            assert!(error.contains(words), "{words}: {error}");
        }
        let shown = text(&place.call(&["runs", "show", &failed.name]).stdout);
        assert!(
            shown.contains("cannot stand in the folder below"),
            "{shown}"
        );
        drop(worker);

        // By hand it goes on in this terminal, which is said.
        let resumed = place.call(&["runs", "resume", &failed.name, "--yes"]);
        let said = text(&resumed.stderr);
        assert_eq!(resumed.status.code(), Some(0), "{said}");
        assert!(said.contains("`job_variables`"), "{said}");
        assert_eq!(place.ledger().len(), 2);

        // And a worker gives it what it wants, once the folder is there.
        std::fs::create_dir(place.path().join("below")).expect("made");
        begin(&place, "placed");
        let _worker = place.spawn(&["worker", "--launcher", launcher], &[]);
        store.await_all(&place, RunState::Completed).await;
        let last = place.ledger().pop().expect("a line");
        assert!(last.contains("/below: MODE=fast"), "{last}");
    }
}
