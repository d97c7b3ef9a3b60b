//! What a program prints, line by line.

use std::collections::VecDeque;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// A longer line is cut into several.
const LINE_BYTES: usize = 16 << 10;

/// How many lines of stderr an error quotes, and how much of each.
const LAST_LINES: usize = 10;
const LAST_LINE_CHARS: usize = 500;

/// What was heard so far.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) lines: u64,
    /// The last line of stdout that says something.
    pub(super) last: String,
    words: VecDeque<String>,
    kept: u64,
}

enum Line {
    Out(String),
    Err(String),
}

impl Heard {
    /// The log keeps so many lines.
    pub(super) fn new(kept: u64) -> Self {
        Self {
            lines: 0,
            last: String::new(),
            words: VecDeque::new(),
            kept,
        }
    }

    /// Takes lines into the log until both pipes are closed.
    pub(super) async fn listen(
        &mut self,
        stdout: Option<impl AsyncRead + Unpin>,
        stderr: Option<impl AsyncRead + Unpin>,
    ) {
        let mut out = Lines::new(stdout);
        let mut err = Lines::new(stderr);
        loop {
            // What is read is kept in `Lines`, so a branch that is not taken loses nothing.
            let line = tokio::select! {
                Some(line) = out.next() => Line::Out(line),
                Some(line) = err.next() => Line::Err(line),
                else => return,
            };
            self.take(line);
        }
    }

    fn take(&mut self, line: Line) {
        self.lines += 1;
        let is_kept = self.lines <= self.kept;
        match line {
            Line::Out(line) => {
                if is_kept {
                    tracing::info!(target: "stdout", "{line}");
                }
                if !line.trim().is_empty() {
                    self.last = line;
                }
            }
            Line::Err(line) => {
                if is_kept {
                    tracing::warn!(target: "stderr", "{line}");
                }
                self.words
                    .push_back(line.chars().take(LAST_LINE_CHARS).collect());
                if self.words.len() > LAST_LINES {
                    self.words.pop_front();
                }
            }
        }
    }

    /// Says what the log does not have.
    pub(super) fn close(&self) {
        if let Some(more) = self.lines.checked_sub(self.kept).filter(|more| *more > 0) {
            tracing::info!(target: "stdout", "and {more} more lines, which are not kept");
        }
    }

    /// The last lines of stderr.
    pub(super) fn last_words(&self) -> String {
        let lines: Vec<&str> = self.words.iter().map(|line| line.trim_end()).collect();
        lines.join("\n").trim().to_owned()
    }
}

struct Lines<R> {
    pipe: Option<BufReader<R>>,
    held: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(pipe: Option<R>) -> Self {
        Self {
            pipe: pipe.map(BufReader::new),
            held: Vec::new(),
        }
    }

    /// The next line; none at the end. Loses nothing if it is dropped.
    async fn next(&mut self) -> Option<String> {
        loop {
            let pipe = self.pipe.as_mut()?;
            let bytes = pipe.fill_buf().await.unwrap_or_default();
            if bytes.is_empty() {
                self.pipe = None;
                return (!self.held.is_empty()).then(|| self.taken());
            }
            let room = LINE_BYTES.saturating_sub(self.held.len()).max(1);
            let part = &bytes[..bytes.len().min(room)];
            let end = part.iter().position(|byte| *byte == b'\n');
            let length = end.unwrap_or(part.len());
            self.held.extend_from_slice(&part[..length]);
            pipe.consume(length + usize::from(end.is_some()));
            if end.is_some() || self.held.len() >= LINE_BYTES {
                return Some(self.taken());
            }
        }
    }

    fn taken(&mut self) -> String {
        let line = std::mem::take(&mut self.held);
        let line = String::from_utf8_lossy(&line);
        line.strip_suffix('\r').unwrap_or(&line).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(text: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(Some(text));
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line);
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
        let lines = lines_of(&vec![b'x'; 3 * LINE_BYTES + 5]).await;
        let lengths: Vec<_> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [LINE_BYTES, LINE_BYTES, LINE_BYTES, 5]);
    }
}
