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
    /// What is said about the rest.
    pub(super) fn unknown_error(&self, command: &Command, arguments: &[String]) -> Error {
        unknown_error(&path(command, arguments), &self.unknown)
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
            None => return Err(explain(&error, &meant(command, arguments))),
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

/// The command that was meant, and the words up to it: `myflows runs ls`.
struct Meant<'a> {
    command: &'a Command,
    path: String,
}

fn meant<'a>(command: &'a Command, arguments: &[String]) -> Meant<'a> {
    let path = command.get_name().to_owned();
    let words = arguments
        .iter()
        .skip(1)
        .filter(|word| !word.starts_with('-'));
    words.fold(Meant { command, path }, |here, word| {
        match here.command.find_subcommand(word) {
            Some(below) => Meant {
                command: below,
                path: format!("{} {word}", here.path),
            },
            None => here,
        }
    })
}

fn path(command: &Command, arguments: &[String]) -> String {
    meant(command, arguments).path
}

/// What is said about flags that a command does not know.
fn unknown_error(path: &str, unknown: &[Unknown]) -> Error {
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

/// A value that is missing, or not one of those that there are.
fn invalid_value(error: &clap::Error, help: &str) -> (String, String) {
    let one = |kind| texts(error, kind).into_iter().next().unwrap_or_default();
    let (argument, value) = (one(ContextKind::InvalidArg), one(ContextKind::InvalidValue));
    if value.is_empty() {
        let flag = argument.split(' ').next().unwrap_or_default();
        let hint = format!("{flag}=VALUE, also where the value begins with `-`");
        return (format!("`{argument}` lacks its value"), hint);
    }
    let known = texts(error, ContextKind::ValidValue);
    let mut message = format!("`{argument}` cannot be {value:?}");
    if !known.is_empty() {
        message.push_str(&format!(": it is one of {}", known.join(", ")));
    }
    let near = flowrt_grammar::closest(&value, known.iter().map(String::as_str));
    let hint = near.map_or_else(|| help.to_owned(), |near| format!("did you mean `{near}`?"));
    (message, hint)
}

/// The command that a word is a slip for, or the flow that was to be run.
fn nearest_command(meant: &Meant<'_>, word: &str) -> Option<String> {
    let flows = meant.command.find_subcommand("run");
    if flows.is_some_and(|run| run.find_subcommand(word).is_some()) {
        return Some(format!("{} run {word}", meant.path));
    }
    let known = meant.command.get_subcommands().map(Command::get_name);
    flowrt_grammar::closest(word, known).map(str::to_owned)
}

fn explain(error: &clap::Error, meant: &Meant<'_>) -> Error {
    let path = meant.path.as_str();
    let one = |kind| texts(error, kind).into_iter().next();
    let is_run = path.ends_with(" run");
    let help = format!("{path} --help");
    let otherwise = if is_run && error.kind() == Clap::InvalidSubcommand {
        format!("{help}; {}", crate::registry::NOT_NAMED)
    } else {
        help.clone()
    };
    let near = |near: Option<String>| {
        near.map_or_else(
            || otherwise.clone(),
            |near| format!("did you mean `{near}`?"),
        )
    };
    let (message, hint) = match error.kind() {
        Clap::InvalidSubcommand => {
            let word = one(ContextKind::InvalidSubcommand).unwrap_or_default();
            let what = if is_run { "flow" } else { "command" };
            (
                format!("`{path}` has no {what} `{word}`"),
                near(nearest_command(meant, &word)),
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
        Clap::InvalidValue => invalid_value(error, &help),
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
