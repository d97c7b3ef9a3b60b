//! A process of its own for a run that nobody waits for.

use std::process::{Command, Stdio};

use super::command::program_name;
use crate::error::{Error, Result};
use crate::model::record::RunRecord;
use crate::ops::Engine;

/// Starts this program again, apart from this terminal, to drive the run. The run is recorded already, so it is not lost
/// if that process dies: `runs resume` goes on with it.
///
/// # Errors
/// If no process can be started.
pub(super) fn drive(engine: &Engine, record: &RunRecord) -> Result<()> {
    let failed = |error: std::io::Error| {
        let message = format!(
            "the run {} is recorded, but no process could be started to drive it: {error}",
            record.name
        );
        Error::from(message).hint(format!("{} runs resume {}", program_name(), record.name))
    };
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command
        .args(["runs", "resume", &record.id.to_string(), "--json"])
        .arg(format!("--store={}", engine.url()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Ctrl-C in this terminal is not meant for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map(drop).map_err(failed)
}
