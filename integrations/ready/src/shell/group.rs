//! A program that leads its own group of processes, all of which end with it, and with us.

use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// Starts the program of its arguments in its own place. Before, it leaves a guard in the group, which reads from the pipe that
/// only this process holds the other end of: its end means that this process is dead, and the guard kills the group.
const GUARDED: &str = "exec 3<&0 </dev/null
(trap '' TERM INT HUP; while read -r line <&3; do :; done; kill -KILL 0) >/dev/null 2>&1 &
exec 3<&-
exec \"$@\"";

/// The command that starts a program under its guard.
pub(super) fn guarded(program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", GUARDED, "sh", program]).args(arguments);
    command
}

/// A running group. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Group {
    child: Child,
    group: Option<Pid>,
    /// Open as long as the group may live.
    _guard: Option<ChildStdin>,
}

impl Group {
    /// # Errors
    /// If the system has no room for another process, or there is no `/bin/sh`.
    pub(super) fn start(mut command: Command) -> std::io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        let guard = child.stdin.take();
        Ok(Self {
            child,
            group,
            _guard: guard,
        })
    }

    /// What the program prints; to be asked for once.
    pub(super) fn pipes(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Waits for the program itself.
    ///
    /// # Errors
    /// If the system does not tell.
    pub(super) async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks the group to end.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills what is left of the group. The guard keeps the group's number from being another's until then.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.group = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // A group that is gone needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
