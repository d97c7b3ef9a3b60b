//! Programs the tests call that are no crates.

use std::path::PathBuf;
use std::process::Command;

use crate::{Step, cargo::succeed, mermaid, python};

pub const STEP: Step = Step { name: "tools", run };

/// A program, and the Debian package that holds it.
struct Tool {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "dot",
        package: "graphviz",
        purpose: "reads the graphs we write as dot",
    },
    Tool {
        program: "xmllint",
        package: "libxml2-utils",
        purpose: "reads the graphs we write as SVG",
    },
    Tool {
        program: "node",
        package: "nodejs",
        purpose: "runs mermaid, which reads the graphs we write for it",
    },
    Tool {
        program: "npm",
        package: "npm",
        purpose: "fetches mermaid",
    },
    Tool {
        program: "chromium",
        package: "chromium",
        purpose: "shows the page",
    },
    Tool {
        program: "chromedriver",
        package: "chromium-driver",
        purpose: "drives the browser that shows the page",
    },
    Tool {
        program: "python3",
        package: "python3-venv",
        purpose: "runs the programs that read the API and schedules as strangers",
    },
];

fn run() -> Result<(), String> {
    install_programs()?;
    mermaid::install()?;
    python::install()
}

fn install_programs() -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|tool| tool.package).collect();
    if !may_install() {
        return Err(advice(&missing));
    }
    eprintln!("installing {}", packages.join(", "));
    apt(&["update", "-qq"])
        .and_then(|()| {
            apt(&[&["install", "-y", "--no-install-recommends"], &packages[..]].concat())
        })
        .map_err(|cause| format!("{cause}; {}", advice(&missing)))
}

fn missing() -> Vec<&'static Tool> {
    TOOLS
        .iter()
        .filter(|tool| on_path(tool.program).is_none())
        .collect()
}

/// What to do where we may not install anything ourselves.
fn advice(missing: &[&Tool]) -> String {
    let programs: Vec<_> = missing
        .iter()
        .map(|tool| format!("{} ({})", tool.program, tool.purpose))
        .collect();
    let packages: Vec<_> = missing.iter().map(|tool| tool.package).collect();
    format!(
        "missing: {}\n   try: sudo apt-get install {}   (or the packages that hold them on your system)",
        programs.join(", "),
        packages.join(" ")
    )
}

/// Only on a system with apt, and as root: nobody should be asked for a password by a test.
fn may_install() -> bool {
    let is_root = || {
        Command::new("id")
            .arg("-u")
            .output()
            .is_ok_and(|output| output.stdout == b"0\n")
    };
    on_path("apt-get").is_some() && is_root()
}

fn apt(arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    succeed(command)
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_names_program_and_package() {
        let said = advice(&[&TOOLS[0], &TOOLS[1]]);
        assert!(
            said.contains("dot (") && said.contains("apt-get install graphviz libxml2-utils"),
            "{said}"
        );
    }

    #[test]
    fn looks_along_the_path() {
        assert!(on_path("sh").is_some());
        assert!(on_path("no-such-program-anywhere").is_none());
    }
}
