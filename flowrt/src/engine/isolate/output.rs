//! What an isolated body prints: lines of its attempt's log, and the last words of one that dies.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};

use crate::logs::LOG_LINE_BYTES_MAX;

/// How many lines of stderr an error quotes.
const LAST_LINES: usize = 10;

/// How much of such a line it quotes.
const LAST_LINE_BYTES: usize = 500;

/// The pipes of a child.
#[derive(Debug)]
pub(super) struct Output {
    stdout: Lines<ChildStdout>,
    stderr: Lines<ChildStderr>,
    last: VecDeque<String>,
}

impl Output {
    pub(super) fn new(stdout: ChildStdout, stderr: ChildStderr) -> Self {
        Self {
            stdout: Lines::new(stdout),
            stderr: Lines::new(stderr),
            last: VecDeque::new(),
        }
    }

    /// Takes lines into the log until both pipes are closed. Loses nothing if it is dropped and called again.
    pub(super) async fn pump(&mut self) {
        while self.stdout.open || self.stderr.open {
            tokio::select! {
                () = self.stdout.fill(), if self.stdout.open => {
                    while let Some(line) = self.stdout.next() {
                        tracing::info!(target: "stdout", "{line}");
                    }
                }
                () = self.stderr.fill(), if self.stderr.open => {
                    while let Some(line) = self.stderr.next() {
                        tracing::warn!(target: "stderr", "{line}");
                        self.last.push_back(shortened(line));
                        if self.last.len() > LAST_LINES {
                            self.last.pop_front();
                        }
                    }
                }
            }
        }
    }

    /// The last lines on stderr.
    pub(super) fn last_words(&self) -> String {
        let lines: Vec<&str> = self.last.iter().map(|line| line.trim_end()).collect();
        lines.join("\n").trim().to_owned()
    }
}

fn shortened(mut line: String) -> String {
    if line.len() > LAST_LINE_BYTES {
        line.truncate(line.floor_char_boundary(LAST_LINE_BYTES));
        line.push('…');
    }
    line
}

/// A pipe cut into lines. A line that does not end is cut where a kept line would be.
#[derive(Debug)]
struct Lines<R> {
    pipe: R,
    held: Vec<u8>,
    /// How much of what is held was searched for the end of a line.
    searched: usize,
    open: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(pipe: R) -> Self {
        Self {
            pipe,
            held: Vec::new(),
            searched: 0,
            open: true,
        }
    }

    async fn fill(&mut self) {
        self.held.reserve(8 << 10);
        if !matches!(self.pipe.read_buf(&mut self.held).await, Ok(1..)) {
            self.open = false;
        }
    }

    fn next(&mut self) -> Option<String> {
        let end = self.held[self.searched..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|end| self.searched + end);
        self.searched = self.held.len();
        let (end, whole) = match end {
            Some(end) => (end, end + 1),
            None if self.held.len() > LOG_LINE_BYTES_MAX || !self.open && !self.held.is_empty() => {
                (self.held.len(), self.held.len())
            }
            None => return None,
        };
        self.searched = 0;
        let line = String::from_utf8_lossy(&self.held[..end]);
        let line = line.strip_suffix('\r').unwrap_or(&line).to_owned();
        self.held.drain(..whole);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(mut text: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(&mut text);
        let mut all = Vec::new();
        while lines.open {
            lines.fill().await;
            while let Some(line) = lines.next() {
                all.push(line);
            }
        }
        all
    }

    #[tokio::test]
    async fn lines_are_whole_whatever_ends_them() {
        assert_eq!(lines_of(b"").await, [""; 0]);
        assert_eq!(lines_of(b"one\r\n\ntwo").await, ["one", "", "two"]);
        assert_eq!(lines_of(b"\xff\n").await, ["\u{fffd}"]);
    }

    #[tokio::test]
    async fn a_line_without_end_is_cut() {
        let text = vec![b'x'; 3 * LOG_LINE_BYTES_MAX];
        let lines = lines_of(&text).await;
        assert!(lines.len() >= 2);
        assert_eq!(lines.concat().len(), text.len());
    }
}
