//! The process of one run, which a worker has started: it claims the run from the worker, drives it, and ends.

use std::process::ExitCode;

use super::interrupt::Interrupt;
use super::{logging, outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::ops::{Engine, isolate, tear_down_resources};

/// What a program does whose first word is the hidden one.
pub(super) fn main() -> ExitCode {
    isolate::allow();
    let driven = logging::install().and_then(|()| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let driven = runtime.block_on(drive());
        runtime.block_on(tear_down_resources());
        runtime.shutdown_background();
        driven
    });
    match driven {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => outcome::complain(&error),
    }
}

async fn drive() -> Result<()> {
    let (store, id, epoch) = asked().ok_or_else(|| {
        let message = "this command is for workers, which start it by themselves";
        Error::new(ErrorKind::Input, message).hint("start a worker: worker")
    })?;
    let engine = Engine::open(&store).await?;
    let interrupt = Interrupt::listen(&engine);
    if let Some(run) = engine.drive_claimed(id, epoch).await? {
        interrupt.wait(run).await?;
    }
    // The worker does not hear of the end of the run, and this process is gone in a moment.
    engine.told_of(id, outcome::TOLD_WITHIN).await;
    engine.close().await
}

fn asked() -> Option<(String, RunId, u64)> {
    let mut words = std::env::args().skip(2);
    let (store, run, epoch) = (words.next()?, words.next()?, words.next()?);
    Some((store, run.parse().ok()?, epoch.parse().ok()?))
}
