//! Paid once, whatever dies when.

use std::path::Path;

use flowrt::testing;

use super::*;

/// The entries of a kind in the books.
fn entries(books: &Path, kind: &str) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(books) else {
        return Vec::new();
    };
    files
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(kind))
        .collect()
}

fn counts(books: &Path) -> [usize; 4] {
    ["reserved", "paid", "shipped", "released"].map(|kind| entries(books, kind).len())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[tokio::test]
async fn a_good_card_pays_and_the_parcel_goes() {
    let books = tempfile::tempdir().unwrap();
    let engine = testing::Engine::new();
    let call = order("lamp".into(), 2, "4242".into(), text(books.path()));
    let said = engine.run(call).await.unwrap();
    assert!(
        said.starts_with("shipped: lamp, paid with receipt "),
        "{said}"
    );
    assert_eq!(counts(books.path()), [1, 1, 1, 0]);
}

#[tokio::test]
async fn a_refused_card_puts_the_goods_back() {
    let books = tempfile::tempdir().unwrap();
    let engine = testing::Engine::new();
    let call = order("chair".into(), 1, "0000".into(), text(books.path()));
    let said = engine.run(call).await.unwrap();
    assert_eq!(said, "refused: the card 0000 was refused");
    assert_eq!(counts(books.path()), [1, 0, 0, 1]);
}

#[tokio::test]
async fn a_bank_out_of_reach_is_asked_again_with_the_same_key() {
    let books = tempfile::tempdir().unwrap();
    let engine = testing::Engine::new();
    let asked = engine.mock(charge, |_| Err("the bank is out of reach".into()));
    let call = order("lamp".into(), 1, "4242".into(), text(books.path()));
    let failed = engine.run(call).await.unwrap_err();
    assert_eq!(failed.message(), "the bank is out of reach");
    assert_eq!(asked.count(), 6);
    assert_eq!(counts(books.path()), [1, 0, 0, 1], "it is put back");
}

#[tokio::test]
async fn a_parcel_that_nobody_takes_gives_money_and_goods_back() {
    let books = tempfile::tempdir().unwrap();
    let engine = testing::Engine::new();
    let _no_parcels = engine.mock(ship, |_| Err("the depot is closed".into()));
    let call = order("lamp".into(), 1, "4242".into(), text(books.path()));
    let failed = engine.run(call).await.unwrap_err();
    assert_eq!(failed.message(), "the depot is closed");
    assert_eq!(counts(books.path()), [1, 1, 0, 1]);
    assert_eq!(entries(books.path(), "refunded").len(), 1);
    // The last first.
    let runs = engine.runs(Default::default()).await.unwrap();
    let journal = engine.journal(runs[0].id).await.unwrap();
    let undone: Vec<_> = journal
        .steps
        .iter()
        .filter(|step| step.step.starts_with("(rollback)/"))
        .map(|step| step.task.as_str())
        .collect();
    assert_eq!(undone, ["refund", "release"]);
}

/// A test's runs have the same ids in every story of a sweep, so each story gets books of its own.
#[tokio::test]
async fn killed_at_any_write_the_card_is_charged_once() {
    let root = tempfile::tempdir().unwrap();
    let story = std::cell::Cell::new(0);
    let engine = testing::Engine::new();
    let folder = |story: u32| root.path().join(story.to_string());
    let calls = || {
        story.set(story.get() + 1);
        let books = text(&folder(story.get()));
        order("lamp".into(), 1, "4242".into(), books)
    };
    // Both attempts ran where the kill fell between the charge and its record; the bank knew the key.
    let sweep = engine.crash_everywhere(calls).await.unwrap();
    assert_eq!(sweep.most_begun(charge), 2);
    let mut paid = 0;
    for story in 1..=story.get() {
        let counted = counts(&folder(story));
        assert!(
            counted == [1, 1, 1, 0] || counted == [0; 4],
            "story {story}: {counted:?}"
        );
        paid += usize::from(counted[1] == 1);
    }
    assert!(
        paid > sweep.crashes,
        "{paid} stories were paid of {}",
        sweep.crashes
    );
}
