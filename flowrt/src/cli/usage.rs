//! Reading the command line: clap reads, and what it cannot read is said in our words, all of it at once.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind as Clap};
use clap::{ArgMatches, Command};

use crate::error::{Error, ErrorKind, Result};

/// What the command line says.
pub(super) struct Typed {
    pub(super) matches: ArgMatches,
    /// Flags and words that the command does not know, in our words.
    pub(super) unknown: Vec<Unknown>,
}

impl Typed {
    /// For commands that have nothing more to say about the rest.
    ///
    /// # Errors
    /// If anything is unknown.
    pub(super) fn refuse_unknown(&self, command: &Command, arguments: &[String]) -> Result<()> {
        match self.unknown[..] {
            [] => Ok(()),
            _ => Err(unknown_error(&path(command, arguments), &self.unknown)),
        }
    }
}

/// A flag or word that the command does not know.
#[derive(Debug, Clone)]
pub(super) struct Unknown {
    pub(super) word: String,
    near: Option<String>,
}

/// What comes of reading.
pub(super) enum Read {
    /// Something to do.
    Typed(Box<Typed>),
    /// Text that was asked for: help or the version.
    Shown(clap::Error),
}

/// The arguments as text.
///
/// # Errors
/// If one of them is not.
pub(super) fn arguments(all: impl Iterator<Item = OsString>) -> Result<Vec<String>> {
    all.enumerate()
        .map(|(index, argument)| {
            argument.into_string().map_err(|bytes| {
                let message = format!(
                    "argument {index} is not valid UTF-8: {}",
                    bytes.to_string_lossy()
                );
                Error::new(ErrorKind::Input, message)
                    .hint("values are text; for bytes of another kind, pass the path of a file")
            })
        })
        .collect()
}

/// Reads the command line. What is unknown is set aside, so that the rest can be judged too.
///
/// # Errors
/// What is wrong, where, and what to try.
pub(super) fn read(command: &Command, arguments: &[String]) -> Result<Read> {
    let mut left = arguments.to_vec();
    let mut unknown: Vec<Unknown> = Vec::new();
    loop {
        let error = match command.clone().try_get_matches_from(&left) {
            Ok(matches) => return Ok(Read::Typed(Box::new(Typed { matches, unknown }))),
            Err(error) if !error.use_stderr() => return Ok(Read::Shown(error)),
            Err(error) => error,
        };
        let word = (error.kind() == Clap::UnknownArgument)
            .then(|| texts(&error, ContextKind::InvalidArg).into_iter().next())
            .flatten();
        let taken = word
            .as_deref()
            .is_some_and(|word| take_out(&mut left, word));
        match word.filter(|_| taken) {
            Some(word) => {
                let near = texts(&error, ContextKind::SuggestedArg).into_iter().next();
                unknown.push(Unknown { word, near });
            }
            // What follows an unknown flag may have been its value: then the rest makes no sense by our own doing.
            None if !unknown.is_empty() => {
                return Err(unknown_error(&path(command, arguments), &unknown));
            }
            None => return Err(explain(&error, &path(command, arguments))),
        }
    }
}

/// Takes a flag and its value out of the arguments, or a word.
fn take_out(arguments: &mut Vec<String>, word: &str) -> bool {
    let with_value = format!("{word}=");
    let Some(at) = arguments
        .iter()
        .skip(1)
        .position(|argument| argument == word || argument.starts_with(&with_value))
    else {
        return false;
    };
    let taken = arguments.remove(at + 1);
    let is_bare_flag = taken == word && word.starts_with('-');
    if is_bare_flag
        && arguments
            .get(at + 1)
            .is_some_and(|next| !next.starts_with('-'))
    {
        arguments.remove(at + 1);
    }
    true
}

/// The words up to the command that was meant: `myflows runs ls`.
fn path(command: &Command, arguments: &[String]) -> String {
    let mut path = command.get_name().to_owned();
    let mut here = command;
    for argument in arguments
        .iter()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
    {
        if let Some(below) = here.find_subcommand(argument) {
            here = below;
            path.push(' ');
            path.push_str(below.get_name());
        }
    }
    path
}

/// What is said about flags that a command does not know.
pub(super) fn unknown_error(path: &str, unknown: &[Unknown]) -> Error {
    let words: Vec<_> = unknown
        .iter()
        .map(|unknown| format!("`{}`", unknown.word))
        .collect();
    let message = format!("`{path}` does not know {}", words.join(", "));
    let near = unknown.iter().find_map(|unknown| unknown.near.as_deref());
    Error::new(ErrorKind::Input, message).hint(match near {
        Some(near) => format!("did you mean `{near}`? What it knows: {path} --help"),
        None => format!("{path} --help"),
    })
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn explain(error: &clap::Error, path: &str) -> Error {
    let one = |kind| texts(error, kind).into_iter().next();
    let is_run = path.ends_with(" run");
    let help = format!("{path} --help");
    let near = |near: Option<String>| {
        near.map_or_else(|| help.clone(), |near| format!("did you mean `{near}`?"))
    };
    let (message, hint) = match error.kind() {
        Clap::InvalidSubcommand => {
            let word = one(ContextKind::InvalidSubcommand).unwrap_or_default();
            let what = if is_run { "flow" } else { "command" };
            let known = texts(error, ContextKind::ValidSubcommand);
            let hint =
                flowrt_grammar::closest(&word, known.iter().map(String::as_str)).map(str::to_owned);
            (
                format!("`{path}` has no {what} `{word}`"),
                near(hint.or_else(|| one(ContextKind::SuggestedSubcommand))),
            )
        }
        Clap::MissingSubcommand => {
            let known: Vec<_> = texts(error, ContextKind::ValidSubcommand)
                .into_iter()
                .filter(|name| name != "help")
                .collect();
            let what = if is_run { "which flow" } else { "what to do" };
            (
                format!("`{path}` does not say {what}"),
                format!("one of {}", known.join(", ")),
            )
        }
        Clap::MissingRequiredArgument => {
            let missing = texts(error, ContextKind::InvalidArg).join(", ");
            (format!("`{path}` lacks {missing}"), help)
        }
        Clap::InvalidValue => {
            let (argument, value) = (
                one(ContextKind::InvalidArg).unwrap_or_default(),
                one(ContextKind::InvalidValue).unwrap_or_default(),
            );
            let known = texts(error, ContextKind::ValidValue);
            let message = match (value.is_empty(), known.is_empty()) {
                (true, _) => format!("`{argument}` lacks its value"),
                (false, true) => format!("`{argument}` cannot be {value:?}"),
                (false, false) => format!(
                    "`{argument}` cannot be {value:?}: it is one of {}",
                    known.join(", ")
                ),
            };
            let close = flowrt_grammar::closest(&value, known.iter().map(String::as_str))
                .map(str::to_owned);
            (message, near(close))
        }
        Clap::ArgumentConflict => {
            let (one, other) = (
                texts(error, ContextKind::InvalidArg).join(", "),
                texts(error, ContextKind::PriorArg).join(", "),
            );
            (
                if one == other {
                    format!("`{one}` is given twice")
                } else {
                    format!("`{one}` and `{other}` exclude each other")
                },
                help,
            )
        }
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            (first.trim_start_matches("error: ").to_owned(), help)
        }
    };
    Error::new(ErrorKind::Input, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_flag_goes_with_its_value() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (given, word, left) in [
            ("p run f --nope 1 --a 2", "--nope", "p run f --a 2"),
            ("p run f --nope=1 --a 2", "--nope", "p run f --a 2"),
            ("p run f --nope --a 2", "--nope", "p run f --a 2"),
            ("p run f word --a 2", "word", "p run f --a 2"),
        ] {
            let mut given = words(given);
            assert!(take_out(&mut given, word));
            assert_eq!(given, words(left));
        }
        assert!(!take_out(&mut words("p run"), "--nope"));
    }
}
