//! Stores of earlier versions in which runs are not at their end.

use std::path::Path;

use flowrt::Engine;
use flowrt::model::state::RunState;
use flowrt::prelude::*;

#[task]
async fn offer_of_today() -> Result<u32> {
    Ok(4)
}

/// The flow of the runs in the golden stores.
#[flow(name = "offers")]
async fn offers() -> Result<u32> {
    offer_of_today().await
}

#[tokio::test]
async fn a_run_that_an_earlier_version_accepted_is_driven_to_its_end() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flowrt/tests/golden");
    let mut stores = 0;
    for file in std::fs::read_dir(golden).expect("lists") {
        let file = file.expect("an entry").path();
        if file.extension().is_none_or(|extension| extension != "db") {
            continue;
        }
        stores += 1;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.db");
        std::fs::copy(&file, &path).expect("copies");
        let engine = Engine::open(&format!("sqlite:{}", path.display()))
            .await
            .expect("an old store opens");
        let run = engine.find("calm-3").await.expect("the run is there");
        assert_eq!(run.state, RunState::Pending, "{}", file.display());
        let resumed = engine.resume(run.id).await.expect("it is taken up");
        let ended = resumed.wait().await.expect("it ends");
        assert_eq!(ended.state, RunState::Completed, "{:?}", ended.error);
        assert_eq!(ended.output.expect("a value").to_value(), 4);
    }
    assert!(stores > 0, "there are golden stores");
}
