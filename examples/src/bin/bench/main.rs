//! Measures flowrt beside the raw limit of what it stands on, in the same run, and prints the ratio.
//!
//! `cargo run --release -p examples --bin bench -- chain --tasks 10000 --store sqlite:/tmp/bench.db --json`
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal"
)]

mod arguments;
mod cache;
mod chain;
mod cold_start;
mod fanout;
mod flows;
mod isolate;
mod limit;
mod raw;
mod report;
mod resume;
mod schedules;
mod served;

use std::process::ExitCode;

use arguments::{Arguments, Workload};
use flowrt::{Engine, Result};
use report::Report;

fn main() -> ExitCode {
    // A workload that needs a process of its own starts this executable again, as the program of flows that it also is.
    match std::env::args().nth(1).as_deref() {
        Some("run" | "__task" | "serve" | "deploy") => return flowrt::__private::cli_main(),
        Some(cold_start::NOTHING) => return ExitCode::SUCCESS,
        _ => {}
    }
    let arguments = Arguments::of_process();
    let json = arguments.json;
    match measure(arguments) {
        Ok(report) => {
            println!("{}", if json { report.json() } else { report.text() });
            ExitCode::from(u8::from(!report.holds))
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: Arguments) -> Result<Report> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match arguments.workload {
            Workload::Chain => chain::measure(&arguments).await,
            Workload::Fanout => fanout::measure(&arguments).await,
            Workload::Limit => limit::measure(&arguments).await,
            Workload::Cache => cache::measure(&arguments).await,
            Workload::Isolate => isolate::measure(&arguments).await,
            Workload::Resume => resume::measure(&arguments).await,
            Workload::Served => served::measure(&arguments).await,
            Workload::Schedules => schedules::measure(&arguments).await,
            Workload::ColdStart => cold_start::measure(&arguments).await,
        }
    })
}

/// Opens the store that the person named.
async fn open(arguments: &Arguments) -> Result<Engine> {
    Engine::open(&arguments.store).await
}
