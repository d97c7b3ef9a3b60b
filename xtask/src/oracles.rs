//! Python's croniter and dateutil, beside which our schedules are held. They come from PyPI, one version of each, into the
//! folder of the build.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::succeed;

const PACKAGES: [&str; 2] = ["croniter==7.0.0", "python-dateutil==4.0.0"];

/// Installs them, unless those versions are there.
pub fn install() -> Result<(), String> {
    let folder = folder();
    if is_installed(&folder) {
        return Ok(());
    }
    eprintln!("installing {}", PACKAGES.join(", "));
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv", "--clear"]).arg(&folder);
    succeed(environment)?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check"])
        .args(PACKAGES);
    succeed(pip)?;
    std::fs::write(folder.join("installed"), PACKAGES.join("\n"))
        .map_err(|error| format!("cannot write in {}: {error}", folder.display()))
}

/// Where the tests look for them.
fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| root.join("target"))
        .join("tools/oracles")
}

fn is_installed(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("installed"))
        .is_ok_and(|installed| installed == PACKAGES.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_not_this_one() {
        let folder = tempfile::tempdir().unwrap();
        for (text, expected) in [
            ("croniter==1.0.0".to_owned(), false),
            (PACKAGES.join("\n"), true),
        ] {
            assert!(!is_installed(&folder.path().join("nowhere")));
            std::fs::write(folder.path().join("installed"), text).unwrap();
            assert_eq!(is_installed(folder.path()), expected);
        }
    }
}
