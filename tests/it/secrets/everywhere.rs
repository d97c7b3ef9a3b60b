//! A secret given to every surface appears in nothing that the program writes.

use std::path::Path;

use super::{VALUE, program, said, set};

/// The value as people and programs write it.
fn forms() -> Vec<Vec<u8>> {
    let json = serde_json::to_string(VALUE).expect("text encodes");
    let url: String = VALUE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let plain_url = "k9%22Zq%2Fw%2B%C3%B6-Vb7%20x%5CT2m";
    let hex: String = VALUE.bytes().map(|byte| format!("{byte:02x}")).collect();
    // The middle of its base64 at the three offsets.
    let base64 = [
        "azkiWnEvdyvDti1WYjcgeFxUMm",
        "s5IlpxL3crw7YtVmI3IHhcVDJt",
        "rOSJacS93K8O2LVZiNyB4XFQyb",
    ];
    let mut forms = vec![
        VALUE.to_owned(),
        json[1..json.len() - 1].to_owned(),
        format!("{VALUE:?}").trim_matches('"').to_owned(),
    ];
    forms.extend([url, plain_url.to_owned(), hex]);
    forms.extend(base64.map(str::to_owned));
    // A part of it is too much already.
    forms.extend(["Vb7 x".to_owned(), "k9\"Zq".to_owned(), "x\\T2m".to_owned()]);
    forms.into_iter().map(String::into_bytes).collect()
}

fn is_in(text: &[u8]) -> Option<String> {
    let found = forms()
        .into_iter()
        .find(|form| text.windows(form.len()).any(|part| part == form));
    found.map(|form| String::from_utf8_lossy(&form).into_owned())
}

fn assert_hidden(what: &str, text: &[u8]) {
    if let Some(form) = is_in(text) {
        panic!("{what} holds {form:?}:\n{}", String::from_utf8_lossy(text));
    }
}

/// Every file below the folder: the store, its log, keys, all else.
fn assert_no_file_holds_it(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("is readable").path();
        if path.is_dir() {
            count += assert_no_file_holds_it(&path);
        } else {
            assert_hidden(
                &path.display().to_string(),
                &std::fs::read(&path).expect("is readable"),
            );
            count += 1;
        }
    }
    count
}

#[test]
fn the_forms_are_those_that_leak() {
    for text in [
        VALUE.to_owned(),
        format!("{VALUE:?}"),
        serde_json::json!({ "a": VALUE }).to_string(),
    ] {
        assert!(is_in(text.as_bytes()).is_some(), "{text}");
    }
    assert!(is_in(b"dXNlcjprOSJacS93K8O2LVZiNyB4XFQybQ==").is_some());
}

#[test]
fn a_secret_appears_in_nothing_that_is_written() {
    let folder = tempfile::tempdir().expect("there is a disk");
    let at = folder.path();
    set(at, "API", VALUE);
    let outside = tempfile::tempdir().expect("there is a disk");
    let file = outside.path().join("token");
    std::fs::write(&file, VALUE).expect("there is room");
    let params = outside.path().join("params.json");
    std::fs::write(
        &params,
        serde_json::json!({ "token": VALUE, "leak": "Error" }).to_string(),
    )
    .expect("there is room");
    let (file, params) = (
        format!("file:{}", file.display()),
        params.display().to_string(),
    );
    let runs: [&[&str]; 8] = [
        &["run", "leak", "--name", "stored", "--token", "@API"],
        &[
            "run", "leak", "--name", "by-file", "--token", &file, "--leak", "Error",
        ],
        &["run", "leak", "--name", "by-env", "--leak", "Panic"],
        &[
            "run",
            "leak",
            "--name",
            "result",
            "--token",
            "env:LEAK_TOKEN",
            "--leak",
            "Result",
        ],
        &["run", "leak", "--name", "by-json", "--params", &params],
        &["run", "named", "--name", "named", "--of", "API"],
        &[
            "run",
            "named",
            "--name",
            "named-json",
            "--json",
            "--of",
            "API",
        ],
        &["run", "leak", "--token", VALUE],
    ];
    for (index, run) in runs.iter().enumerate() {
        let mut command = program(at, run);
        command.env("FLOWRT_LOG", "trace").env("LEAK_TOKEN", VALUE);
        if index >= 2 {
            command.env("RUST_BACKTRACE", "1");
        }
        let (output, text) = said(&mut command);
        assert_hidden(&format!("{run:?}"), text.as_bytes());
        let code = output.status.code();
        match index {
            0 | 5 | 6 => assert_eq!(code, Some(0), "{text}"),
            1..=4 => assert_eq!(code, Some(1), "{text}"),
            _ => assert_eq!(code, Some(2), "{text}"),
        }
        if index == 3 {
            assert!(
                text.contains("holds the value of a secret in clear"),
                "{text}"
            );
        }
        if index < 5 {
            assert!(text.contains("•••"), "{text}");
        }
    }
    for name in ["stored", "by-file", "by-env", "result", "by-json"] {
        for verb in [
            &["show"][..],
            &["show", "--json"],
            &["why"],
            &["logs"],
            &["logs", "--json"],
            &["resume", "--yes"],
            &["rerun", "--yes"],
        ] {
            let mut arguments = vec!["runs", verb[0], name];
            arguments.extend(&verb[1..]);
            let (_, text) = said(program(at, &arguments).env("LEAK_TOKEN", VALUE));
            assert_hidden(&format!("{arguments:?}"), text.as_bytes());
        }
    }
    for arguments in [
        &["runs", "ls"][..],
        &["runs", "ls", "--json"],
        &["--json"],
        &["run", "leak", "--help"],
        &["secrets", "ls"],
        &["check"],
        &["store", "export", "stored"],
        &["runs", "watch", "stored"],
    ] {
        let (_, text) = said(program(at, arguments).env("LEAK_TOKEN", VALUE));
        assert_hidden(&format!("{arguments:?}"), text.as_bytes());
    }
    let json = format!("token={}", serde_json::json!(VALUE));
    let (output, text) = said(&mut program(
        at,
        &["runs", "rerun", "stored", "--yes", "--set", &json],
    ));
    assert!(output.status.success(), "{text}");
    assert_hidden("a rerun with a value", text.as_bytes());
    assert!(assert_no_file_holds_it(at) >= 2, "the store and its key");
}
