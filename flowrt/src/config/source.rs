//! Reading the file: its entries, each with its line.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Fault, Given, is_table};
use super::notices::{self, Notice};
use crate::error::{Error, ErrorKind, Result};

/// Where something was said.
#[derive(Debug)]
pub(super) enum Place {
    /// On a line of a file, counted from 1.
    Line(String, usize),
    /// In a variable of the environment.
    Variable(String),
}

impl Place {
    /// What is told about a fault there.
    pub fn error(&self, fault: Fault) -> Error {
        let message = match self {
            Self::Line(file, line) => format!("{file}, line {line}: {}", fault.message),
            Self::Variable(name) => format!("the variable {name}: {}", fault.message),
        };
        Error::new(ErrorKind::Input, message).hint(fault.hint)
    }
}

/// One line of the file: where it is, its name with its tables before points, and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub place: Place,
    pub name: String,
    pub given: Given,
}

/// What the text of the file says, in the order of its names.
pub(super) fn entries(file: &str, text: &str) -> Result<(Vec<Entry>, Vec<Notice>)> {
    let place = |at: usize| {
        let before = text.as_bytes().iter().take(at);
        Place::Line(
            file.to_owned(),
            before.filter(|byte| **byte == b'\n').count() + 1,
        )
    };
    let table = DeTable::parse(text).map_err(|error| {
        place(error.span().map_or(0, |span| span.start)).error(Fault {
            message: format!("this is not TOML: {}", error.message()),
            hint: "a setting is a line such as `depth_max = 32` or `grace = \"10s\"`".to_owned(),
        })
    })?;
    let mut table = table.into_inner();
    let notices = match table.remove_entry("notices") {
        Some((key, list)) => notices::read(&key, &list, &place)?,
        None => Vec::new(),
    };
    let mut entries = Vec::new();
    collect(&table, "", &place, &mut entries);
    Ok((entries, notices))
}

fn collect(
    table: &DeTable<'_>,
    above: &str,
    place: &impl Fn(usize) -> Place,
    entries: &mut Vec<Entry>,
) {
    for (key, value) in table {
        let name = format!("{above}{}", key.get_ref());
        if let DeValue::Table(table) = value.get_ref()
            && (is_table(&name) || !table.is_empty())
        {
            collect(table, &format!("{name}."), place, entries);
            continue;
        }
        entries.push(Entry {
            place: place(key.span().start),
            name,
            given: given(value),
        });
    }
}

fn given(value: &Spanned<DeValue<'_>>) -> Given {
    match value.get_ref() {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            i64::from_str_radix(digits, number.radix())
                .map_or_else(|_| Given::Text(digits.to_owned()), Given::Number)
        }
        DeValue::Float(_) => Given::Other("a fraction"),
        DeValue::Boolean(_) => Given::Other("true or false"),
        DeValue::Datetime(_) => Given::Other("a date"),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str());
            let texts: Option<Vec<&str>> = texts.collect();
            match texts {
                Some(texts) => Given::List(texts.into_iter().map(str::to_owned).collect()),
                None => Given::Other("a list of other than strings"),
            }
        }
        DeValue::Table(_) => Given::Other("a table"),
    }
}
