//! `artifacts …`: what runs have published.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::Value;

use super::command::{text, wants_json};
use super::door::Door;
use super::store::spoken;
use super::{artifact_text, door, print, table, time_text};
use crate::error::{Error, ErrorKind, Result};
use crate::model::artifact::{ArtifactKind, ArtifactRecord};

/// Its command line.
pub(super) fn command() -> Command {
    let key = || {
        Arg::new("key")
            .value_name("KEY")
            .required(true)
            .help("What it was published as")
    };
    let version = || {
        Arg::new("version")
            .long("version")
            .value_name("N")
            .value_parser(value_parser!(u64))
            .help("Not the newest but this one")
    };
    Command::new("artifacts")
        .about("Tables, texts, links, pictures and files that tasks published")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .subcommand(Command::new("ls").about("The newest of each key"))
        .subcommand(
            Command::new("show")
                .about("One of them, and its earlier versions")
                .disable_version_flag(true)
                .arg(key())
                .arg(version()),
        )
        .subcommand(
            Command::new("get")
                .about("Its content alone: bytes of a file, text, the address, a table as CSV")
                .disable_version_flag(true)
                .arg(key())
                .arg(version())
                .arg(
                    Arg::new("output")
                        .short('o')
                        .long("output")
                        .value_name("FILE")
                        .help("Where to; without it, to stdout"),
                ),
        )
}

/// Carries out the verb; without one, lists.
///
/// # Errors
/// If the store cannot be used, or nothing has that key.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let door = door::open_existing(matches).await?;
    match matches.subcommand() {
        Some(("show", matches)) => show(&door, matches).await?,
        Some(("get", matches)) => get(&door, matches).await?,
        _ => ls(&door, matches).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn ls(door: &Door, matches: &ArgMatches) -> Result<()> {
    let newest = door.artifact_keys().await?;
    if wants_json(matches) {
        let all = newest.iter().map(artifact_text::fields);
        return print::json(&Value::Array(all.collect()));
    }
    if newest.is_empty() {
        print::note("nothing was published");
    }
    let rows = newest.iter().map(|artifact| {
        vec![
            artifact.place.key.clone(),
            format!("v{}", artifact.version),
            time_text::local(artifact.place.at),
            artifact_text::summary(artifact),
            artifact.description.clone().unwrap_or_default(),
        ]
    });
    let heading = ["KEY", "VERSION", "PUBLISHED", "WHAT", ""];
    print::data(&table::lines(&heading, rows.collect()))
}

async fn show(door: &Door, matches: &ArgMatches) -> Result<()> {
    let (chosen, all) = choose(door, matches).await?;
    if wants_json(matches) {
        let mut value = artifact_text::fields(&chosen);
        let versions = all.iter().map(artifact_text::fields);
        value["versions"] = Value::Array(versions.collect());
        return print::json(&value);
    }
    let place = &chosen.place;
    let run = door.run(chosen.run).await.map(|run| run.record.name);
    let run = run.unwrap_or_else(|_| chosen.run.to_string());
    let mut shown = format!(
        "{} · v{} · {} of {run}, attempt {}{} · {}\n",
        place.key,
        chosen.version,
        place.step,
        place.attempt,
        if chosen.failed { ", which failed" } else { "" },
        time_text::local_with_zone(place.at),
    );
    if let Some(description) = &chosen.description {
        shown.push_str(&format!("{description}\n"));
    }
    shown.push_str(&format!("\n{}", artifact_text::whole(&chosen)));
    print::data(&shown)?;
    if chosen.blob.is_some() {
        print::note(&format!("get it: artifacts get {} -o FILE", place.key));
    }
    if all.len() > 1 {
        let first = all.last().map_or(1, |oldest| oldest.version);
        print::note(&format!(
            "{} versions, from {first}: --version N",
            all.len()
        ));
    }
    Ok(())
}

async fn get(door: &Door, matches: &ArgMatches) -> Result<()> {
    let (chosen, _) = choose(door, matches).await?;
    let content = match door.artifact_bytes(&chosen).await? {
        Some(bytes) => bytes.to_vec(),
        None => content(&chosen).into_bytes(),
    };
    let Some(file) = matches.get_one::<String>("output") else {
        let written = io::stdout().lock().write_all(&content);
        return match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        };
    };
    std::fs::write(file, &content).map_err(|error| {
        Error::new(
            ErrorKind::Input,
            format!("{file} cannot be written: {error}"),
        )
        .hint("name a file in a folder that exists and that you may write in")
    })?;
    let size = spoken(content.len() as u64);
    print::note(&format!("{file}: {size}"));
    Ok(())
}

/// What is not bytes, as a file would hold it.
fn content(artifact: &ArtifactRecord) -> String {
    let data = artifact.value();
    match artifact.kind {
        ArtifactKind::Table => csv(&data),
        ArtifactKind::Link => data["url"].as_str().unwrap_or_default().to_owned() + "\n",
        ArtifactKind::Markdown => data["text"].as_str().unwrap_or_default().to_owned(),
        _ => artifact.data.clone(),
    }
}

fn csv(data: &Value) -> String {
    let rows = data["rows"].as_array().into_iter().flatten();
    let lines = std::iter::once(&data["columns"]).chain(rows);
    let line = |row: &Value| {
        let cells = row.as_array().into_iter().flatten().map(cell);
        cells.collect::<Vec<_>>().join(",") + "\n"
    };
    lines.map(line).collect()
}

fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// The version that is meant, and all of the key.
async fn choose(
    door: &Door,
    matches: &ArgMatches,
) -> Result<(ArtifactRecord, Vec<ArtifactRecord>)> {
    let key = text(matches, "key");
    let all = door.artifact_versions(key).await?;
    let wanted = matches.get_one::<u64>("version");
    let chosen = all
        .iter()
        .find(|artifact| wanted.is_none_or(|version| *version == artifact.version));
    let chosen = chosen.cloned().ok_or_else(|| {
        let newest = all.first().map_or(0, |newest| newest.version);
        let message = format!("`{key}` has no version {}", wanted.copied().unwrap_or(0));
        Error::new(ErrorKind::NotFound, message).hint(format!("the newest is {newest}"))
    })?;
    Ok((chosen, all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_is_csv_that_others_read() {
        let data = json!({ "columns": ["a", "b"], "rows": [["x,y", 1], ["say \"hi\"", null]] });
        assert_eq!(csv(&data), "a,b\n\"x,y\",1\n\"say \"\"hi\"\"\",\n");
    }
}
