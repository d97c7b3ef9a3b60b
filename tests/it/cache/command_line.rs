//! The cache as a person sees it, over processes.

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

struct Shop(TempDir);

impl Shop {
    fn call(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_thrifty"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("FLOWRT_STORE")
            .output()
            .expect("the program runs")
    }

    fn said(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.said(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).expect("one JSON value")
    }

    fn computed(&self) -> usize {
        let ledger = std::fs::read_to_string(self.0.path().join("ledger"));
        ledger.unwrap_or_default().lines().count()
    }
}

#[test]
fn hits_are_shown_with_their_run_and_can_be_cleared() {
    let shop = Shop(tempfile::tempdir().expect("a folder"));
    shop.said(&["run", "buy", "--items", "2", "--name", "first"]);
    let second = shop.json(&["run", "buy", "--items", "3", "--name", "second"]);
    assert_eq!(second["result"], serde_json::json!([0, 100, 200]));
    assert_eq!(second["tasks"]["cached"], 2, "{second}");
    assert_eq!(shop.computed(), 3);

    let shown = shop.said(&["runs", "show", "second"]);
    assert!(shown.contains("no. 1 · cached · from first"), "{shown}");
    let shown = shop.json(&["runs", "show", "second"]);
    let steps = shown["steps"].as_array().expect("a list");
    let hit = steps.iter().find(|step| step["step"] == "dear[1]");
    let hit = hit.expect("the step");
    assert_eq!(
        (&hit["state"], &hit["label"]),
        (&"Cached".into(), &"no. 1".into())
    );
    assert!(hit["reused_from"].is_string(), "{hit}");
    let listed = shop.said(&["runs", "ls"]);
    assert!(listed.contains("2 cached"), "{listed}");

    let kept = shop.json(&["cache", "ls", "--task", "dear"]);
    assert_eq!(kept.as_array().map(Vec::len), Some(3), "{kept}");
    assert_eq!(kept[0]["run"], "second");
    assert!(shop.said(&["cache"]).contains("first/dear[0]"));

    shop.said(&["run", "buy", "--items", "1", "--no-cache"]);
    assert_eq!(shop.computed(), 4);
    shop.said(&["run", "buy", "--items", "1", "--refresh"]);
    assert_eq!(shop.computed(), 5);
    assert_eq!(
        shop.json(&["cache", "clear", "--older-than", "1h"])["cleared"],
        0
    );
    assert_eq!(
        shop.json(&["cache", "clear", "--task", "dear"])["cleared"],
        3
    );
    assert_eq!(shop.json(&["cache", "ls"]), serde_json::json!([]));
    shop.said(&["run", "buy", "--items", "1"]);
    assert_eq!(shop.computed(), 6);
}

#[test]
fn what_cannot_be_is_said() {
    let shop = Shop(tempfile::tempdir().expect("a folder"));
    let both = shop.call(&["run", "buy", "--items", "1", "--no-cache", "--refresh"]);
    assert_eq!(both.status.code(), Some(2));
    assert_eq!(shop.computed(), 0, "nothing was started");
    let age = shop.call(&["cache", "clear", "--older-than", "soon"]);
    assert_eq!(age.status.code(), Some(2));
    let said = String::from_utf8_lossy(&age.stderr).into_owned();
    assert!(said.contains("soon"), "{said}");
}
