//! Calls whose answer differs from one execution to the next, so that a resumed flow would go another way.

use syn::Path;

/// What a path that must not stand in a flow's body reads or does, and what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effect {
    what: &'static str,
    way_out: &'static str,
}

impl Effect {
    /// The error about it; `path` is as the user wrote it.
    pub(crate) fn message(self, path: &str) -> String {
        format!(
            "`{path}` {}, and a resumed run would not get the same again\n\n{}",
            self.what, self.way_out
        )
    }
}

const CLOCK: Effect = Effect {
    what: "reads the clock",
    way_out: "use `now()`, which is recorded; for how long something takes, measure it in a task",
};
const ENVIRONMENT: Effect = Effect {
    what: "reads the environment",
    way_out: "take it as a parameter, `#[arg(env = \"NAME\")] name: String`, or read it in a task",
};
const FILES: Effect = Effect {
    what: "touches files",
    way_out: "do it in a task, whose result is recorded",
};
const RANDOM: Effect = Effect {
    what: "is random",
    way_out: "use `random::<T>()`, which is recorded",
};
const UUID: Effect = Effect {
    what: "is random",
    way_out: "use `uuid()`, which is recorded",
};
const PROCESS: Effect = Effect {
    what: "acts on processes",
    way_out: "do it in a task, whose result is recorded",
};
const THREAD: Effect = Effect {
    what: "leaves the flow",
    way_out: "call a task and `.submit()` it, which starts it now; or await several with `join!`",
};
const BLOCK: Effect = Effect {
    what: "blocks the thread that drives the flow",
    way_out: "use `sleep(…).await`, which holds no thread and goes on after a restart",
};

/// By module and function: `env::var`, also as `std::env::var`. An empty list means all of the module.
const CALLS: &[(&str, &[&str], Effect)] = &[
    ("SystemTime", &["now"], CLOCK),
    ("Instant", &["now"], CLOCK),
    ("Utc", &["now"], CLOCK),
    ("Local", &["now"], CLOCK),
    ("Zoned", &["now"], CLOCK),
    ("Timestamp", &["now"], CLOCK),
    ("OffsetDateTime", &["now_utc", "now_local"], CLOCK),
    (
        "env",
        &[
            "var",
            "var_os",
            "vars",
            "vars_os",
            "args",
            "args_os",
            "current_dir",
            "current_exe",
            "home_dir",
            "temp_dir",
            "set_var",
            "remove_var",
            "set_current_dir",
        ],
        ENVIRONMENT,
    ),
    (
        "fs",
        &[
            "read",
            "read_to_string",
            "write",
            "copy",
            "rename",
            "remove_file",
            "remove_dir",
            "remove_dir_all",
            "create_dir",
            "create_dir_all",
            "read_dir",
            "metadata",
            "symlink_metadata",
            "canonicalize",
            "exists",
            "try_exists",
            "hard_link",
            "read_link",
            "set_permissions",
        ],
        FILES,
    ),
    ("File", &["open", "create", "create_new", "options"], FILES),
    ("OpenOptions", &["new"], FILES),
    (
        "Uuid",
        &["new_v4", "now_v7", "now_v6", "now_v1", "new_v7"],
        UUID,
    ),
    ("OsRng", &[], RANDOM),
    ("ThreadRng", &[], RANDOM),
    ("Command", &["new"], PROCESS),
    ("process", &["exit", "abort", "id"], PROCESS),
    ("thread", &["spawn", "scope"], THREAD),
    ("tokio", &["spawn"], THREAD),
    ("task", &["spawn_blocking", "spawn_local"], THREAD),
    ("thread", &["sleep"], BLOCK),
];

/// By crate or by the whole beginning of the path.
const CRATES: &[(&[&str], Effect)] = &[
    (&["rand"], RANDOM),
    (&["fastrand"], RANDOM),
    (&["getrandom"], RANDOM),
    (&["std", "fs"], FILES),
    (&["tokio", "fs"], FILES),
    (&["std", "process"], PROCESS),
    (&["tokio", "process"], PROCESS),
    (&["tokio", "task", "spawn"], THREAD),
];

/// Functions known without their module.
const NAMES: &[(&str, Effect)] = &[("thread_rng", RANDOM)];

/// What is wrong with naming `path` in a flow's body, if anything.
pub(crate) fn effect_of(path: &Path) -> Option<Effect> {
    let segments: Vec<String> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    if words
        .last()
        .is_some_and(|last| matches!(*last, "ExitCode" | "SUCCESS" | "FAILURE"))
    {
        return None;
    }
    let of_crate = CRATES
        .iter()
        .find(|(start, _)| words.len() > start.len() && words.starts_with(start))
        .map(|(_, effect)| *effect);
    let of_call = || match words.as_slice() {
        [.., module, name] => CALLS
            .iter()
            .find(|(known, names, _)| known == module && (names.is_empty() || names.contains(name)))
            .map(|(_, _, effect)| *effect),
        [name] => NAMES
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, effect)| *effect),
        [] => None,
    };
    of_call().or(of_crate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<Effect> {
        effect_of(&syn::parse_str(path).expect("a path"))
    }

    #[test]
    fn what_differs_between_executions_is_known() {
        assert_eq!(of("std::time::SystemTime::now"), Some(CLOCK));
        assert_eq!(of("Instant::now"), Some(CLOCK));
        assert_eq!(of("std::env::var"), Some(ENVIRONMENT));
        assert_eq!(of("env::args"), Some(ENVIRONMENT));
        assert_eq!(of("tokio::fs::read_to_string"), Some(FILES));
        assert_eq!(of("File::open"), Some(FILES));
        assert_eq!(of("rand::random"), Some(RANDOM));
        assert_eq!(of("uuid::Uuid::new_v4"), Some(UUID));
        assert_eq!(of("std::process::Command::new"), Some(PROCESS));
        assert_eq!(of("std::thread::sleep"), Some(BLOCK));
        assert_eq!(of("tokio::spawn"), Some(THREAD));
    }

    #[test]
    fn the_users_own_modules_are_theirs() {
        for path in [
            "fs::upload",
            "env::prepare",
            "now",
            "random",
            "task::fetch",
            "process::orders",
            "Timestamp::from_second",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
