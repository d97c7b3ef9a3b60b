//! What each commit changed, as `git diff-tree` tells it.
//!
//! The plumbing command is used, because `git log` obeys the user's settings (colours, signatures, renames). With `-z`
//! names arrive as they are, unquoted, and a rename as two names; a commit is read field by field, so that no name of
//! a file or an author can be mistaken for a separator.

use super::error::{ReportError, Result};
use super::git::Git;

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The author's name, by the repository's `.mailmap`.
    pub name: String,
    /// The author's e-mail address, by the repository's `.mailmap`.
    pub email: String,
    /// The files that it touches.
    pub files: Vec<FileChange>,
}

/// Added and removed lines; none for a binary file.
pub type Lines = Option<(u64, u64)>;

/// What a commit did to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The path after the commit.
    pub path: String,
    /// The path before, if it was renamed.
    pub from: Option<String>,
    /// How much of it.
    pub lines: Lines,
}

/// Reads the changes of the commits with these ids, in this order.
pub fn read_changes(path: &str, ids: &[String]) -> Result<Vec<Commit>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut input = ids.join("\n");
    input.push('\n');
    let output = Git::at(path).bytes(
        &[
            "diff-tree",
            "--stdin",
            "-r",
            "--root",
            "-M",
            "-z",
            "--numstat",
            "--always",
            "--no-ext-diff",
            "--no-textconv",
            "--encoding=UTF-8",
            "--format=%H%x00%aN%x00%aE",
        ],
        &input,
    )?;
    let commits = parse(&output)?;
    // Git skips an id that it cannot find without an error, and a report that is silently short is a wrong one.
    if commits.len() == ids.len() {
        Ok(commits)
    } else {
        Err(unexpected(format!(
            "{} commits were asked for, {} came back",
            ids.len(),
            commits.len()
        )))
    }
}

/// Reads `ID NUL name NUL email NUL`, a line end, and then for each file either
/// `added TAB removed TAB path NUL` or, renamed, `added TAB removed TAB NUL from NUL to NUL`.
fn parse(output: &[u8]) -> Result<Vec<Commit>> {
    let mut commits: Vec<Commit> = Vec::new();
    let mut fields = output
        .strip_suffix(b"\0")
        .unwrap_or(output)
        .split(|byte| *byte == 0);
    while let Some(field) = fields.next() {
        let field = field.strip_prefix(b"\n").unwrap_or(field);
        let mut text = || {
            fields
                .next()
                .map(lossy)
                .ok_or_else(|| unexpected("it ended within a commit".to_owned()))
        };
        if is_id(field) {
            let (name, email) = (text()?, text()?);
            commits.push(Commit {
                name,
                email,
                files: Vec::new(),
            });
        } else if !field.is_empty() {
            let (lines, path) = numbers(field)?;
            let change = if path.is_empty() {
                let from = Some(text()?);
                FileChange {
                    path: text()?,
                    from,
                    lines,
                }
            } else {
                FileChange {
                    path: lossy(path),
                    from: None,
                    lines,
                }
            };
            let commit = commits
                .last_mut()
                .ok_or_else(|| unexpected("a file before any commit".to_owned()))?;
            commit.files.push(change);
        }
    }
    Ok(commits)
}

/// The counts of a field (`-` for both in a binary file), and the rest of it.
fn numbers(field: &[u8]) -> Result<(Lines, &[u8])> {
    let mut parts = field.splitn(3, |byte| *byte == b'\t');
    let mut next = || {
        parts
            .next()
            .ok_or_else(|| unexpected(format!("{:?}", lossy(field))))
    };
    let (added, removed, path) = (next()?, next()?, next()?);
    if added == b"-" && removed == b"-" {
        return Ok((None, path));
    }
    let count = |part: &[u8]| {
        lossy(part)
            .parse::<u64>()
            .map_err(|_| unexpected(format!("{:?}", lossy(field))))
    };
    Ok((Some((count(added)?, count(removed)?)), path))
}

fn is_id(field: &[u8]) -> bool {
    matches!(field.len(), 40 | 64) && field.iter().all(u8::is_ascii_hexdigit)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn unexpected(detail: String) -> ReportError {
    ReportError::Unexpected {
        command: "diff-tree",
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "2a0106235ce4a530767fc9e30742a2eefd1a75ed";

    #[test]
    fn renames_binary_files_and_odd_names_are_read() {
        let mut output =
            format!("{ID}\0A \"q\"\0a@x\0\n-\t-\tbin\0003\t1\t\0old {{a => b}}\0new\nname\0")
                .into_bytes();
        output.extend(b"12\t0\t\xff\ttab\0");
        output.extend(format!("{ID}\0\0\0").bytes());
        let commits = parse(&output).unwrap();
        let file = |path: &str, from: Option<&str>, lines| FileChange {
            path: path.to_owned(),
            from: from.map(str::to_owned),
            lines,
        };
        assert_eq!(commits.len(), 2);
        assert_eq!(
            (commits[0].name.as_str(), commits[0].email.as_str()),
            ("A \"q\"", "a@x")
        );
        assert_eq!(
            commits[0].files,
            [
                file("bin", None, None),
                file("new\nname", Some("old {a => b}"), Some((3, 1))),
                file("\u{fffd}\ttab", None, Some((12, 0))),
            ]
        );
        assert_eq!((commits[1].name.as_str(), commits[1].files.len()), ("", 0));
    }

    #[test]
    fn what_is_no_such_stream_is_an_error() {
        for output in [
            "x",
            "1\t2\tfile\0",
            "1\t2",
            &format!("{ID}\0name"),
            &format!("{ID}\0n\0e\0a\tb\tc\0"),
        ] {
            assert!(parse(output.as_bytes()).is_err(), "{output:?}");
        }
        assert!(parse(b"").unwrap().is_empty());
    }
}
