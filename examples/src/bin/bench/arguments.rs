//! What the person asked for.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Tasks one after the other.
    Chain,
    /// Tasks beside each other.
    Fanout,
    /// Tasks one after the other, under a limit that has room.
    Limit,
    /// Tasks one after the other, whose results are kept already.
    Cache,
    /// Tasks one after the other, each in a process of its own.
    Isolate,
    /// A process killed in the middle of a chain, and the replay of what it recorded.
    Resume,
    /// A server: idle, its pages, its answers.
    Served,
    /// How late what is due begins, while many schedules are active.
    Schedules,
    /// From the start of a process to its end.
    ColdStart,
}

/// What the person asked for.
#[derive(Debug, Clone)]
pub struct Arguments {
    pub workload: Workload,
    /// How many tasks; for a cold start, how many starts.
    pub tasks: u32,
    pub store: String,
    /// Each task with `durable = "power"`.
    pub power: bool,
    /// How often it is measured; the fastest round counts, ours and the limit's.
    pub rounds: u32,
    pub json: bool,
}

impl Workload {
    /// The name that people type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Fanout => "fanout",
            Self::Limit => "limit",
            Self::Cache => "cache",
            Self::Isolate => "isolate",
            Self::Resume => "resume",
            Self::Served => "served",
            Self::Schedules => "schedules",
            Self::ColdStart => "cold-start",
        }
    }

    const fn tasks(self) -> &'static str {
        match self {
            Self::ColdStart => "20",
            Self::Isolate => "100",
            _ => "10000",
        }
    }

    /// What it measures happens in another process.
    const fn needs_a_file(self) -> bool {
        matches!(
            self,
            Self::Resume | Self::Isolate | Self::Served | Self::Schedules
        )
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Chain => "Tasks that do nothing, one after the other",
            Self::Fanout => "Tasks that do nothing, beside each other",
            Self::Limit => "A chain whose tasks are under a limit that has room",
            Self::Cache => "A chain of cached tasks whose results are kept",
            Self::Isolate => "A chain of tasks, each in a process of its own",
            Self::Resume => "A chain killed in the middle, and its replay",
            Self::Served => "A server: idle, its pages, its answers",
            Self::Schedules => "How late a body begins that is due, with so many schedules",
            Self::ColdStart => "From the start of a process to its end",
        }
    }
}

impl Arguments {
    /// Those of this process. Ends it with code 2 and a word why if they make no sense.
    pub fn of_process() -> Self {
        let workloads = [
            Workload::Chain,
            Workload::Fanout,
            Workload::Limit,
            Workload::Cache,
            Workload::Isolate,
            Workload::Resume,
            Workload::Served,
            Workload::Schedules,
            Workload::ColdStart,
        ];
        let mut command = Command::new("bench")
            .about("Measures flowrt beside the raw limit of what it stands on")
            .subcommand_required(true)
            .subcommands(workloads.map(subcommand));
        let matches = command.get_matches_mut();
        let (name, matches) = matches.subcommand().expect("a subcommand is required");
        let workload = workloads
            .into_iter()
            .find(|workload| workload.name() == name)
            .expect("only these are known");
        let arguments = Self {
            workload,
            tasks: *matches.get_one("tasks").expect("it has a default"),
            store: matches
                .get_one::<String>("store")
                .expect("it has a default")
                .clone(),
            power: workload == Workload::Chain && matches.contains_id("durable"),
            rounds: *matches.get_one("rounds").expect("it has a default"),
            json: matches.get_flag("json"),
        };
        if workload.needs_a_file() && arguments.database().is_none() {
            command
                .error(
                    clap::error::ErrorKind::ValueValidation,
                    "nothing is left of `memory:` after its process; name a file: --store sqlite:PATH",
                )
                .exit();
        }
        arguments
    }

    /// The file of the store, if it is one.
    pub fn database(&self) -> Option<PathBuf> {
        self.store.strip_prefix("sqlite:").map(PathBuf::from)
    }
}

fn subcommand(workload: Workload) -> Command {
    let store = if workload.needs_a_file() || workload == Workload::ColdStart {
        "sqlite:bench.db"
    } else {
        "memory:"
    };
    let number = || clap::value_parser!(u32).range(1..=1_000_000);
    let command = Command::new(workload.name())
        .about(workload.about())
        .arg(
            Arg::new("tasks")
                .long("tasks")
                .value_name("N")
                .value_parser(number())
                .default_value(workload.tasks())
                .help("How many tasks (of a cold start: starts; served: rows in the store; schedules: of those)"),
        )
        .arg(
            Arg::new("store")
                .long("store")
                .value_name("URL")
                .value_parser(store_address)
                .default_value(store)
                .help("memory: or sqlite:PATH"),
        )
        .arg(
            Arg::new("rounds")
                .long("rounds")
                .value_name("N")
                .value_parser(number())
                .default_value(if workload == Workload::Resume {
                    "1"
                } else {
                    "3"
                })
                .help("The fastest of so many counts"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print one JSON object"),
        );
    if workload != Workload::Chain {
        return command;
    }
    command.arg(
        Arg::new("durable")
            .long("durable")
            .value_name("LEVEL")
            .value_parser(["power"])
            .help("Each result is on the disk before the next task begins"),
    )
}

fn store_address(text: &str) -> Result<String, String> {
    let is_known = text == "memory:"
        || text
            .strip_prefix("sqlite:")
            .is_some_and(|path| !path.is_empty());
    if is_known {
        Ok(text.to_owned())
    } else {
        Err("write memory: or sqlite:PATH".to_owned())
    }
}
