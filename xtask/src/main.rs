//! Tasks around the build that cargo does not do by itself: `cargo xtask test` checks everything.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program talks to the person who runs it"
)]

use std::process::ExitCode;

mod cargo;
mod docs;
mod format;
mod lint;
mod mermaid;
mod python;
mod screenshots;
mod soak;
mod syn2;
mod test;
mod tools;

const HELP: &str = "\
usage: cargo xtask COMMAND

  test   install what the tests need (where that may be done), then check everything
  soak   kill processes at random for a while and print the ledger (soak --help)
  screenshots   take pictures of the page into docs/images
  help   this text";

/// One part of the check.
struct Step {
    name: &'static str,
    run: fn() -> Result<(), String>,
}

const STEPS: &[Step] = &[
    tools::STEP,
    format::STEP,
    lint::STEP,
    test::STEP,
    docs::STEP,
    syn2::STEP,
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => check(STEPS),
        ["screenshots"] => screenshots::run(),
        ["soak", ..] => soak::run(&arguments[1..]),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("xtask: there is no `{}`\n\n{HELP}", arguments.join(" "));
            ExitCode::from(2)
        }
    }
}

/// Runs all steps, also after one has failed: a missing blank line should not hide what the tests say.
fn check(steps: &[Step]) -> ExitCode {
    let mut failed = Vec::new();
    for step in steps {
        eprintln!("== {}", step.name);
        if let Err(cause) = (step.run)() {
            eprintln!("== {} failed: {cause}", step.name);
            failed.push((step.name, cause));
        }
    }
    if failed.is_empty() {
        eprintln!("== all {} steps passed", steps.len());
        return ExitCode::SUCCESS;
    }
    eprintln!("== failed: {} of {} steps", failed.len(), steps.len());
    for (name, cause) in failed {
        eprintln!("   {name}: {cause}");
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_whole() {
        let good = Step {
            name: "good",
            run: || Ok(()),
        };
        let bad = Step {
            name: "bad",
            run: || Err("for a reason".to_owned()),
        };
        assert_eq!(check(&[good]), ExitCode::SUCCESS);
        assert_eq!(
            check(&[
                bad,
                Step {
                    name: "good",
                    run: || Ok(())
                }
            ]),
            ExitCode::FAILURE
        );
    }
}
