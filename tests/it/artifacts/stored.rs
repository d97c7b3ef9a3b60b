//! Handles to stored values.

use flowrt::prelude::*;

use super::{command, files, folder, gallery, json, text};

#[test]
fn a_handle_is_recorded_small_and_read_when_it_is_used() {
    let folder = folder();
    let folder = folder.path();
    let stopped = gallery(folder, &["run", "stored"]);
    assert_eq!(stopped.status.code(), Some(1), "{}", text(&stopped.stderr));
    assert_eq!(files(folder).len(), 2, "the bytes and the names");
    let name = json(folder, &["runs", "ls"])[0]["name"].clone();
    let name = name.as_str().expect("a name");
    let resumed = command(folder, &["runs", "resume", name, "--yes", "--json"])
        .env("GALLERY_OPEN", "1")
        .output()
        .expect("the program runs");
    let said = text(&resumed.stdout);
    assert!(
        said.contains("2000000 bytes of 7"),
        "{said}{}",
        text(&resumed.stderr)
    );
}

#[task]
async fn numbers(count: u32) -> Result<Stored<Vec<u32>>> {
    Stored::new((0..count).collect())
}

#[task]
async fn total(numbers: Stored<Vec<u32>>) -> Result<u32> {
    Ok(numbers.load().await?.iter().sum())
}

#[flow]
async fn both(given: Stored<Vec<u32>>) -> Result<Stored<u32>> {
    let made = numbers(4).await?;
    let sum = total(made).await? + total(given).await?;
    Stored::new(sum)
}

#[tokio::test]
async fn handles_go_in_and_out_of_an_engine_in_memory_and_on_disk() {
    let folder = folder();
    let file = format!("sqlite:{}", folder.path().join("s.db").display());
    for url in ["memory:", &file] {
        let engine = Engine::open(url).await.unwrap();
        let given = Stored::new(vec![10, 20]).unwrap();
        let sum = engine.run(both(given)).await.unwrap();
        assert_eq!(sum.load().await.unwrap(), 36, "{url}");
        engine.close().await.unwrap();
    }
}

#[tokio::test]
async fn without_a_run_the_bytes_stay_in_the_handle() {
    let made = numbers(3).body().await.unwrap();
    assert_eq!(made.load().await.unwrap(), [0, 1, 2]);
    let written = serde_json::to_string(&made).unwrap();
    let read: Stored<Vec<u32>> = serde_json::from_str(&written).unwrap();
    assert_eq!(read, made);
    let error = read.load().await.unwrap_err();
    assert!(error.message().contains("inside a task"), "{error:?}");
}
