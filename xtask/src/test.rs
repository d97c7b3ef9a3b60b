//! All tests: in the crates, through the public interface, of compile errors, and of the code in documents.
#![allow(
    clippy::disallowed_methods,
    reason = "this program waits for a real one in real time"
)]

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::Step;
use crate::cargo::command;

pub const STEP: Step = Step { name: "test", run };

/// Several times what the tests take on two cores, so that only a test that hangs reaches it.
const AT_MOST: Duration = Duration::from_secs(40 * 60);

/// Without a filter for targets, cargo runs the documentation tests too.
fn run() -> Result<(), String> {
    within(command(&["test", "--workspace", "--no-fail-fast"]), AT_MOST)
}

/// Runs a command no longer than that.
fn within(mut command: Command, limit: Duration) -> Result<(), String> {
    let shown = format!("{command:?}");
    let mut child = command
        .spawn()
        .map_err(|error| format!("{shown} could not be started: {error}"))?;
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("{shown} ended with {status}")),
            Err(error) => return Err(format!("{shown} cannot be waited for: {error}")),
            Ok(None) if started.elapsed() > limit => {
                kill(child);
                return Err(format!(
                    "{shown} did not end within {limit:?}; a test without a result that \"has been running for over 60 seconds\" hangs"
                ));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Ends cargo and what it runs. Not by a process group of its own, which Ctrl-C would not reach.
fn kill(mut child: Child) {
    let parent = child.id().to_string();
    let _ = Command::new("kill").args(["-STOP", &parent]).status();
    let _ = Command::new("pkill")
        .args(["-KILL", "-P", &parent])
        .status();
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_is_ended_with_its_children() {
        let folder = std::env::temp_dir().join(format!("xtask-{}", std::process::id()));
        // The number is there whole or not at all, and a shell that got no turn in its time gets more of it.
        let script = "sleep 600 & echo $! > \"$0.new\"; mv \"$0.new\" \"$0\"; wait";
        let child = (0..7)
            .find_map(|doubled| {
                let mut shell = Command::new("sh");
                shell.args(["-c", script]).arg(&folder);
                let limit = Duration::from_secs(1 << doubled);
                let cause = within(shell, limit).unwrap_err();
                let said = format!("did not end within {limit:?}");
                assert!(cause.contains(&said), "{cause}");
                std::fs::read_to_string(&folder).ok()
            })
            .expect("a shell writes a line within a minute");
        std::fs::remove_file(&folder).unwrap();
        // A signal is sent at once and takes effect when it does.
        let status = format!("/proc/{}/stat", child.trim());
        let waited = Instant::now();
        loop {
            let left = std::fs::read_to_string(&status).unwrap_or_default();
            if !left.contains("(sleep)") || left.contains(") Z ") || left.contains(") X ") {
                break;
            }
            assert!(waited.elapsed() < Duration::from_secs(60), "{left}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn what_ends_by_itself_is_taken_as_it_ended() {
        let hour = Duration::from_secs(3600);
        assert_eq!(within(Command::new("true"), hour), Ok(()));
        assert!(within(Command::new("false"), hour).is_err());
        assert!(within(Command::new("no/such/program"), hour).is_err());
    }
}
