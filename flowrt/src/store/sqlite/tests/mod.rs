//! What is special about the store in a file.

mod care;
mod files;
mod golden;
mod groups;
mod growth;
mod killed;
mod plans;
mod power;
mod processes;
mod visits;

use std::path::Path;
use std::sync::Arc;

use super::super::{Store, contract, sample};

fn open(path: &Path, process: u64) -> Arc<dyn Store> {
    super::open(path, sample::options(process)).expect("a store")
}

#[tokio::test]
async fn keeps_the_contract() {
    contract::check_all(|| {
        let folder = tempfile::tempdir().expect("a folder");
        (open(&folder.path().join("s.db"), 1), folder)
    })
    .await;
}
