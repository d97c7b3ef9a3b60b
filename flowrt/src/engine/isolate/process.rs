//! The process of one attempt, and all that it starts: one group, which ends with it.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Socket;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::child::ARGUMENT;
use crate::error::{Error, Result};

/// A child that leads its own group of processes. Dropped, the group is killed.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
}

/// A child that has just begun, and the ways to it.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) process: Process,
    pub(super) link: UnixStream,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

impl Process {
    /// Starts a child of this executable.
    ///
    /// # Errors
    /// If the system has no room for another process or its pipes.
    pub(super) fn start() -> Result<Started> {
        start().map_err(|error| Error::from(error).within("no process could be started for it"))
    }

    /// Asks the whole group to end.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills the whole group and says how the child had ended.
    ///
    /// # Errors
    /// If the system does not tell.
    pub(super) async fn end(mut self) -> std::io::Result<ExitStatus> {
        // Before it is waited for: until then no other process can get its number.
        self.signal(Signal::KILL);
        self.group = None;
        self.child.wait().await
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // A group that is gone needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

fn start() -> std::io::Result<Started> {
    let (ours, theirs) = Socket::pair()?;
    let (program, name) = executable()?;
    let mut command = Command::new(program);
    command
        .arg0(name)
        .arg(ARGUMENT)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command.spawn()?;
    let group = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(std::io::Error::other("a child without its pipes"));
    };
    let process = Process { child, group };
    ours.set_nonblocking(true)?;
    Ok(Started {
        process,
        link: UnixStream::from_std(ours)?,
        stdout,
        stderr,
    })
}

/// What to start, and the name to show for it. Where the system can start the program that runs now, it is that one, even
/// if its file has been replaced by another build meanwhile.
pub(crate) fn executable() -> std::io::Result<(PathBuf, PathBuf)> {
    let file = std::env::current_exe()?;
    let itself = Path::new("/proc/self/exe");
    if itself.exists() {
        Ok((itself.to_owned(), file))
    } else {
        Ok((file.clone(), file))
    }
}
