//! Which files are taken, and how those that are not are refused.

use std::path::Path;

use rusqlite::Connection;

use super::super::super::Error;
use super::super::super::sample::{new_run, options, run_id};
use super::super::{migrate, open};

/// Opens what must be refused and returns the message and the hint.
fn refusal(path: &Path) -> (String, String) {
    match open(path, options(1)) {
        Err(Error::Unusable { message, hint }) => (message, hint),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn the_own_folder_is_made_and_kept_private() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(".flowrt/flowrt.db");
    let store = super::open(&path, 1);
    store.create_run(new_run(1, "n")).await.unwrap();
    assert_eq!(store.url(), format!("sqlite:{}", path.display()));
    let ignore = std::fs::read_to_string(root.path().join(".flowrt/.gitignore")).unwrap();
    assert_eq!(ignore, "*\n");
    #[cfg(unix)]
    for (name, mode) in [("", 0o700), ("flowrt.db", 0o600), ("flowrt.db-wal", 0o600)] {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(root.path().join(".flowrt").join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
    store.close().await.unwrap();
    assert!(
        !root.path().join(".flowrt/flowrt.db-wal").exists(),
        "the log is emptied"
    );
    let left = std::fs::read_dir(root.path().join(".flowrt/flowrt.db.locks")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn what_is_not_a_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes?#%41.txt");
    std::fs::write(
        &text,
        "not a database, but longer than a header of one hundred bytes ".repeat(9),
    )
    .unwrap();
    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (a)")
        .unwrap();
    for (path, words) in [
        (&text, "is not a database"),
        (&foreign, "another program's"),
    ] {
        let before = std::fs::read(path).unwrap();
        let (message, hint) = refusal(path);
        assert!(message.contains(words), "{message}");
        assert!(hint.contains("was not changed"), "{hint}");
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["foreign.db", "notes?#%41.txt"],
        "nothing is left beside them"
    );
}

#[test]
fn places_without_a_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (message, hint) = refusal(&folder.path().join("none/s.db"));
    assert!(
        message.contains("does not exist") && hint.contains("mkdir"),
        "{message} {hint}"
    );
    let (message, hint) = refusal(folder.path());
    assert!(
        message.contains("is a folder") && hint.contains("flowrt.db"),
        "{message} {hint}"
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    drop(super::open(&path, 1));
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
    // The superuser may write all the same.
    if std::fs::OpenOptions::new().write(true).open(&path).is_err() {
        let (message, hint) = refusal(&path);
        assert!(
            message.contains("cannot be written") && hint.contains("writable"),
            "{message} {hint}"
        );
    }
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    drop(super::open(&path, 1));
    let newer = migrate::latest() + 1;
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "user_version", newer)
        .unwrap();
    drop(connection);
    let (message, hint) = refusal(&path);
    assert!(
        message.contains("newer") && message.contains(&format!("schema {newer}")),
        "{message}"
    );
    assert!(hint.contains("newer flowrt"), "{hint}");
}

#[test]
fn a_schema_made_by_other_steps_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    drop(super::open(&path, 1));
    let connection = Connection::open(&path).unwrap();
    connection
        .execute("UPDATE migration SET checksum = 'x'", [])
        .unwrap();
    drop(connection);
    let (message, _) = refusal(&path);
    assert!(message.contains("other steps"), "{message}");
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = super::open(&path, 1);
    store.create_run(new_run(1, "n")).await.unwrap();
    store.close().await.unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100..].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let (message, hint) = refusal(&path);
    assert!(message.contains("damaged"), "{message}");
    assert!(hint.contains("backup"), "{hint}");
}

#[tokio::test]
async fn an_empty_file_left_by_a_killed_process_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    std::fs::write(&path, "").unwrap();
    let store = super::open(&path, 1);
    assert_eq!(
        store.create_run(new_run(1, "n")).await.unwrap().id,
        run_id(1)
    );
}

/// A checkpoint writes the first page, which says how many there are, before the last ones: a process that is killed in
/// between leaves a file that is shorter than it says, and the log that has the rest.
#[tokio::test]
async fn a_store_whose_process_was_killed_during_a_checkpoint_opens() {
    let folder = tempfile::tempdir().unwrap();
    let (path, killed) = (folder.path().join("s.db"), folder.path().join("k.db"));
    let store = super::open(&path, 1);
    for number in 1..=200 {
        store.create_run(new_run(number, "calm")).await.unwrap();
    }
    let other = Connection::open(&path).unwrap();
    other
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        .unwrap();
    for suffix in ["", "-wal"] {
        let with = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(with(&path), with(&killed)).unwrap();
    }
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(&killed)
        .unwrap();
    file.set_len(file.metadata().unwrap().len() - 4096).unwrap();
    drop(file);
    let store = super::open(&killed, 2);
    assert!(store.run(run_id(200)).await.unwrap().is_some());
}

#[test]
fn a_new_file_is_marked_in_one_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let connection = Connection::open(&path).unwrap();
    super::super::open::mark(&connection).unwrap();
    let number =
        |pragma: &str| -> i64 { connection.query_row(pragma, [], |row| row.get(0)).unwrap() };
    assert_eq!(number("PRAGMA auto_vacuum"), 2);
    assert_eq!(number("PRAGMA application_id"), 0x666c_7274);
    // The number of transactions that have changed the file.
    let header = std::fs::read(&path).unwrap();
    assert_eq!(header[24..28], [0, 0, 0, 1]);
}
