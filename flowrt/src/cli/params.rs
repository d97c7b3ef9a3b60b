//! The parameters of a flow from flags, a file, the environment and defaults: the first that has one wins.

use std::io::Read;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, ValueHint};
use serde_json::{Map, Value};

use super::flags::Flag;
use super::usage::Unknown;
use crate::author::meta::{Meta, Param};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::params::schema::Kind;
use crate::ops::params::secret;
use crate::ops::params::{Fault, default, faults, not_there, text};

/// `--params FILE`.
pub(super) fn file_arg() -> Arg {
    Arg::new("params")
        .long("params")
        .value_name("FILE")
        .value_hint(ValueHint::FilePath)
        .help("A JSON object of parameters from a file, or from stdin with `-`; flags go before it")
}

/// The parameters that were given.
///
/// # Errors
/// Everything that is wrong with them, each with its place and value.
pub(super) fn parameters(
    path: &str,
    meta: &Meta,
    flags: &[Flag<'_>],
    matches: &ArgMatches,
    unknown: &[Unknown],
) -> Result<Value> {
    let mut wrong: Vec<Fault> = unknown
        .iter()
        .map(|unknown| stray(meta, flags, &unknown.word))
        .collect();
    let file = matches.get_one::<String>("params");
    let mut given = from_file(matches)?;
    for param in meta.params {
        if let Err(fault) = from_environment(param, flags, matches, &mut given) {
            wrong.push(fault);
        }
    }
    for flag in flags {
        if let Err(message) = from_flag(flag, matches, &mut given) {
            wrong.push(Fault {
                path: format!("--{}", flag.name),
                message,
            });
        }
    }
    let unreadable: Vec<_> = wrong.iter().map(|fault| fault.path.clone()).collect();
    for fault in faults(meta, &given) {
        let shown = shown_path(meta, flags, matches, file, &fault.path);
        // What could not be read is not missing.
        if !unreadable.contains(&shown) {
            wrong.push(Fault {
                path: shown,
                ..fault
            });
        }
    }
    if wrong.is_empty() {
        return Ok(Value::Object(given));
    }
    Err(complaint(path, meta, &wrong))
}

fn complaint(path: &str, meta: &Meta, wrong: &[Fault]) -> Error {
    let width = wrong
        .iter()
        .map(|fault| fault.path.chars().count())
        .max()
        .unwrap_or(0);
    let lines: Vec<_> = wrong
        .iter()
        .map(|fault| format!("  {:width$}  {}", fault.path, fault.message))
        .collect();
    let message = format!(
        "`{}` cannot start with these parameters:\n{}",
        meta.name,
        lines.join("\n")
    );
    Error::new(ErrorKind::Input, message).hint(format!(
        "{path} --help says what it takes; nothing was started"
    ))
}

fn stray(meta: &Meta, flags: &[Flag<'_>], word: &str) -> Fault {
    let what = format!("parameter of `{}`", meta.name);
    let names: Vec<String> = flags
        .iter()
        .map(|flag| format!("--{}", flag.name))
        .collect();
    let tops = names.iter().filter(|name| !name.contains('.'));
    let message = if !word.starts_with("--") {
        "is not expected here: parameters are flags".to_owned()
    } else if flowrt_grammar::closest(word, names.iter().map(String::as_str)).is_some() {
        not_there(&what, word, names.iter().map(String::as_str))
    } else {
        not_there(&what, word, tops.map(String::as_str))
    };
    Fault {
        path: word.to_owned(),
        message,
    }
}

/// What `--params` holds.
///
/// # Errors
/// If it cannot be read, or is no JSON object.
pub(super) fn from_file(matches: &ArgMatches) -> Result<Map<String, Value>> {
    let file = matches.get_one::<String>("params");
    file.map_or_else(|| Ok(Map::new()), |file| read_file(file))
}

fn read_file(file: &str) -> Result<Map<String, Value>> {
    let text = if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let name = named(file);
    let input = |message: String| Error::new(ErrorKind::Input, message);
    let text = text.map_err(|error| {
        input(format!(
            "the parameters cannot be read from {name}: {error}"
        ))
        .hint("--params takes the path of a JSON file, or `-` for stdin")
    })?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(input(format!(
            "{name} holds {}, and parameters are a JSON object",
            kind_of(&other)
        ))
        .hint("write for example {\"region\": \"eu\", \"pages\": 10}")),
        Err(error) => Err(input(format!("{name} is not JSON: {error}"))
            .hint("nothing was started; correct it at that line and column")),
    }
}

fn named(file: &str) -> &str {
    if file == "-" { "stdin" } else { file }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A variable of the environment stands behind flags and file. One that is set to nothing counts as not set.
fn from_environment(
    param: &'static Param,
    flags: &[Flag<'_>],
    matches: &ArgMatches,
    given: &mut Map<String, Value>,
) -> Result<(), Fault> {
    let Some(top) = flags
        .iter()
        .find(|flag| flag.param.name == param.name && flag.path.is_empty())
    else {
        return Ok(());
    };
    if given.contains_key(param.name)
        || matches.value_source(&top.name) != Some(ValueSource::EnvVariable)
    {
        return Ok(());
    }
    let texts: Vec<&str> = texts(top, matches)
        .filter(|text| !text.is_empty())
        .collect();
    if texts.is_empty() {
        return Ok(());
    }
    if let (Kind::Secret, Some(env)) = (top.place.kind(), param.env) {
        given.insert(param.name.to_owned(), secret::in_environment(env));
        return Ok(());
    }
    let value = text::read(top.place, &texts).map_err(|message| Fault {
        path: format!("--{}", top.name),
        message: format!("{message} (from {})", param.env.unwrap_or_default()),
    })?;
    given.insert(param.name.to_owned(), value);
    Ok(())
}

fn from_flag(
    flag: &Flag<'_>,
    matches: &ArgMatches,
    given: &mut Map<String, Value>,
) -> Result<(), String> {
    if matches.value_source(&flag.name) != Some(ValueSource::CommandLine) {
        return Ok(());
    }
    let texts: Vec<&str> = texts(flag, matches).collect();
    let value = text::read(flag.place, &texts)?;
    let name = flag.param.name;
    if flag.path.is_empty() {
        given.insert(name.to_owned(), value);
        return Ok(());
    }
    // A field alone changes what is there, and that is the default where nothing else was given.
    let mut whole = given
        .remove(name)
        .or_else(|| default(flag.param))
        .unwrap_or(Value::Null);
    let path: Vec<_> = flag.path.iter().map(String::as_str).collect();
    let set = text::set(&mut whole, &path, value);
    given.insert(name.to_owned(), whole);
    set
}

fn texts<'a>(flag: &Flag<'_>, matches: &'a ArgMatches) -> impl Iterator<Item = &'a str> {
    matches
        .get_many::<String>(&flag.name)
        .into_iter()
        .flatten()
        .map(String::as_str)
}

/// A place as the person gave it: the flag, and where else the value came from.
fn shown_path(
    meta: &Meta,
    flags: &[Flag<'_>],
    matches: &ArgMatches,
    file: Option<&String>,
    path: &str,
) -> String {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (name, rest) = path.split_at(end);
    let Some(param) = meta.params.iter().find(|param| param.name == name) else {
        return match file {
            Some(file) => format!("{path} (in {})", named(file)),
            None => path.to_owned(),
        };
    };
    let typed = flags.iter().filter(|flag| flag.param.name == name);
    let sources: Vec<_> = typed
        .filter_map(|flag| matches.value_source(&flag.name))
        .collect();
    let from = if sources.contains(&ValueSource::CommandLine) {
        String::new()
    } else if sources.contains(&ValueSource::EnvVariable) {
        param
            .env
            .map_or_else(String::new, |env| format!(" (from {env})"))
    } else {
        String::new()
    };
    format!("--{}{rest}{from}", param.flag)
}
