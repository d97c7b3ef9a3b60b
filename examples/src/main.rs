//! Examples.

use std::io::Write;
use std::process::ExitCode;

mod repo_report;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| ".".to_owned());
    let out = arguments.next().unwrap_or_else(|| "report.html".to_owned());
    match repo_report::report(path, "HEAD".to_owned(), out) {
        Ok(report) => {
            // A closed output is no reason to fail: the report is written.
            let _ = writeln!(std::io::stdout(), "report: {report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
