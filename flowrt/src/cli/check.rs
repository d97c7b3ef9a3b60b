//! `check`: the doctor. Looks at everything that a run needs, and says what is wrong and what to try.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::command::{Program, wants_json};
use super::{print, store_place, style};
use crate::error::{Error, Result};
use crate::ops::doctor::{Finding, Health, flows, store};

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("check").about(
        "Look for trouble: store, flows, clock, runs that need you; exit code 1 if there is any",
    )
}

/// Checks.
///
/// # Errors
/// If the findings cannot be written. Trouble is an exit code.
pub(super) async fn run(program: &Program, matches: &ArgMatches) -> Result<ExitCode> {
    let mut findings = flows(&program.flows);
    match store_place::open_existing(matches).await {
        Ok(engine) => findings.extend(store(&engine).await),
        Err(error) => findings.push(trouble(&error)),
    }
    let is_well = findings.iter().all(|finding| finding.health != Health::Bad);
    if wants_json(matches) {
        let all: Vec<Value> = findings.iter().map(value).collect();
        print::json(&json!({ "ok": is_well, "findings": all }))?;
    } else {
        let lines: Vec<String> = findings.iter().map(line).collect();
        print::data(&lines.join("\n"))?;
    }
    Ok(ExitCode::from(u8::from(!is_well)))
}

fn trouble(error: &Error) -> Finding {
    let mut message = error.to_string();
    for cause in error.chain() {
        message.push_str(&format!(": {cause}"));
    }
    Finding {
        what: "store",
        health: Health::Bad,
        message,
        hint: error.try_this().map(str::to_owned),
    }
}

fn line(finding: &Finding) -> String {
    let sign = match finding.health {
        Health::Good => "✓",
        Health::Notice => "◷",
        Health::Bad => "✗",
    };
    let mut line = format!(
        "{} {:9}  {}",
        style::coloured(sign),
        finding.what,
        finding.message
    );
    if let Some(hint) = &finding.hint {
        line.push_str(&format!("\n             try: {}", hint));
    }
    line
}

fn value(finding: &Finding) -> Value {
    let health = match finding.health {
        Health::Good => "good",
        Health::Notice => "notice",
        Health::Bad => "bad",
    };
    json!({ "what": finding.what, "health": health, "message": finding.message, "try": finding.hint })
}
