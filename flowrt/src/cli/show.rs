//! `runs show RUN`: one run and its steps.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use serde_json::json;

use super::command::{run_arg, text, wants_json};
use super::door::{Door, Seen};
use super::{artifact_text, outcome, print, run_json, style, time_text};
use crate::error::Result;
use crate::model::digest::ErrorDigest;
use crate::model::number::{counted, grouped};
use crate::model::record::RunRecord;
use crate::ops::inspect::Step;
use crate::ops::outline::Outlined;

/// How much of a value is shown to a person.
const VALUE_CHARS: usize = 2_000;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("show")
        .about("One run: its parameters, steps, and result or error")
        .arg(run_arg())
}

/// Shows it.
///
/// # Errors
/// If there is no such run.
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let record = door.find(text(matches, "run")).await?;
    let artifacts = door.artifacts(record.id).await?;
    if wants_json(matches) {
        let steps = door.steps(record.id).await?;
        let mut value = run_json::of(&record.view());
        value["digest"] = json!(door.digest(&record).await?);
        value["origin"] = json!(record.origin);
        value["continued_as"] = json!(record.continued_as());
        value["steps"] = run_json::steps(&steps);
        let artifacts = artifacts.iter().map(artifact_text::fields);
        value["artifacts"] = artifacts.collect();
        print::json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = head(door, &record, &related(door, &record).await);
    if let Some(imported) = door.imported(record.id).await? {
        let at = time_text::local_with_zone(imported.exported);
        shown.push_str(&format!(
            "  {:10}  another store, as it stood {at}\n",
            "out of"
        ));
    }
    shown.push('\n');
    shown.push_str(&outline_lines(&door.outline(&record).await?));
    if let Some(output) = record.output.as_ref().filter(|output| &***output != "null") {
        shown.push_str(&format!("\nresult  {}\n", cut(output)));
    }
    shown.push_str(&artifact_text::progress(&artifacts));
    shown.push_str(&artifact_text::list(&artifacts));
    let error = outcome::error_lines(&record);
    if !error.is_empty() {
        shown.push_str(&format!("\n{error}"));
        let digest = door.digest(&record).await?;
        for line in digest.iter().flat_map(ErrorDigest::more) {
            shown.push_str(&format!("  {line}\n"));
        }
    }
    print::data(&shown)?;
    Ok(ExitCode::SUCCESS)
}

/// The runs that it came from, by name where they are still there.
async fn related(door: &Door, record: &RunRecord) -> Vec<(&'static str, String)> {
    let mut related = Vec::new();
    for (what, run) in record.related() {
        let name = door.run(run).await.map(|run| run.record.name);
        related.push((what, name.unwrap_or_else(|_| run.to_string())));
    }
    related
}

fn head(door: &Door, record: &Seen, related: &[(&str, String)]) -> String {
    let took = match (record.started, record.finished) {
        (Some(started), Some(finished)) => format!(" in {}", time_text::between(started, finished)),
        (Some(started), None) if !record.state.needs_person() => {
            format!(" for {}", time_text::between(started, door.now()))
        }
        _ => String::new(),
    };
    let gone = if record.is_orphaned {
        "; its process is gone"
    } else {
        ""
    };
    let sign = style::coloured(style::run_sign(record.state));
    let mut lines = format!(
        "{sign} {} · {} · {}{took}{gone}\n",
        record.flow_shown(),
        record.name,
        record.state
    );
    let mut line = |name: &str, value: String| lines.push_str(&format!("  {name:10}  {value}\n"));
    line("id", record.id.to_string());
    if record.flow_shown() != record.flow {
        line("flow", record.flow.clone());
    }
    if let serde_json::Value::Object(params) = record.input.to_value() {
        for (index, (name, value)) in params.iter().enumerate() {
            line(
                if index == 0 { "parameters" } else { "" },
                format!("{name} = {}", cut(&value.to_string())),
            );
        }
    }
    let dispatch = &record.dispatch;
    if let Some(deployment) = &dispatch.deployment {
        line("deployment", deployment.clone());
    }
    if let Some(slot) = &dispatch.slot {
        let at = time_text::local_with_zone(slot.at);
        line("slot", format!("{at} of {}", slot.schedule));
    }
    if let Some(queue) = &dispatch.queue {
        line("queue", queue.clone());
    }
    if !dispatch.tags.is_empty() {
        line("tags", dispatch.tags.join(", "));
    }
    line("accepted", time_text::local_with_zone(record.created));
    if let Some(due) = record.due {
        line("due", time_text::local_with_zone(due));
    }
    if let Some(started) = record.started {
        line("started", time_text::local_with_zone(started));
    }
    if let Some(finished) = record.finished {
        line("finished", time_text::local_with_zone(finished));
    }
    for (what, name) in related {
        line(what, name.clone());
    }
    lines
}

/// A run of very many steps is told by what they have in common, its failures first.
fn outline_lines(outlined: &Outlined) -> String {
    let mut lines = String::new();
    if outlined.failed > 0 {
        let failed = counted(outlined.failed, "failure");
        lines.push_str(&format!("{failed}\n{}\n", step_lines(&outlined.failures)));
    }
    lines.push_str(&step_lines(&outlined.steps));
    for kind in &outlined.kinds {
        let name = kind.name.strip_suffix("[]").unwrap_or(&kind.name);
        let states = kind.states.iter();
        let states = states
            .map(|(state, count)| format!("{} {}", grouped(*count), style::words(state.as_str())));
        let worst = kind.states.keys().find(|state| state.is_failure());
        let worst = worst.or(kind.last.as_ref()).copied();
        let sign = worst.map_or_else(|| " ".to_owned(), style::task_sign);
        let states: Vec<_> = states.collect();
        let total = grouped(kind.total);
        lines.push_str(&format!(
            "  {sign} {name} ×{total}  {}\n",
            states.join(" · ")
        ));
    }
    let told = outlined.kinds.iter().map(|kind| kind.total).sum::<u64>();
    let told = told + outlined.steps.len() as u64;
    let more = outlined.total.saturating_sub(told);
    if more > 0 {
        lines.push_str(&format!("  … and {} more\n", grouped(more)));
    }
    if more > 0 || !outlined.kinds.is_empty() {
        lines.push_str("  (each of them: --json)\n");
    }
    lines
}

fn step_lines(steps: &[Step]) -> String {
    let width = steps
        .iter()
        .map(|step| step.step.chars().count())
        .max()
        .unwrap_or(0);
    let took = |step: &Step| match (step.started, step.finished) {
        (Some(started), Some(finished)) if started != 0 => time_text::between(started, finished),
        _ => String::new(),
    };
    let times = steps
        .iter()
        .map(|step| took(step).chars().count())
        .max()
        .unwrap_or(0);
    let mut lines = String::new();
    for step in steps {
        let line = format!(
            "  {} {:width$}  {:>times$}  {}",
            style::task_sign(step.state),
            step.step,
            took(step),
            run_json::step_note(step)
        );
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

fn cut(text: &str) -> String {
    if text.chars().count() <= VALUE_CHARS {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(VALUE_CHARS).collect();
    cut.push_str("… (all of it: --json)");
    cut
}
