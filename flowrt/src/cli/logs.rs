//! `runs logs RUN`: what its tasks and the flow itself have logged.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::command::{program_name, run_arg, text, wants_json};
use super::door::Door;
use super::live::log_line;
use super::print;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::record::{LogLine, RunRecord};
use crate::ops::LogFilter;

/// Levels from the gravest on.
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// How many lines are read at a time.
const PAGE: usize = 5_000;

/// How often a run that goes on is asked for more.
const ASK: Duration = Duration::from_millis(200);

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("logs")
        .about("What its tasks have logged")
        .arg(run_arg())
        .arg(
            Arg::new("task")
                .long("task")
                .value_name("STEP")
                .help("Only of this step, or of all items of this fan-out"),
        )
        .arg(
            Arg::new("level")
                .long("level")
                .value_parser(LEVELS)
                .ignore_case(true)
                .default_value("trace")
                .help("Only lines this grave or graver"),
        )
        .arg(
            Arg::new("follow")
                .long("follow")
                .short('f')
                .action(ArgAction::SetTrue)
                .help("Go on until the run ends; with --json, one value a line"),
        )
}

/// Writes the lines to stdout.
///
/// # Errors
/// If the store fails or has no such run.
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let record = door.find(text(matches, "run")).await?;
    let mut reader = Reader {
        run: record.id,
        task: matches.get_one::<String>("task").cloned(),
        level: rank(text(matches, "level")),
        after: None,
    };
    let style = match (wants_json(matches), matches.get_flag("follow")) {
        (true, false) => {
            let lines = reader.rest(door).await?;
            let value = serde_json::to_value(&lines).expect("log lines are text and numbers");
            print::json(&value)?;
            return Ok(ExitCode::SUCCESS);
        }
        (true, true) => Style::Json,
        (false, _) => Style::People(jiff::tz::TimeZone::system()),
    };
    let mut found = false;
    loop {
        // Whether it is over is asked before the lines are read, so that the last ones are read too.
        let over = !matches.get_flag("follow") || !door.goes_on(record.id).await?;
        while let Some(lines) = reader.page(door).await? {
            found |= !lines.is_empty();
            match style.write(&lines) {
                // Whoever read our output has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Ok(ExitCode::SUCCESS);
                }
                written => written?,
            }
        }
        if over && found {
            return Ok(ExitCode::SUCCESS);
        }
        if over {
            return nothing(door, &record, reader.task.as_deref()).await;
        }
        Clock::real().sleep(ASK).await;
    }
}

/// No line was found: says so, or that the step does not exist.
async fn nothing(door: &Door, record: &RunRecord, task: Option<&str>) -> Result<ExitCode> {
    let steps = door.steps(record.id).await?;
    let Some(task) = task.filter(|task| !steps.iter().any(|step| is_of(&step.step, task))) else {
        print::note(
            "nothing was logged there; child runs have logs of their own: runs ls --children",
        );
        return Ok(ExitCode::SUCCESS);
    };
    let message = format!(
        "the run {} has no step `{task}` that ended or logged",
        record.name
    );
    let error = Error::new(ErrorKind::NotFound, message);
    let known = steps.iter().map(|step| step.step.as_str());
    Err(match flowrt_grammar::closest(task, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!(
            "its steps: {} runs show {}",
            program_name(),
            record.name
        )),
    })
}

/// The step itself, or an item of that fan-out.
fn is_of(step: &str, task: &str) -> bool {
    step.strip_prefix(task)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '/']))
}

fn rank(level: &str) -> usize {
    let place = LEVELS
        .iter()
        .position(|known| known.eq_ignore_ascii_case(level));
    place.unwrap_or(LEVELS.len())
}

struct Reader {
    run: RunId,
    task: Option<String>,
    level: usize,
    after: Option<i64>,
}

impl Reader {
    /// The next lines, some of which may be of no interest; none at the end.
    async fn page(&mut self, door: &Door) -> Result<Option<Vec<LogLine>>> {
        let filter = LogFilter {
            after: self.after,
            limit: PAGE,
            ..LogFilter::default()
        };
        let (lines, next) = door.logs(self.run, filter).await?;
        if next.is_none() {
            return Ok(None);
        }
        self.after = next;
        let wanted = lines.into_iter().filter(|line| self.wants(line));
        Ok(Some(wanted.collect()))
    }

    async fn rest(&mut self, door: &Door) -> Result<Vec<LogLine>> {
        let mut all = Vec::new();
        while let Some(mut lines) = self.page(door).await? {
            all.append(&mut lines);
        }
        Ok(all)
    }

    fn wants(&self, line: &LogLine) -> bool {
        let of_task = self
            .task
            .as_deref()
            .is_none_or(|task| is_of(&line.step, task));
        of_task && rank(&line.level) <= self.level
    }
}

enum Style {
    People(jiff::tz::TimeZone),
    Json,
}

impl Style {
    fn write(&self, lines: &[LogLine]) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        for line in lines {
            match self {
                Self::People(zone) => writeln!(out, "{}", log_line(line, zone))?,
                Self::Json => {
                    let text = serde_json::to_string(line).map_err(io::Error::other)?;
                    writeln!(out, "{text}")?;
                }
            }
        }
        out.flush()
    }
}
