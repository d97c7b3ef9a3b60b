//! What a program prints, line by line.

use std::collections::VecDeque;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// A longer line is cut into several in the log.
const LINE_BYTES: usize = 16 << 10;

/// How much of one line is kept for the result.
pub(super) const LAST_BYTES: usize = 8 << 20;

/// How many lines of stderr an error quotes, and how much of each.
const LAST_LINES: usize = 10;
const LAST_LINE_CHARS: usize = 500;

/// What was heard so far.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) lines: u64,
    /// The last line of stdout that says something, as far as it is kept.
    pub(super) last: String,
    /// Whether that is not all of the line.
    pub(super) is_cut: bool,
    /// The line of stdout that has begun.
    begun: String,
    is_begun_cut: bool,
    words: VecDeque<String>,
    pieces: u64,
    kept: u64,
}

/// A line, or as much of it as the log takes at once.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    /// It goes on with a line that was cut.
    goes_on: bool,
    is_end: bool,
}

enum Said {
    Out(Piece),
    Err(Piece),
}

impl Heard {
    /// The log keeps so many lines.
    pub(super) fn new(kept: u64) -> Self {
        Self {
            lines: 0,
            last: String::new(),
            is_cut: false,
            begun: String::new(),
            is_begun_cut: false,
            words: VecDeque::new(),
            pieces: 0,
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
            let said = tokio::select! {
                Some(piece) = out.next() => Said::Out(piece),
                Some(piece) = err.next() => Said::Err(piece),
                else => return,
            };
            self.take(said);
        }
    }

    fn take(&mut self, said: Said) {
        let (Said::Out(piece) | Said::Err(piece)) = &said;
        self.lines += u64::from(piece.is_end);
        // The end of a line that was cut may have nothing more to say.
        let says = !piece.goes_on || !piece.text.is_empty();
        self.pieces += u64::from(says);
        let is_kept = self.pieces <= self.kept && says;
        match said {
            Said::Out(piece) => {
                if is_kept {
                    tracing::info!(target: "stdout", "{}", piece.text);
                }
                self.go_on(piece);
            }
            Said::Err(piece) => {
                if is_kept {
                    tracing::warn!(target: "stderr", "{}", piece.text);
                }
                if says {
                    let words = piece.text.chars().take(LAST_LINE_CHARS);
                    self.words.push_back(words.collect());
                }
                if self.words.len() > LAST_LINES {
                    self.words.pop_front();
                }
            }
        }
    }

    /// Puts the pieces of a line of stdout together again.
    fn go_on(&mut self, piece: Piece) {
        if self.begun.len() + piece.text.len() <= LAST_BYTES {
            self.begun.push_str(&piece.text);
        } else {
            self.is_begun_cut = true;
        }
        if !piece.is_end {
            return;
        }
        let line = std::mem::take(&mut self.begun);
        let is_cut = std::mem::take(&mut self.is_begun_cut);
        if !line.trim().is_empty() {
            self.last = line;
            self.is_cut = is_cut;
        }
    }

    /// Says what the log does not have.
    pub(super) fn close(&self) {
        if let Some(more) = self.pieces.checked_sub(self.kept).filter(|more| *more > 0) {
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
    /// The line that is held has been given in part.
    is_cut: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(pipe: Option<R>) -> Self {
        Self {
            pipe: pipe.map(BufReader::new),
            held: Vec::new(),
            is_cut: false,
        }
    }

    /// The next piece; none at the end. Loses nothing if it is dropped.
    async fn next(&mut self) -> Option<Piece> {
        loop {
            let pipe = self.pipe.as_mut()?;
            let bytes = pipe.fill_buf().await.unwrap_or_default();
            if bytes.is_empty() {
                self.pipe = None;
                let is_open = !self.held.is_empty() || self.is_cut;
                return is_open.then(|| self.taken(true));
            }
            let room = LINE_BYTES.saturating_sub(self.held.len()).max(1);
            let part = &bytes[..bytes.len().min(room)];
            let end = part.iter().position(|byte| *byte == b'\n');
            let length = end.unwrap_or(part.len());
            self.held.extend_from_slice(&part[..length]);
            pipe.consume(length + usize::from(end.is_some()));
            if end.is_some() || self.held.len() >= LINE_BYTES {
                return Some(self.taken(end.is_some()));
            }
        }
    }

    fn taken(&mut self, is_end: bool) -> Piece {
        let goes_on = std::mem::replace(&mut self.is_cut, !is_end);
        let mut bytes = std::mem::take(&mut self.held);
        if !is_end {
            // A letter is not cut into two halves that are none.
            self.held = bytes.split_off(whole_letters(&bytes));
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_suffix('\r').filter(|_| is_end).unwrap_or(&text);
        Piece {
            text: text.to_owned(),
            goes_on,
            is_end,
        }
    }
}

/// How many of the bytes are no beginning of a letter whose end is still to come.
fn whole_letters(bytes: &[u8]) -> usize {
    for (length, byte) in (1..=3).zip(bytes.iter().rev()) {
        let wanted = match byte {
            0x80..=0xbf => continue,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0.. => 4,
            _ => 1,
        };
        return bytes.len() - if wanted > length { length } else { 0 };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(text: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(Some(text));
        let mut all = Vec::new();
        while let Some(piece) = lines.next().await {
            all.push(piece.text);
        }
        all
    }

    async fn heard(text: &[u8]) -> Heard {
        let mut heard = Heard::new(1);
        heard.listen(Some(text), None::<&[u8]>).await;
        heard
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

    #[tokio::test]
    async fn letters_are_not_cut() {
        for letter in ["é", "…", "🦀"] {
            for before in 0..letter.len() {
                let line = format!("{}{}", "x".repeat(before), letter.repeat(LINE_BYTES));
                assert_eq!(lines_of(line.as_bytes()).await.concat(), line);
            }
        }
        assert_eq!(whole_letters(b"\xbf\xbf\xbf\xbf"), 4);
    }

    #[tokio::test]
    async fn the_last_line_is_whole_whatever_its_length() {
        for length in [LINE_BYTES - 1, LINE_BYTES, LINE_BYTES + 1, 5 * LINE_BYTES] {
            let long = "é".repeat(length);
            for end in ["", "\n", "\r\n", "\n \n"] {
                let heard = heard(format!("one\n{long}{end}").as_bytes()).await;
                assert!(heard.last == long && !heard.is_cut, "{length} {end:?}");
                let lines = if end == "\n \n" { 3 } else { 2 };
                assert_eq!(heard.lines, lines, "{length} {end:?}");
            }
        }
        let heard = heard(&vec![b'x'; LAST_BYTES + 1]).await;
        assert!(heard.is_cut && heard.last.len() <= LAST_BYTES);
    }
}
