//! Programs in Python that read our API as strangers: an OpenAPI validator, and one that makes requests from the document;
//! and two that read schedules, beside which ours are held. They come from PyPI, each in one version, into the folder of the build.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::succeed;

const PACKAGES: &[&str] = &[
    "openapi-spec-validator==0.9.0",
    "schemathesis==4.32.5",
    "croniter==7.0.0",
    "python-dateutil==4.0.0",
];

/// Says what is installed, so that another version is installed anew.
const MARK: &str = "packages.txt";

/// Installs them, unless those versions are there.
pub fn install() -> Result<(), String> {
    let folder = folder();
    if is_installed(&folder) {
        return Ok(());
    }
    eprintln!("installing {}", PACKAGES.join(", "));
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    succeed(venv)?;
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"])
        .args(PACKAGES);
    succeed(pip)?;
    std::fs::write(folder.join(MARK), PACKAGES.join("\n"))
        .map_err(|error| format!("cannot write into {}: {error}", folder.display()))
}

/// Where the tests look for them.
fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| root.join("target"))
        .join("tools/python")
}

fn is_installed(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join(MARK)).is_ok_and(|there| there == PACKAGES.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_versions_are_not_these() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_installed(folder.path()));
        std::fs::write(folder.path().join(MARK), "schemathesis==1.0").unwrap();
        assert!(!is_installed(folder.path()));
        std::fs::write(folder.path().join(MARK), PACKAGES.join("\n")).unwrap();
        assert!(is_installed(folder.path()));
    }
}
