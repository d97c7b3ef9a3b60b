//! `deployments …`: what is deployed, and what people do with it.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value, json};

use super::command::{program_name, text, wants_json};
use super::door::Door;
use super::{door, params, print, run_json, table, time_text};
use crate::error::{Error, ErrorKind, Result};
use crate::model::deployment::{RunWhenFull, ScheduleRecord};
use crate::ops::params::schema::Place;
use crate::ops::params::text::read;
use crate::ops::{DeploymentReport, Start};

/// Its command line.
pub(super) fn command() -> Command {
    let name = || {
        Arg::new("name")
            .value_name("NAME")
            .required(true)
            .help("The deployment")
    };
    let verb =
        |verb: &'static str, about: &'static str| Command::new(verb).about(about).arg(name());
    Command::new("deployments")
        .about("Show, pause, resume and run what is deployed")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .subcommand(Command::new("ls").about("All deployments"))
        .subcommand(verb(
            "show",
            "One deployment, with its schedules and parameters",
        ))
        .subcommand(verb(
            "pause",
            "Let its schedules fire no more; runs that go on are left alone",
        ))
        .subcommand(verb("resume", "Let its schedules fire again"))
        .subcommand(
            verb("run", "Put a run of it into its queue, now")
                .arg(
                    Arg::new("param")
                        .short('p')
                        .long("param")
                        .value_name("NAME=VALUE")
                        .action(ArgAction::Append)
                        .help("A parameter of this run, in place of the deployment's"),
                )
                .arg(params::file_arg())
                .arg(
                    Arg::new("run-name")
                        .long("name")
                        .value_name("NAME")
                        .help("What to call the run [default: two words such as calm-otter]"),
                ),
        )
        .subcommand(verb(
            "delete",
            "Take it and its schedules away; its runs stay",
        ))
}

/// Carries out the verb; without one, lists.
///
/// # Errors
/// If the store cannot be used, the deployment is unknown, or a parameter does not fit.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let Some((verb, matches)) = matches.subcommand() else {
        return list(&door::open_existing(matches).await?, matches).await;
    };
    let door = door::open_existing(matches).await?;
    let name = || text(matches, "name");
    match verb {
        "show" => show(&door.deployment(name()).await?, matches)?,
        "pause" | "resume" => {
            let on = verb == "resume";
            let report = door.switch_deployment(name(), on).await?;
            let word = if on { "resumed" } else { "paused" };
            said(matches, json!(report), &format!("{word} {}", name()))?;
        }
        "run" => return queue(&door, name(), matches).await,
        "delete" => {
            door.delete_deployment(name()).await?;
            let line = format!("deleted {}; its runs stay", name());
            said(matches, json!({ "deleted": name() }), &line)?;
        }
        _ => return list(&door, matches).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn said(matches: &ArgMatches, value: Value, line: &str) -> Result<()> {
    if wants_json(matches) {
        return print::json(&value);
    }
    print::note(line);
    Ok(())
}

async fn list(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let reports = door.deployments().await?;
    if wants_json(matches) {
        print::json(&json!(reports))?;
        return Ok(ExitCode::SUCCESS);
    }
    if reports.is_empty() {
        print::note(&format!(
            "nothing is deployed\ntry:  {} deploy",
            program_name()
        ));
    }
    let rows = reports.iter().map(|report| {
        let deployment = &report.record.deployment;
        vec![
            deployment.name.clone(),
            deployment
                .shown
                .clone()
                .unwrap_or_else(|| deployment.flow.clone()),
            schedules(&report.schedules),
            state(report).to_owned(),
            report.next.map_or_else(
                || "–".to_owned(),
                |at| format!("next {}", time_text::local(at)),
            ),
            deployment.tags.join(","),
        ]
    });
    print::data(&table::lines(
        &["NAME", "FLOW", "WHEN", "STATE", "NEXT", "TAGS"],
        rows.collect(),
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn state(report: &DeploymentReport) -> &'static str {
    match report {
        _ if !report.known => "flow unknown here",
        _ if !report.record.is_on() => "paused",
        _ if report.schedules.is_empty() => "by hand",
        _ if !report.fires => "schedules paused",
        _ => "active",
    }
}

fn schedules(schedules: &[ScheduleRecord]) -> String {
    let rules: Vec<String> = schedules.iter().map(rule).collect();
    rules.join("; ")
}

/// A rule as it was written: `0 10 * * * Asia/Tokyo`.
fn rule(schedule: &ScheduleRecord) -> String {
    let word = |name: &str| schedule.schedule.get(name).and_then(Value::as_str);
    let rule = match (word("cron"), word("interval"), word("rrule")) {
        (Some(cron), _, _) => cron.to_owned(),
        (_, Some(interval), _) => format!("every {interval}"),
        (_, _, Some(rrule)) => rrule.to_owned(),
        _ => schedule.schedule.to_string(),
    };
    match word("timezone") {
        Some(zone) => format!("{rule} {zone}"),
        None => rule,
    }
}

fn show(report: &DeploymentReport, matches: &ArgMatches) -> Result<()> {
    if wants_json(matches) {
        return print::json(&json!(report));
    }
    let deployment = &report.record.deployment;
    let mut lines = vec![format!(
        "{} · {} · {}",
        deployment.name,
        deployment.flow,
        state(report)
    )];
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("  {name:<14} {value}"));
        }
    };
    line("about", deployment.description.clone());
    line("shown as", deployment.shown.clone().unwrap_or_default());
    line("tags", deployment.tags.join(", "));
    for schedule in &report.schedules {
        let mut text = rule(schedule);
        if !schedule.is_on() {
            text += " · paused";
        }
        if !schedule.parameters.is_empty() {
            text += &format!(" · {}", Value::Object(schedule.parameters.clone()));
        }
        line(&schedule.slug, text);
    }
    line(
        "next start",
        report
            .next
            .map_or_else(String::new, time_text::local_with_zone),
    );
    for (name, value) in &deployment.parameters {
        line(&format!("{name} ="), value.to_string());
    }
    line("pool", deployment.pool.clone().unwrap_or_default());
    line("queue", deployment.queue.clone().unwrap_or_default());
    for (name, value) in &deployment.job_variables {
        line(name, variable(value));
    }
    if let Some(limit) = deployment.limit {
        let then = match limit.when_full {
            RunWhenFull::Queue => "one more waits",
            RunWhenFull::CancelNew => "one more is cancelled",
            RunWhenFull::CancelPrevious => "one more cancels the oldest",
            RunWhenFull::Skip => "one more is skipped",
        };
        line("runs at once", format!("{}, {then}", limit.count));
    }
    line(
        "retries",
        deployment
            .retries
            .map_or_else(String::new, |n| n.to_string()),
    );
    line(
        "timeout",
        deployment
            .timeout
            .map_or_else(String::new, |timeout| time_text::between(0, timeout)),
    );
    line("changed", time_text::local(report.record.changed));
    print::data(&lines.join("\n"))
}

async fn queue(door: &Door, name: &str, matches: &ArgMatches) -> Result<ExitCode> {
    let given = given(door, name, matches).await?;
    let start = Start {
        name: matches.get_one::<String>("run-name").cloned(),
        ..Start::default()
    };
    let run = door.run_deployment(name, given, start).await?;
    let workers = door.workers_for(&run).await?;
    if wants_json(matches) {
        let mut value = run_json::read(door, run.id).await?;
        value["workers"] = json!(workers);
        print::json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    print::data(&run.name)?;
    let program = program_name();
    print::note(&match workers {
        0 => format!(
            "is in the queue, and no worker is there to take it\ntry:  {program} serve            (takes what is in the queue)\n      {program} runs resume {}   (here and now)",
            run.name
        ),
        _ => format!("is in the queue\ntry:  {program} runs watch {}", run.name),
    });
    Ok(ExitCode::SUCCESS)
}

/// The parameters for this run: of the file, then one by one.
async fn given(door: &Door, name: &str, matches: &ArgMatches) -> Result<Map<String, Value>> {
    let mut given = params::from_file(matches)?;
    let schema = door.deployment_schema(name).await?;
    let root = Place::root(&schema);
    for param in matches.get_many::<String>("param").into_iter().flatten() {
        let wrong = |message: String| {
            Error::new(ErrorKind::Input, message).hint(format!(
                "{} deployments run {name} --param NAME=VALUE; nothing was started",
                program_name()
            ))
        };
        let Some((key, text)) = param.split_once('=') else {
            return Err(wrong(format!("`{param}` is no parameter: it has no `=`")));
        };
        let key = key.replace('-', "_");
        let value = match root.child(&key) {
            Some(place) => read(place, &[text]).map_err(|why| wrong(format!("`{key}` {why}")))?,
            None => Value::String(text.to_owned()),
        };
        given.insert(key, value);
    }
    Ok(given)
}

/// A job variable on one line: of `env`, the names.
fn variable(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let names = fields.iter().map(|(name, value)| match value {
                Value::Null => format!("{name} (taken away)"),
                _ => name.clone(),
            });
            names.collect::<Vec<_>>().join(", ")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
