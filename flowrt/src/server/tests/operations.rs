//! What may be asked of the API is written down: a change of it is a change of this list, and one that people see.

use crate::server::{api, openapi};

/// Method, path and name of each operation, in the order of paths.
const OPERATIONS: &str = include_str!("operations.txt");

#[test]
fn every_operation_is_the_one_that_is_written_down() {
    let document = openapi::document(&api::routes());
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            found.push(format!("{} {path} {id}", method.to_uppercase()));
        }
    }
    found.sort_by(|a, b| a.split(' ').nth(1).cmp(&b.split(' ').nth(1)).then(a.cmp(b)));
    let known: Vec<_> = OPERATIONS.lines().collect();
    assert_eq!(found, known, "all of them:\n{}\n", found.join("\n"));
    let mut ids: Vec<_> = found.iter().map(|line| line.split(' ').nth(2)).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), found.len(), "each has a name of its own");
}
