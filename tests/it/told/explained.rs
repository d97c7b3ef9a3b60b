//! The few lines that explain a failure.

use serde_json::Value;

use super::{text, told};

/// The lines do not say how long before a failure something was said.
fn has_warning(said: &str, warning: &str) -> bool {
    said.lines()
        .any(|line| line.contains("before: ") && line.ends_with(warning))
}

#[test]
fn equal_causes_of_a_fan_out_are_one_and_the_last_warnings_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = told(folder.path(), &["run", "scatter", "--name", "wide"]);
    assert_eq!(ran.status.code(), Some(1));
    let shown = text(&told(folder.path(), &["runs", "show", "wide"]).stdout);
    for said in [text(&ran.stderr), shown] {
        assert!(
            said.contains("15 of 100 items of item failed, 2 causes"),
            "{said}"
        );
        assert!(
            said.contains("10 × item ") && said.contains("5 × the page is gone"),
            "{said}"
        );
    }
    let shown = text(&told(folder.path(), &["runs", "show", "wide", "--json"]).stdout);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let causes = shown["digest"]["causes"].as_array().expect("causes");
    assert_eq!(
        (causes.len(), &shown["digest"]["failed"]),
        (2, &Value::from(15))
    );
    let priced = causes
        .iter()
        .find(|cause| cause["count"] == 10)
        .expect("ten of them");
    assert_eq!(priced["earlier"][0][1], "the office is closed", "{priced}");
    assert!(
        priced["location"]
            .as_str()
            .is_some_and(|at| at.contains("told.rs:")),
        "{priced}"
    );
}

#[test]
fn a_failure_is_explained_with_what_was_warned_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = text(&told(folder.path(), &["run", "import", "--name", "one"]).stderr);
    assert!(said.contains("  file-1 is not there\n"), "{said}");
    assert!(has_warning(&said, "WARN looked in 3 folders"), "{said}");
    let shown = text(&told(folder.path(), &["runs", "show", "one"]).stdout);
    assert!(has_warning(&shown, "WARN looked in 3 folders"), "{shown}");
}

#[test]
fn the_cause_in_a_child_run_is_told_from_there() {
    let folder = tempfile::tempdir().expect("a folder");
    told(folder.path(), &["run", "above", "--name", "top"]);
    let shown = text(&told(folder.path(), &["runs", "show", "top", "--json"]).stdout);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let first = &shown["digest"]["causes"][0];
    assert!(
        first["step"]
            .as_str()
            .is_some_and(|step| step.starts_with("item[")),
        "{first}"
    );
    assert!(first["run"].is_string(), "{first}");
}

#[test]
fn what_completed_has_nothing_to_explain() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = text(&told(folder.path(), &["run", "fine", "--json"]).stdout);
    let ran: Value = serde_json::from_str(&ran).expect("JSON");
    assert!(ran["digest"].is_null());
}
