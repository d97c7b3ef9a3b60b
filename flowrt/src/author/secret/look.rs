//! Finding a secret by its name.

use std::path::PathBuf;

use super::Secret;
use super::reference::{Reference, from_file};
use crate::author::vault;
use crate::error::{Error, ErrorKind, Result};
use crate::mask;

/// The secret of that name, for the body of a task: `secret!("NAME")`.
///
/// The first place that has it counts: the variables `FLOWRT_SECRET_NAME` and `NAME`; the file that
/// `FLOWRT_SECRET_NAME_FILE` or `NAME_FILE` names; `$CREDENTIALS_DIRECTORY/NAME` (systemd); `/run/secrets/NAME` (Docker);
/// the store (`secrets set NAME`).
///
/// # Errors
/// If it is in none of them, with all places that were looked at; if a place that has it cannot be read; in the body of a
/// flow.
pub fn secret(name: &str) -> Result<Secret<String>> {
    vault::may_read()?;
    check_name(name)?;
    for place in places(name) {
        if let Some((reference, text)) = place.look(name)? {
            mask::add(&text);
            return Ok(Secret::made(Some(reference), Some(text)));
        }
    }
    let looked: Vec<_> = places(name).iter().map(Place::shown).collect();
    Err(Error::new(
        ErrorKind::NotFound,
        format!(
            "there is no secret `{name}`; looked at {}",
            looked.join(", ")
        ),
    )
    .hint(format!("secrets set {name}, or set the variable {name}")))
}

/// A name stands in paths and variables.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(fits) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Input,
        format!("`{name}` is no name for a secret"),
    )
    .hint("use letters, digits, `_`, `-` and `.`, as in OFFERS_TOKEN"))
}

/// Where a secret may be.
enum Place {
    Variable(String),
    FileOf(String),
    File(PathBuf),
    Store,
}

fn places(name: &str) -> Vec<Place> {
    let variable = name.replace(['-', '.'], "_");
    let mut places = vec![
        Place::Variable(format!("FLOWRT_SECRET_{variable}")),
        Place::Variable(variable.clone()),
        Place::FileOf(format!("FLOWRT_SECRET_{variable}_FILE")),
        Place::FileOf(format!("{variable}_FILE")),
    ];
    if let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        places.push(Place::File(PathBuf::from(folder).join(name)));
    }
    places.push(Place::File(PathBuf::from("/run/secrets").join(name)));
    places.push(Place::Store);
    places
}

impl Place {
    fn shown(&self) -> String {
        match self {
            Self::Variable(name) | Self::FileOf(name) => name.clone(),
            Self::File(path) => path.display().to_string(),
            Self::Store if vault::here().is_some() => "the store".to_owned(),
            Self::Store => "no store (none is open here)".to_owned(),
        }
    }

    fn look(&self, name: &str) -> Result<Option<(Reference, String)>> {
        let set = |name: &String| std::env::var(name).ok().filter(|text| !text.is_empty());
        match self {
            Self::Variable(variable) => {
                Ok(set(variable).map(|text| (Reference::Env(variable.clone()), text)))
            }
            // A file that somebody named must be there.
            Self::FileOf(variable) => set(variable).map(|path| read(path, variable)).transpose(),
            Self::File(path) if path.is_file() => read(path.display().to_string(), "it").map(Some),
            Self::File(_) => Ok(None),
            Self::Store => {
                let stored = match vault::here() {
                    Some(vault) => vault.stored(name)?,
                    None => None,
                };
                Ok(stored.map(|text| (Reference::Stored(name.to_owned()), text)))
            }
        }
    }
}

fn read(path: String, said_by: &str) -> Result<(Reference, String)> {
    match from_file(&path) {
        Ok(text) => Ok((Reference::File(path), text)),
        Err(error) => Err(Error::new(
            ErrorKind::Input,
            format!("the secret in {path} cannot be read: {error}"),
        )
        .hint(format!(
            "{said_by} names this file; it is read by the process that runs this"
        ))),
    }
}
