//! The soak is a program of the tests: it is built, and told what the person asked for.

use std::process::ExitCode;

use crate::cargo::{cargo, command};

/// Builds the program `soaked` and runs it with these arguments: its ledger, and its exit code, are the answer.
pub fn run(arguments: &[String]) -> ExitCode {
    let program = ["-p", "flowrt-tests", "--bin", "soaked"];
    if let Err(cause) = cargo(&[&["build"], program.as_slice()].concat()) {
        eprintln!("xtask: {cause}");
        return ExitCode::FAILURE;
    }
    let mut run = command(&[&["run", "--quiet"], program.as_slice(), &["--"]].concat());
    match run.args(arguments).status() {
        Ok(status) => match u8::try_from(status.code().unwrap_or(1)) {
            Ok(code) => ExitCode::from(code),
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            eprintln!("xtask: the soak could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}
