//! What an attempt comes to, from how its process ended.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::error::{Error, ErrorKind};

/// The error of an attempt whose process ended before the body returned.
pub(super) fn died(status: ExitStatus, last_words: &str) -> Error {
    match (status.signal(), status.code()) {
        (Some(signal), _) => {
            let message = format!("its process was killed by {}", name_of(signal));
            let error = Error::new(ErrorKind::Crashed, spoken(message, last_words));
            match meaning(signal) {
                Some(meaning) => error.hint(meaning),
                None => error,
            }
        }
        (None, Some(code)) => {
            let message =
                format!("its process ended with exit code {code} before the body returned");
            Error::new(ErrorKind::Crashed, spoken(message, last_words))
                .hint("return an error instead of calling exit")
        }
        (None, None) => {
            let message = "its process ended before the body returned".to_owned();
            Error::new(ErrorKind::Crashed, spoken(message, last_words))
        }
    }
}

/// The last lines on stderr usually tell more than the signal.
fn spoken(message: String, last_words: &str) -> String {
    if last_words.is_empty() {
        message
    } else {
        format!("{message}; its last words: {last_words}")
    }
}

fn name_of(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ if signal == rustix::process::Signal::BUS.as_raw() => "SIGBUS",
        _ if signal == rustix::process::Signal::SYS.as_raw() => "SIGSYS",
        _ if signal == rustix::process::Signal::XCPU.as_raw() => "SIGXCPU",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

fn meaning(signal: i32) -> Option<&'static str> {
    match signal {
        6 => Some("look for an abort, a stack overflow, a second panic, or memory that ran out"),
        9 => Some(
            "look in the system's log whether memory ran out: nothing in the program sends this signal",
        ),
        _ if signal == rustix::process::Signal::XCPU.as_raw() => {
            Some("it computed longer than the option `cpu` of its task allows")
        }
        4 | 11 => Some("look for unsafe code, or a library in another language"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_by_its_signal_or_code_and_its_last_words() {
        let error = died(ExitStatus::from_raw(6), "stack overflow");
        assert_eq!(
            error.message(),
            "its process was killed by SIGABRT; its last words: stack overflow"
        );
        assert_eq!(error.kind(), ErrorKind::Crashed);
        assert!(error.try_this().is_some());
        let error = died(ExitStatus::from_raw(3 << 8), "");
        assert_eq!(
            error.message(),
            "its process ended with exit code 3 before the body returned"
        );
        let error = died(ExitStatus::from_raw(60), "");
        assert_eq!(error.message(), "its process was killed by signal 60");
    }
}
