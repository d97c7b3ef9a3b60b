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

pub(super) fn assert_hidden(what: &str, text: &[u8]) {
    if let Some(form) = is_in(text) {
        panic!("{what} holds {form:?}:\n{}", String::from_utf8_lossy(text));
    }
}

/// Every file below the folder: the store, its log, keys, all else.
pub(super) fn assert_no_file_holds_it(folder: &Path) -> usize {
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

/// The arguments of a run, and how it ends.
type Run<'a> = (&'a [&'a str], i32);

fn assert_runs_hide_it(at: &Path, file: &str, params: &str) {
    let runs: [Run<'_>; 9] = [
        (
            &[
                "run",
                "published",
                "--name",
                "published",
                "--token",
                "@API",
                "--of",
                "API",
            ],
            1,
        ),
        (&["run", "leak", "--name", "stored", "--token", "@API"], 0),
        (
            &[
                "run", "leak", "--name", "by-file", "--token", file, "--leak", "Error",
            ],
            1,
        ),
        (&["run", "leak", "--name", "by-env", "--leak", "Panic"], 1),
        (
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
            1,
        ),
        (&["run", "leak", "--name", "by-json", "--params", params], 1),
        (&["run", "named", "--name", "named", "--of", "API"], 0),
        (
            &[
                "run",
                "named",
                "--name",
                "named-json",
                "--json",
                "--of",
                "API",
            ],
            0,
        ),
        (&["run", "leak", "--token", VALUE], 2),
    ];
    for backtrace in ["0", "1"] {
        for (arguments, code) in runs {
            let mut command = program(at, arguments);
            command.env("FLOWRT_LOG", "trace").env("LEAK_TOKEN", VALUE);
            let (output, text) = said(command.env("RUST_BACKTRACE", backtrace));
            assert_hidden(&format!("{arguments:?}"), text.as_bytes());
            assert_eq!(output.status.code(), Some(code), "{text}");
            if arguments.contains(&"leak") && code < 2 {
                assert!(text.contains("•••"), "{text}");
            }
            if arguments.contains(&"Result") {
                assert!(text.contains("the value of a secret in clear"), "{text}");
            }
        }
    }
}

fn assert_commands_hide_it(at: &Path) {
    let one = |arguments: &[&str]| {
        let (_, text) = said(program(at, arguments).env("LEAK_TOKEN", VALUE));
        assert_hidden(&format!("{arguments:?}"), text.as_bytes());
    };
    for name in [
        "stored",
        "by-file",
        "by-env",
        "result",
        "by-json",
        "published",
    ] {
        for verb in ["show", "why", "logs", "watch", "resume", "rerun"] {
            let mut arguments = vec!["runs", verb, name];
            if ["resume", "rerun"].contains(&verb) {
                arguments.push("--yes");
            }
            one(&arguments);
            arguments.push("--json");
            one(&arguments);
        }
    }
    one(&["runs", "ls"]);
    one(&["runs", "ls", "--json"]);
    one(&["artifacts", "ls"]);
    one(&["artifacts", "ls", "--json"]);
    for key in ["table", "text", "link", "named", "apart"] {
        for verb in ["show", "get"] {
            let (output, text) = said(&mut program(at, &["artifacts", verb, key]));
            assert!(output.status.success(), "{key} is there: {text}");
            assert_hidden(key, text.as_bytes());
        }
        one(&["artifacts", "show", key, "--json"]);
    }
    one(&["--json"]);
    one(&["run", "leak", "--help"]);
    one(&["secrets", "ls", "--json"]);
    one(&["check"]);
    let json = format!("token={}", serde_json::json!(VALUE));
    one(&["runs", "rerun", "stored", "--yes", "--set", &json]);
}

#[test]
fn a_secret_appears_in_nothing_that_is_written() {
    let folder = tempfile::tempdir().expect("there is a disk");
    let at = folder.path();
    set(at, "API", VALUE);
    let outside = tempfile::tempdir().expect("there is a disk");
    let given = |name: &str, text: &str| {
        let path = outside.path().join(name);
        std::fs::write(&path, text).expect("there is room");
        path.display().to_string()
    };
    let file = format!("file:{}", given("token", VALUE));
    let params = serde_json::json!({ "token": VALUE, "leak": "Error" });
    assert_runs_hide_it(at, &file, &given("params.json", &params.to_string()));
    assert_commands_hide_it(at);
    for (name, bundle) in [
        ("by-json", "bundle"),
        ("result", "other"),
        ("published", "artifacts"),
    ] {
        let (output, text) = said(&mut program(
            at,
            &["store", "export", name, "--output", bundle],
        ));
        assert!(output.status.success(), "{text}");
        assert_hidden("an export", text.as_bytes());
    }
    assert!(assert_no_file_holds_it(at) >= 4, "store, key, exports");
}
