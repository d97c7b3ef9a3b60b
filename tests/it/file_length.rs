//! A file that has grown past 500 lines holds more than one idea, unless its first lines say why it must.

use std::fs;

use crate::layering::{repository, rust_files};

const MOST: usize = 500;
const REASON: &str = "//! Long because ";

#[test]
fn no_file_is_long_without_a_reason() {
    let root = repository();
    let files = rust_files(&root);
    assert!(files.len() > 10, "the sources were not found");
    let mut said = String::new();
    for file in files {
        let path = file
            .strip_prefix(&root)
            .expect("a file that was found below the root");
        let text = fs::read_to_string(&file).expect("a source file can be read");
        // Compile errors and what they say are kept together, so those cases may be as long as they like.
        let is_case = path.iter().any(|part| part == "ui");
        if let Some(lines) = too_long(&text).filter(|_| !is_case) {
            said.push_str(&format!("\n  {}: {lines} lines", path.display()));
        }
    }
    assert!(
        said.is_empty(),
        "files above {MOST} lines that do not begin with `{REASON}…`:{said}\n"
    );
}

/// How many lines a file has that is too long.
fn too_long(text: &str) -> Option<usize> {
    let lines = text.lines().count();
    let gives_a_reason = || {
        text.lines()
            .take(10)
            .any(|line| line.starts_with(REASON) && line.len() > REASON.len())
    };
    (lines > MOST && !gives_a_reason()).then_some(lines)
}

#[test]
fn a_long_file_needs_a_reason() {
    let body = "x\n".repeat(500);
    assert_eq!(too_long(&body), None);
    assert_eq!(too_long(&format!("{body}x\n")), Some(501));
    assert_eq!(
        too_long(&format!(
            "//! A table.\n//! Long because a table is read as a whole.\n{body}"
        )),
        None
    );
    assert_eq!(too_long(&format!("//! Long because \n{body}")), Some(501));
}
