//! `docs/faults.md` has a row for each fault, and names only tests that exist.

use std::fs;
use std::path::{Path, PathBuf};

/// The faults that are counted there.
const FAULTS: u32 = 92;

/// Those that have a reason in place of a test: other databases, other machines, and what does not exist here.
const WITHOUT_TEST: &[u32] = &[21, 22, 25, 26, 27, 28, 37, 39, 63, 64];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The rows of the tables: number, fault, what is done, tests.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|cells: &Vec<&str>| cells[0].parse::<u32>().is_ok())
        .collect()
}

/// What is wrong with the tests that a row names.
fn fault_of(row: &[&str]) -> Option<String> {
    let [number, _, what, tests] = row else {
        return Some(format!("{row:?} has not four columns"));
    };
    let named: Vec<&str> = tests
        .split('`')
        .filter(|word| word.contains("::"))
        .collect();
    let may_lack = WITHOUT_TEST.iter().any(|may| may.to_string() == **number);
    if named.is_empty() && !(may_lack && what.starts_with('—')) {
        return Some(format!("{number}: neither a test nor a reason"));
    }
    named.iter().find_map(|test| {
        let (file, name) = test.split_once("::")?;
        let text = fs::read_to_string(root().join(file)).unwrap_or_default();
        let is_there = text.contains(&format!("fn {name}("));
        (!is_there).then(|| format!("{number}: there is no `{name}` in {file}"))
    })
}

#[test]
fn each_fault_has_a_row_and_each_test_named_there_exists() {
    let page = fs::read_to_string(root().join("docs/faults.md")).expect("the page is there");
    let rows = rows(&page);
    let numbers: Vec<u32> = rows.iter().filter_map(|row| row[0].parse().ok()).collect();
    assert_eq!(numbers, (1..=FAULTS).collect::<Vec<_>>());
    let faults: Vec<String> = rows.iter().filter_map(|row| fault_of(row)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_test_that_is_not_there_is_found_out() {
    let fault = |tests: &str| fault_of(&["1", "fire", "it burns", tests]);
    let file = "tests/it/faults.rs";
    assert_eq!(
        fault(&format!("`{file}::a_test_that_is_not_there_is_found_out`")),
        None
    );
    assert!(fault(&format!("`{file}::no_such_test`")).is_some());
    assert!(fault("—").is_some());
    let reasoned = |number| fault_of(&[number, "fire", "— it does not burn here", "—"]);
    assert_eq!(reasoned("21"), None);
    assert!(reasoned("1").is_some(), "a dash alone is no way out");
}
