//! Mermaid itself, which reads the graphs we write for it. It comes from npm, one version, into the folder of the build.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::succeed;

const VERSION: &str = "11.17.2";

/// Installs it, unless that version is there.
pub fn install() -> Result<(), String> {
    let folder = folder();
    if is_installed(&folder) {
        return Ok(());
    }
    eprintln!("installing mermaid {VERSION}");
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--no-save",
    ])
    .arg(format!("mermaid@{VERSION}"))
    .arg("--prefix")
    .arg(&folder);
    succeed(npm)
}

/// Where the tests look for it.
fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| root.join("target"))
        .join("tools/mermaid")
}

fn is_installed(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("node_modules/mermaid/package.json"))
        .is_ok_and(|package| package.contains(&format!("\"version\": \"{VERSION}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_not_this_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_installed(folder.path()));
        let package = folder.path().join("node_modules/mermaid");
        std::fs::create_dir_all(&package).unwrap();
        for (version, expected) in [("1.0.0", false), (VERSION, true)] {
            let text = format!("{{\n  \"version\": \"{version}\"\n}}");
            std::fs::write(package.join("package.json"), text).unwrap();
            assert_eq!(is_installed(folder.path()), expected);
        }
    }
}
