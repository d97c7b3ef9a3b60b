//! What can go wrong while a report is made, in words that say what to do.

use std::io;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The program `git` is not installed.
    #[error(
        "the program `git` was not found; install it from https://git-scm.com/downloads \
         (Debian and Ubuntu: apt install git; Fedora: dnf install git; macOS: xcode-select --install) and try again"
    )]
    GitMissing,
    /// `git` is there but could not be run.
    #[error("`git` could not be run")]
    GitNotRun(#[source] io::Error),
    /// The path is no folder.
    #[error("{0} is not a folder; give the path of a git repository")]
    NoSuchFolder(String),
    /// The folder belongs to no repository.
    #[error(
        "{0} is not inside a git repository; give the path of a clone, or make one with `git init`"
    )]
    NotARepository(String),
    /// The repository has no commit yet.
    #[error("the repository {0} has no commits yet, so there is nothing to report")]
    Empty(String),
    /// The revision names no commit.
    #[error(
        "{revision:?} names no commit in {path}; `git -C {path} branch --all` lists the branches"
    )]
    BadRevision {
        /// The repository.
        path: String,
        /// What was asked for.
        revision: String,
    },
    /// Git ended with an error of its own.
    #[error("`git {command}` failed in {path}: {message}")]
    Git {
        /// The repository.
        path: String,
        /// The subcommand.
        command: String,
        /// What git wrote to its error stream.
        message: String,
    },
    /// Git wrote something that this program does not understand.
    #[error("`git {command}` wrote something unexpected: {detail}")]
    Unexpected {
        /// The subcommand.
        command: &'static str,
        /// What was wrong.
        detail: String,
    },
    /// The report could not be written.
    #[error("the report could not be written to {path}")]
    Write {
        /// Where it should have gone.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The result of every task of this example.
pub type Result<T> = std::result::Result<T, ReportError>;
