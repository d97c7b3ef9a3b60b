//! Repositories made for tests, from a stream for `git fast-import`, so that ten thousand commits take a moment.

use std::io::Write;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A repository in a folder of its own, which goes with it.
pub struct MadeRepository {
    folder: TempDir,
}

/// A stream for `git fast-import`.
#[derive(Default)]
pub struct Stream {
    bytes: Vec<u8>,
}

impl Stream {
    /// Adds a commit on the branch `main`; `changes` are lines made by [`write`] and [`rename`].
    ///
    /// `author` is written `Name <address>`.
    pub fn commit(&mut self, author: &str, day: &str, changes: &[Vec<u8>]) -> &mut Self {
        let time = format!("{day} 12:00:00 +0000");
        let header = format!(
            "commit refs/heads/main\nauthor {author} {time}\ncommitter C <c@example.org> {time}\ndata 1\nm\n"
        );
        self.bytes.extend(header.bytes());
        self.bytes.extend(changes.concat());
        self.bytes.push(b'\n');
        self
    }
}

/// Sets the contents of a file.
pub fn write(path: impl AsRef<[u8]>, contents: &[u8]) -> Vec<u8> {
    let mut change = format!(
        "M 100644 inline {}\ndata {}\n",
        quoted(path.as_ref()),
        contents.len()
    )
    .into_bytes();
    change.extend(contents);
    change.push(b'\n');
    change
}

/// Gives a file another path.
pub fn rename(from: &str, to: &str) -> Vec<u8> {
    format!("R {} {}\n", quoted(from.as_bytes()), quoted(to.as_bytes())).into_bytes()
}

fn quoted(path: &[u8]) -> String {
    let octal: Vec<String> = path.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("\"{}\"", octal.concat())
}

impl MadeRepository {
    /// A repository without commits.
    pub fn empty() -> Self {
        let made = MadeRepository {
            folder: tempfile::tempdir().unwrap(),
        };
        made.git(&["init", "--quiet", "--initial-branch=main", "."], b"");
        made
    }

    /// A repository with the commits of the stream.
    pub fn of(stream: &Stream) -> Self {
        let made = MadeRepository::empty();
        made.git(
            &["fast-import", "--quiet", "--date-format=rfc2822"],
            &stream.bytes,
        );
        made
    }

    /// Its folder.
    pub fn path(&self) -> String {
        self.folder.path().to_str().unwrap().to_owned()
    }

    /// Runs git in it, free of the settings of whoever runs the tests.
    pub fn git(&self, arguments: &[&str], input: &[u8]) {
        let mut child = Command::new("git")
            .arg("-C")
            .arg(self.folder.path())
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "Tester")))
            .envs(
                ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"]
                    .map(|name| (name, "tester@example.org")),
            )
            .env_remove("GIT_DIR")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        assert!(child.wait().unwrap().success(), "git {arguments:?}");
    }
}
