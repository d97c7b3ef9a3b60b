//! Secrets in bodies that run in processes of their own.

use std::path::Path;

use super::everywhere::{assert_hidden, assert_no_file_holds_it};
use super::{VALUE, program, said, set};

/// Runs the flow, and says how it ended and what was said and kept in its log.
fn run(at: &Path, name: &str, leak: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let arguments = [
        "run",
        "isolated",
        "--name",
        name,
        "--token",
        "env:LEAK_TOKEN",
        "--of",
        "API",
        "--leak",
        leak,
    ];
    let mut command = program(at, &arguments);
    command
        .env("LEAK_TOKEN", VALUE)
        .envs(variables.iter().copied());
    let (output, mut text) = said(&mut command);
    let mut command = program(at, &["runs", "logs", name]);
    text += &said(command.envs(variables.iter().copied())).1;
    assert_hidden(leak, text.as_bytes());
    (output.status.code(), text)
}

#[test]
fn a_body_apart_has_the_secrets_of_the_store_and_shows_none() {
    let folder = tempfile::tempdir().expect("there is a disk");
    let at = folder.path();
    set(at, "API", VALUE);
    let (code, text) = run(at, "fine", "No", &[]);
    assert_eq!(code, Some(0), "{text}");
    // Both values, `/session` and what stands between them.
    let length = (2 * VALUE.len() + 9).to_string();
    assert!(text.lines().any(|line| line.trim() == length), "{text}");
    assert!(text.contains("printed ••• and •••"), "{text}");
    assert!(text.contains("logged ••• and •••"), "{text}");
    let (code, text) = run(at, "failed", "Error", &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no use for •••"), "{text}");
    let (code, text) = run(at, "died", "Panic", &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("its last words: dies with •••"), "{text}");
    let (code, text) = run(at, "returned", "Result", &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("the value of a secret in clear"), "{text}");
    assert!(assert_no_file_holds_it(at) >= 2, "store and key");
}

#[test]
fn a_body_apart_opens_what_is_sealed_under_a_key_from_elsewhere() {
    let key = "5d".repeat(32);
    let outside = tempfile::tempdir().expect("there is a disk");
    let file = outside.path().join("key");
    std::fs::write(&file, &key).expect("there is room");
    let file = file.display().to_string();
    // In memory the key is nowhere but in the process that drives the run.
    for variables in [
        [("FLOWRT_KEY_FILE", file.as_str()), ("API", VALUE)],
        [("FLOWRT_KEY", key.as_str()), ("API", VALUE)],
        [("FLOWRT_STORE", "memory:"), ("API", VALUE)],
    ] {
        let folder = tempfile::tempdir().expect("there is a disk");
        let (code, text) = run(folder.path(), "fine", "No", &variables);
        assert_eq!(code, Some(0), "{variables:?}: {text}");
        assert!(!folder.path().join(".flowrt/key").exists());
        assert!(!text.contains(&key), "{text}");
    }
}

#[test]
fn a_secret_that_is_nowhere_is_an_error_that_names_the_store() {
    let folder = tempfile::tempdir().expect("there is a disk");
    let (code, text) = run(folder.path(), "none", "No", &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("there is no secret `API`") && text.contains("the store"),
        "{text}"
    );
}
