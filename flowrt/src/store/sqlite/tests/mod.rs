//! What is special about the store in a file.

use super::super::{contract, sample};

#[tokio::test]
async fn keeps_the_contract() {
    contract::check_all(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let store = super::open(&folder.path().join("s.db"), sample::options(1)).expect("a store");
        (store, folder)
    })
    .await;
}
