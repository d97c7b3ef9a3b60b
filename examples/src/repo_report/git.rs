//! Running `git` so that neither the user's settings nor the surrounding environment change its answer.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::error::{ReportError, Result};

/// A repository on this machine, read through the program `git`.
#[derive(Debug, Clone, Copy)]
pub struct Git<'a> {
    path: &'a str,
}

impl<'a> Git<'a> {
    /// Takes `path` for a repository; [`Git::commit`] is the first to find out that it is none.
    pub fn at(path: &'a str) -> Self {
        Git { path }
    }

    /// The full id of the commit that `revision` names.
    pub fn commit(self, revision: &str) -> Result<String> {
        if !Path::new(self.path).is_dir() {
            return Err(ReportError::NoSuchFolder(self.path.to_owned()));
        }
        self.text(&["rev-parse", "--git-dir"])?;
        let bad = || ReportError::BadRevision {
            path: self.path.to_owned(),
            revision: revision.to_owned(),
        };
        // A revision that starts with a dash would be taken for an option, and no argument can hold a NUL.
        if revision.is_empty() || revision.starts_with('-') || revision.contains('\0') {
            return Err(bad());
        }
        let wanted = format!("{revision}^{{commit}}");
        match self.text(&["rev-parse", "--verify", "--quiet", &wanted]) {
            Ok(id) => Ok(id),
            Err(ReportError::Git { .. }) if revision == "HEAD" && self.has_no_commits()? => {
                Err(ReportError::Empty(self.path.to_owned()))
            }
            Err(ReportError::Git { .. }) => Err(bad()),
            Err(other) => Err(other),
        }
    }

    /// Runs a subcommand and gives what it wrote, without the line end.
    pub fn text(self, arguments: &[&str]) -> Result<String> {
        let bytes = self.bytes(arguments, "")?;
        Ok(String::from_utf8_lossy(&bytes)
            .trim_end_matches(['\n', '\r'])
            .to_owned())
    }

    /// Runs a subcommand with `input` on its standard input and gives the bytes that it wrote.
    pub fn bytes(self, arguments: &[&str], input: &str) -> Result<Vec<u8>> {
        let output = self
            .run(arguments, input)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => ReportError::GitMissing,
                _ => ReportError::GitNotRun(error),
            })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if message.contains("not a git repository") {
            return Err(ReportError::NotARepository(self.path.to_owned()));
        }
        let message = if message.is_empty() {
            output.status.to_string()
        } else {
            message
        };
        let command = arguments.first().copied().unwrap_or_default().to_owned();
        Err(ReportError::Git {
            path: self.path.to_owned(),
            command,
            message,
        })
    }

    fn run(self, arguments: &[&str], input: &str) -> io::Result<Output> {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        // Git answers while it still reads: with one thread both sides would wait for the other once the pipes are full.
        std::thread::scope(|scope| {
            scope.spawn(move || {
                if let Some(mut stdin) = stdin {
                    // Git may end before it has read everything; its exit status then says why.
                    let _ = stdin.write_all(input.as_bytes());
                }
            });
            child.wait_with_output()
        })
    }

    fn command(self) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.path).arg("--no-pager");
        // Inside a hook these point to another repository than the one asked for.
        for name in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_PREFIX",
            "GIT_COMMON_DIR",
        ] {
            command.env_remove(name);
        }
        // Errors are told apart by their English text.
        command
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0");
        command
    }

    fn has_no_commits(self) -> Result<bool> {
        Ok(self
            .text(&["rev-list", "--max-count=1", "--all"])?
            .is_empty())
    }
}
