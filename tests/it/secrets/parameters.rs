//! Secrets as parameters: how they are given, recorded and had again.

use std::sync::Mutex;

use flowrt::prelude::*;

use super::{program, said, set};

#[test]
fn a_value_is_not_typed() {
    let folder = tempfile::tempdir().expect("there is a disk");
    let (output, text) = said(&mut program(
        folder.path(),
        &["run", "leak", "--token", "typed-value-1"],
    ));
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("stays in the shell's history"), "{text}");
    assert!(
        text.contains("@NAME") && !text.contains("typed-value-1"),
        "{text}"
    );
    let (_, help) =
        said(program(folder.path(), &["run", "leak", "--help"]).env("LEAK_TOKEN", "typed-value-1"));
    assert!(
        help.contains("--token <SECRET>") && !help.contains("typed-value-1"),
        "{help}"
    );
}

#[test]
fn the_record_refers_to_it_and_a_resumed_run_has_it_again() {
    let folder = tempfile::tempdir().expect("there is a disk");
    let at = folder.path();
    let run = ["run", "leak", "--name", "first", "--json"];
    let (output, text) = said(
        program(at, &run)
            .env("LEAK_TOKEN", "first-value-1")
            .env("FLOWRT_LOG", "off"),
    );
    assert_eq!(output.status.code(), Some(0), "{text}");
    let store = rusqlite::Connection::open(at.join(".flowrt/flowrt.db")).expect("opens");
    let input: String = store
        .query_row("SELECT input FROM run_payload", [], |row| row.get(0))
        .expect("it is recorded");
    assert_eq!(
        input,
        r#"{"leak":"No","token":{"$secret":"env:LEAK_TOKEN"}}"#
    );
    drop(store);
    set(at, "API", "second-value-2");
    let (output, text) = said(&mut program(
        at,
        &[
            "run", "leak", "--name", "fails", "--token", "@API", "--leak", "Error",
        ],
    ));
    assert_eq!(output.status.code(), Some(1), "{text}");
    set(at, "API", "third-value-3");
    let (_, text) = said(&mut program(at, &["runs", "resume", "fails", "--yes"]));
    assert!(text.contains("the server refused •••"), "{text}");
    let (_, text) = said(&mut program(at, &["run", "leak", "--token", "@NONE"]));
    assert!(
        text.contains("the secret @NONE is not there: the store has none of that name"),
        "{text}"
    );
}

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[derive(Debug, serde::Serialize, serde::Deserialize, JsonSchema)]
struct Account {
    user: String,
    password: Secret<String>,
    pins: Option<Secret<Vec<u32>>>,
}

#[task]
async fn look(account: Account) -> Result<u32> {
    let pins = account.pins.as_ref().map(Secret::reveal).transpose()?;
    SEEN.lock().expect("no panic inside").push(format!(
        "{} {} {pins:?}",
        account.user,
        account.password.reveal()?
    ));
    Ok(1)
}

#[flow]
async fn take(account: Account) -> Result<u32> {
    look(account).await
}

/// Reads where it must not.
#[flow]
async fn peek(password: Secret<String>) -> Result<String> {
    Ok(password.reveal()?.clone())
}

#[tokio::test]
async fn what_is_made_in_the_program_is_recorded_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("flows.db").display());
    let engine = Engine::open(&url).await.unwrap();
    let account = Account {
        user: "ann".to_owned(),
        password: Secret::new("made-here-4".to_owned()),
        pins: Some(Secret::new(vec![111_222_333])),
    };
    engine.run(take(account)).await.unwrap();
    let params = serde_json::json!({ "account": { "user": "bob", "password": "given-here-5", "pins": null } });
    let record = engine
        .start_named("take", &params)
        .await
        .unwrap()
        .wait()
        .await
        .unwrap();
    assert_eq!(record.state.to_string(), "Completed");
    assert_eq!(
        *SEEN.lock().unwrap(),
        ["ann made-here-4 Some([111222333])", "bob given-here-5 None"]
    );
    let error = engine
        .run(peek(Secret::new("made-here-4".to_owned())))
        .await
        .unwrap_err();
    assert!(error.message().contains("in the body of a flow"), "{error}");
    for wrong in [
        serde_json::json!({ "user": 1, "password": "wrong-value-6" }),
        serde_json::json!({ "password": { "of": "wrong-value-6" } }),
        serde_json::json!("wrong-value-6"),
    ] {
        let given = serde_json::json!({ "account": wrong });
        let error = engine.start_named("take", &given).await.unwrap_err();
        if !given["account"].is_string() {
            assert!(!error.message().contains("wrong-value-6"), "{error}");
        }
    }
    engine.close().await.unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            for value in ["made-here-4", "111222333", "given-here-5", "wrong-value-6"] {
                assert!(!text.contains(value), "{value} in {}", path.display());
            }
            files += 1;
        }
    }
    assert!(files >= 2, "the store and its key");
}
