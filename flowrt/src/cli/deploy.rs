//! `deploy`: what is written in `flowrt.yaml` becomes what fires. It shows what would change before it changes it.

use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use serde_json::{Value, json};

use super::command::{program_name, wants_json};
use super::{door, plan, print};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::{DeployAsk, DeployView, Fate, Planned};

const FILE: &str = "flowrt.yaml";
/// The file of those who come from there.
const PREFECT: &str = "prefect.yaml";

/// Its command line.
pub(super) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    Command::new("deploy")
        .about("Deploy what flowrt.yaml says: shows what would change, then changes it")
        .arg(
            Arg::new("file")
                .short('f')
                .long("file")
                .value_name("FILE")
                .value_hint(ValueHint::FilePath)
                .help("The file [default: flowrt.yaml, if it is here, else what the program has in it]"),
        )
        .arg(flag(
            "prune",
            "Take away deployments of this program's flows that the file no longer has",
        ))
        .arg(flag("dry-run", "Only show what would change"))
        .arg(
            Arg::new("yes")
                .short('y')
                .long("yes")
                .action(ArgAction::SetTrue)
                .help("Do not ask"),
        )
}

/// Carries it out.
///
/// # Errors
/// If the file cannot be read or anything in it is wrong (nothing is deployed then), or the store cannot be used.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let file = file(matches)?;
    let door = door::open(matches).await?;
    let ask = DeployAsk {
        name: file.as_ref().map(|(name, _)| name.clone()),
        file: file.as_ref().map(|(_, text)| text.clone()),
        prune: matches.get_flag("prune"),
        ..DeployAsk::default()
    };
    let mut plan = door
        .deploy(&DeployAsk {
            plan: true,
            ..ask.clone()
        })
        .await?;
    for note in &plan.notes {
        print::note(&format!("note: {note}"));
    }
    let as_json = wants_json(matches);
    loop {
        if plan.deployments.is_empty() {
            return Err(nothing(file.as_ref().map(|(name, _)| name.as_str())));
        }
        if matches.get_flag("dry-run") {
            if as_json {
                print::json(&json!(plan))?;
            } else {
                print::data(&lines(&plan).join("\n"))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        if !as_json {
            print::note(&lines(&plan).join("\n"));
        }
        if plan.changes && !plan::asked(matches, "Deploy this? [y/N]  --yes to skip this question")?
        {
            print::note("nothing was deployed");
            return Ok(ExitCode::SUCCESS);
        }
        let revision = Some(plan.revision);
        plan = door
            .deploy(&DeployAsk {
                revision,
                ..ask.clone()
            })
            .await?;
        if plan.applied {
            if as_json {
                print::json(&json!(plan))?;
            } else {
                print::note(&summary(&plan));
            }
            return Ok(ExitCode::SUCCESS);
        }
        print::note(
            "somebody else has changed a deployment meanwhile; this is what would change now",
        );
    }
}

/// Its name, and what is in it.
fn file(matches: &ArgMatches) -> Result<Option<(String, String)>> {
    let name = match matches.get_one::<String>("file") {
        Some(name) => name.as_str(),
        None if Path::new(FILE).is_file() => FILE,
        None => return Ok(None),
    };
    match std::fs::read_to_string(name) {
        Ok(text) => Ok(Some((name.to_owned(), text))),
        Err(error) => Err(Error::new(
            ErrorKind::Input,
            format!("the file {name} cannot be read: {error}"),
        )
        .hint("-f takes the path of a YAML file of deployments")),
    }
}

fn nothing(file: Option<&str>) -> Error {
    let message = match file {
        Some(file) => {
            format!("{file} has no deployments, and no flow of this program has a schedule")
        }
        None => format!("there is no {FILE} here, and the program has no deployments in it"),
    };
    let hint = if file.is_none() && Path::new(PREFECT).is_file() {
        format!("{} deploy -f {PREFECT}", program_name())
    } else {
        format!("write {FILE} with a list `deployments:`, or #[flow(schedule = \"0 10 * * *\")]")
    };
    Error::new(ErrorKind::NotFound, message).hint(hint)
}

/// One line a deployment, and below it what differs.
fn lines(plan: &DeployView) -> Vec<String> {
    let shown = |planned: &&Planned| planned.fate != Fate::Unchanged;
    let width = plan
        .deployments
        .iter()
        .filter(shown)
        .map(|planned| planned.name.chars().count())
        .max()
        .unwrap_or(0);
    let mut lines = Vec::new();
    for planned in plan.deployments.iter().filter(shown) {
        let (verb, why) = match planned.fate {
            Fate::Created => ("create", format!("of {}", planned.flow)),
            Fate::Changed => ("change", String::new()),
            Fate::Gone => (
                "gone  ",
                "nobody writes it down any more; it stays (--prune takes it away)".to_owned(),
            ),
            Fate::Removed => ("remove", "its runs stay".to_owned()),
            Fate::Kept => ("keep  ", "deployed from a file".to_owned()),
            Fate::Unchanged => continue,
        };
        let line = format!("  {verb}   {:width$}   {why}", planned.name);
        lines.push(line.trim_end().to_owned());
        for difference in &planned.differences {
            let text = |value: &Value| match value {
                Value::Null => "–".to_owned(),
                Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            lines.push(format!(
                "             {}: {} → {}",
                difference.what,
                text(&difference.old),
                text(&difference.new)
            ));
        }
        if let Some(on) = planned.switched {
            let state = if on { "resumed" } else { "paused" };
            lines.push(format!(
                "             stays {state}, as somebody has set it"
            ));
        }
    }
    let same = plan.count(Fate::Unchanged);
    if same > 0 {
        lines.push(format!("  {same} unchanged"));
    }
    lines
}

fn summary(plan: &DeployView) -> String {
    let counts = [
        (Fate::Created, "created"),
        (Fate::Changed, "changed"),
        (Fate::Removed, "removed"),
        (Fate::Unchanged, "unchanged"),
    ];
    let said: Vec<String> = counts
        .iter()
        .map(|(fate, word)| (plan.count(*fate), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    match !plan.changes {
        true => "nothing to change".to_owned(),
        false => format!(
            "deployed: {}\ntry:  {} deployments",
            said.join(", "),
            program_name()
        ),
    }
}
