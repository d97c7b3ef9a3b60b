//! A program or a script as a task.

mod group;
mod pipes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::time::Duration;

use flowrt::{Error, Result, Secret, TaskContext, task};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use group::Group;
use pipes::Heard;

/// How many lines of output are kept in the log unless said otherwise.
const LINES: u64 = 10_000;

/// How long the pipes of a program that has ended are read: one that it left behind may hold them open.
const DRAIN: Duration = Duration::from_millis(300);

/// What to run, where, and how its end is to be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shell {
    program: String,
    arguments: Vec<String>,
    env: BTreeMap<String, String>,
    secrets: BTreeMap<String, Secret<String>>,
    folder: Option<String>,
    fine: Vec<i32>,
    fatal: Vec<i32>,
    lines: u64,
}

/// How a program ended, and what it said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Its exit code: 0, or one that was declared to be fine.
    pub code: i32,
    /// The last line on its stdout that is not empty; empty if there was none. Of a line of more than 8 MiB its beginning.
    pub last: String,
    /// Whether that is not all of the last line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
    /// How many lines it printed on stdout and stderr.
    pub lines: u64,
}

impl Said {
    /// The last line as JSON: what a script says its result is.
    ///
    /// # Errors
    /// If it is no JSON of that type, or longer than what is kept of it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if self.is_cut {
            let most = pipes::LAST_BYTES >> 20;
            return Err(Error::fatal(format!(
                "the last line of the output is longer than {most} MiB"
            ))
            .or_try("let the program write it into a file, and print the name of the file"));
        }
        serde_json::from_str(&self.last).map_err(|error| {
            Error::fatal(format!(
                "the last line of the output is not the JSON that is wanted: {error}"
            ))
            .or_try(
                "print the result last, as one line of JSON on stdout; what else is said can go to stderr",
            )
        })
    }
}

impl Shell {
    /// A program with its arguments, without any shell between.
    pub fn program(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            folder: None,
            fine: vec![0],
            fatal: Vec::new(),
            lines: LINES,
        }
    }

    /// A script of `sh`, which stops at the first command that fails (`set -e`).
    pub fn script(text: impl Into<String>) -> Self {
        Self::program("sh").args(["-e".to_owned(), "-c".to_owned(), text.into()])
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// A variable of its environment, besides those of this process.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// A secret in its environment: recorded by reference or encrypted, and shown as `•••` wherever the program prints it.
    #[must_use]
    pub fn secret_env(mut self, name: impl Into<String>, value: Secret<String>) -> Self {
        self.secrets.insert(name.into(), value);
        self
    }

    /// The folder to run in, instead of that of this process.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<String>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Exit codes besides 0 that are no failure.
    #[must_use]
    pub fn fine(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.fine.extend(codes);
        self
    }

    /// Exit codes after which another attempt is of no use.
    #[must_use]
    pub fn fatal(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.fatal.extend(codes);
        self
    }

    /// How many lines of output the log keeps [default: 10,000]; the rest is only counted.
    #[must_use]
    pub fn keep_lines(mut self, lines: u64) -> Self {
        self.lines = lines;
        self
    }

    /// Runs it, as part of the task whose context that is. Each line goes into the attempt's log as it comes: those of
    /// stdout with the level info, those of stderr as warnings. Its stdin is empty.
    ///
    /// It leads a group of processes of its own. On cancel the group gets SIGTERM; when this future is dropped (a timeout,
    /// the end of the grace) and when the process that runs the task dies, SIGKILL.
    ///
    /// # Errors
    /// If it cannot be started, or ends with a code that is not fine; the last lines of its stderr are the cause.
    pub async fn run(&self, ctx: &TaskContext) -> Result<Said> {
        let mut group =
            Group::start(self.command(ctx)?).map_err(|error| Error::from(error).into_std())?;
        let (stdout, stderr) = group.pipes();
        let mut heard = Heard::new(self.lines);
        let status = {
            let mut listening = std::pin::pin!(heard.listen(stdout, stderr));
            let mut told = false;
            let mut is_silent = false;
            let status = loop {
                tokio::select! {
                    status = group.ended() => break status?,
                    () = &mut listening, if !is_silent => is_silent = true,
                    () = ctx.on_cancel(), if !told => {
                        told = true;
                        group.terminate();
                    }
                }
            };
            group.kill();
            if !is_silent {
                // Whatever it left behind in another group may hold the pipes open.
                let _ = tokio::time::timeout(DRAIN, listening).await;
            }
            status
        };
        heard.close();
        self.judge(status, &heard, ctx.cancelled())
    }

    fn command(&self, ctx: &TaskContext) -> Result<Command> {
        let mut command = group::guarded(&self.program, &self.arguments);
        command.envs(&self.env);
        for (name, value) in &self.secrets {
            command.env(name, value.reveal()?);
        }
        if let Some(folder) = &self.folder {
            if !std::path::Path::new(folder).is_dir() {
                return Err(Error::fatal(format!(
                    "there is no folder `{folder}` to run `{}` in",
                    self.shown()
                ))
                .or_try("make it before, or give another one to `.folder(…)`"));
            }
            command.current_dir(folder);
        }
        command.env("FLOWRT_IDEMPOTENCY_KEY", ctx.idempotency_key());
        command.env("FLOWRT_LOGICAL_TIME", ctx.logical_time().to_string());
        command.env("FLOWRT_ATTEMPT", ctx.attempt().to_string());
        Ok(command)
    }

    /// What it is called in errors: its first words.
    fn shown(&self) -> String {
        let words: Vec<&str> = match self.arguments.as_slice() {
            [flag, dash_c, script] if self.program == "sh" && flag == "-e" && dash_c == "-c" => {
                vec![script.trim().lines().next().unwrap_or_default()]
            }
            arguments => std::iter::once(self.program.as_str())
                .chain(arguments.iter().take(2).map(String::as_str))
                .collect(),
        };
        let mut text: String = words.join(" ").chars().take(80).collect();
        if text.len() < words.join(" ").len() {
            text.push('…');
        }
        text
    }

    /// What may help against that exit code, where the code says why.
    fn hint(&self, code: Option<i32>) -> Option<String> {
        match code? {
            126 => Some(
                "make the file executable (`chmod +x`), and name its interpreter in its first line"
                    .to_owned(),
            ),
            127 => Some("install it, or give its whole path; it is looked for in PATH".to_owned()),
            code if self.fatal.contains(&code) => None,
            code => Some(format!(
                "all that it said is in the log of the attempt (`runs logs`); if {code} is no failure, say `.fine([{code}])`"
            )),
        }
    }

    fn judge(&self, status: ExitStatus, heard: &Heard, is_cancelled: bool) -> Result<Said> {
        use std::os::unix::process::ExitStatusExt;
        let shown = self.shown();
        if let Some(code) = status.code().filter(|code| self.fine.contains(code)) {
            return Ok(Said {
                code,
                last: heard.last.clone(),
                is_cut: heard.is_cut,
                lines: heard.lines,
            });
        }
        let what = match (status.code(), status.signal()) {
            _ if is_cancelled => format!("`{shown}` was cancelled"),
            (Some(126), _) => {
                format!("`{shown}` is not a program that may be started (exit code 126)")
            }
            (Some(127), _) => format!("`{shown}`: there is no such program (exit code 127)"),
            (Some(code), _) => format!("`{shown}` ended with exit code {code}"),
            (None, Some(signal)) => format!("`{shown}` was killed by signal {signal}"),
            (None, None) => format!("`{shown}` ended without a code"),
        };
        let error = Error::from(caused(what, heard.last_words()));
        let is_fatal = status
            .code()
            .is_some_and(|code| matches!(code, 126 | 127) || self.fatal.contains(&code));
        let error = if is_fatal { Error::fatal(error) } else { error };
        Err(match self.hint(status.code()).filter(|_| !is_cancelled) {
            Some(hint) => error.or_try(hint),
            None => error,
        })
    }
}

/// An error with what the program said last as its cause.
fn caused(what: String, words: String) -> Box<dyn std::error::Error + Send + Sync> {
    if words.is_empty() {
        return what.into();
    }
    Box::new(Ended {
        what,
        words: Words(words),
    })
}

#[derive(Debug)]
struct Ended {
    what: String,
    words: Words,
}

#[derive(Debug)]
struct Words(String);

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Ended {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.words)
    }
}

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Words {}

/// Runs a program or a script; its output is the attempt's log, its last line the result.
#[task]
pub async fn shell(what: Shell, ctx: &TaskContext) -> Result<Said> {
    what.run(ctx).await
}
