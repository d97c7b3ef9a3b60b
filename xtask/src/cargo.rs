//! Running programs in the root of the repository.

use std::path::Path;
use std::process::Command;

/// Runs cargo and shows what it says.
pub fn cargo(arguments: &[&str]) -> Result<(), String> {
    succeed(command(arguments))
}

/// Runs cargo and returns what it writes on its standard output.
pub fn read_cargo(arguments: &[&str]) -> Result<String, String> {
    let output = command(arguments)
        .output()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "`cargo {}` ended with {}\n{said}",
            arguments.join(" "),
            output.status
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The same cargo that runs this program, in the root of the repository.
pub fn command(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command
}

/// Runs a program to its end, and names it if it fails.
pub fn succeed(mut command: Command) -> Result<(), String> {
    let words: Vec<_> = command
        .get_args()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let shown = format!("{program} {}", words.join(" "));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(error) => Err(format!("`{shown}` could not be started: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command() {
        let cause = cargo(&["no-such-command"]).unwrap_err();
        assert!(
            cause.starts_with("`cargo no-such-command` ended with"),
            "{cause}"
        );
        assert!(
            succeed(Command::new("no/such/program"))
                .unwrap_err()
                .contains("could not be started")
        );
        assert!(read_cargo(&["no-such-command"]).is_err());
    }
}
