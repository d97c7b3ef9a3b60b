//! Each module of flowrt uses only those above it, as `docs/ARCHITECTURE.md` draws them.
//!
//! One crate has no walls between its modules but these.

use std::fs;
use std::path::{Path, PathBuf};

use rules::{Offence, RootNames};

mod rules;
mod source;

#[test]
fn each_module_uses_only_those_above_it() {
    let root = repository().join("flowrt/src");
    let lib = fs::read_to_string(root.join("lib.rs")).expect("flowrt has a lib.rs");
    let names = RootNames::read(&lib);
    let files = rust_files(&root);
    assert!(files.len() > 5, "the sources of flowrt were not found");
    let mut said = String::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file can be read");
        let path = file
            .strip_prefix(&root)
            .expect("a file that was found below the root");
        for Offence { line, message } in rules::offences(path, &text, &names) {
            said.push_str(&format!(
                "\n  flowrt/src/{}:{line}: {message}",
                path.display()
            ));
        }
    }
    assert!(
        said.is_empty(),
        "modules that use what is not above them:{said}\n"
    );
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files below a folder, in order, without what cargo builds.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.') || name == "target");
        if path.is_dir() && !hidden {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

mod tests;
