//! A flow that calls itself: how much each folder holds, with a run of its own for every folder.
//!
//! A call of a flow inside a flow is a child run: it has its own record, can be looked at by itself, and is not done again when
//! the whole is resumed. Here the flow is its own child. That is fine for an `async` flow as long as it ends somewhere: a folder
//! without folders calls nothing. (DAG flows that call each other in a circle do not compile, since their graph is drawn before
//! anything runs.) How deep child runs may nest has a limit, and reaching it is an error of its own kind.

use std::fs;

use flowrt::prelude::*;
use serde::{Deserialize, Serialize};

/// What lies directly in a folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Folder {
    /// Bytes of its files.
    bytes: u64,
    files: u64,
    /// The paths of its folders, sorted.
    folders: Vec<String>,
}

/// What a folder holds, with everything below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Size {
    bytes: u64,
    files: u64,
    /// How many folders lie one within the other below it.
    depth: u32,
}

/// Reads one folder. Links are not followed: a circle of them would never end.
#[task]
fn read_folder(path: String) -> Result<Folder> {
    let mut folder = Folder {
        bytes: 0,
        files: 0,
        folders: Vec::new(),
    };
    let entries =
        fs::read_dir(&path).map_err(|error| format!("cannot read the folder {path}: {error}"))?;
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            folder
                .folders
                .push(entry.path().to_string_lossy().into_owned());
        } else if kind.is_file() {
            folder.files += 1;
            folder.bytes += entry.metadata()?.len();
        }
    }
    folder.folders.sort();
    Ok(folder)
}

/// How much a folder holds, with all folders below it.
#[flow]
pub async fn tree(#[arg(default = ".", help = "the folder")] path: String) -> Result<Size> {
    let here = read_folder(path).await?;
    let below = map(here.folders, tree).await?;
    Ok(Size {
        bytes: here.bytes + below.iter().map(|size| size.bytes).sum::<u64>(),
        files: here.files + below.iter().map(|size| size.files).sum::<u64>(),
        depth: below.iter().map(|size| size.depth + 1).max().unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use flowrt::ops::RunFilter;
    use flowrt::testing;

    use super::*;

    fn made() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, bytes: usize| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![b'x'; bytes]).unwrap();
        };
        write("a/one", 10);
        write("a/b/two", 20);
        write("a/b/c/three", 30);
        write("d/four", 40);
        root
    }

    fn text(path: &Path) -> String {
        path.to_string_lossy().into_owned()
    }

    #[tokio::test]
    async fn every_folder_is_a_run_of_its_own() {
        let root = made();
        let engine = testing::Engine::new();
        let size = engine.run(tree(text(root.path()))).await.unwrap();
        let expected = Size {
            bytes: 100,
            files: 4,
            depth: 3,
        };
        assert_eq!(size, expected);
        assert_eq!(engine.runs(RunFilter::default()).await.unwrap().len(), 5);
    }

    #[tokio::test]
    async fn a_crash_anywhere_in_the_tree_changes_nothing() {
        let root = made();
        let engine = testing::Engine::new();
        let sweep = engine
            .crash_everywhere(|| tree(text(root.path())))
            .await
            .unwrap();
        assert_eq!(sweep.value.bytes, 100);
        assert!(sweep.crashes > 10);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let root = made();
        let missing = text(&root.path().join("missing"));
        let failed = testing::Engine::new().run(tree(missing.clone())).await;
        assert!(failed.unwrap_err().message().contains(&missing));
    }
}
