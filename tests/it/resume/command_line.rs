//! `runs resume` and `runs rerun` as a person types them, with real processes and real kills.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::until::until;

pub(super) struct Place(tempfile::TempDir);

impl Place {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_night"));
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    pub(super) fn night(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    /// Starts it, and kills it once the ledger ends with that line.
    fn killed_in(&self, arguments: &[&str], line: &str) {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        until(|| {
            let ended: Option<_> = Child::try_wait(&mut child).expect("it is our child");
            assert!(ended.is_none(), "it ended before {line}: {ended:?}");
            self.ledger().last().map(String::as_str) == Some(line)
        });
        child.kill().expect("it can be killed");
        child.wait().expect("it is gone");
    }

    pub(super) fn ledger(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join("ledger")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub(super) fn set(&self, file: &str) {
        std::fs::write(self.path().join(file), "").expect("the folder takes files");
    }

    pub(super) fn unset(&self, file: &str) {
        std::fs::remove_file(self.path().join(file)).expect("it was there");
    }

    /// The name of the newest run.
    pub(super) fn newest(&self) -> String {
        let list = text(&self.night(&["runs", "ls"]).stdout);
        let line = list
            .lines()
            .find(|line| line.contains("night") || line.contains("counting"));
        let words = line
            .unwrap_or_else(|| panic!("a run in {list:?}"))
            .split_whitespace();
        let mut words = words.filter(|word| word.contains('-'));
        words
            .next()
            .expect("runs have names of two words")
            .to_owned()
    }
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_killed_run_goes_on_after_saying_what_it_keeps() {
    let place = Place::new();
    place.set("hold-second");
    place.killed_in(&["run", "night", "--folder", "."], "second");
    place.unset("hold-second");
    let name = place.newest();
    let resumed = place.night(&["runs", "resume", &name]);
    let said = text(&resumed.stderr);
    assert_eq!(resumed.status.code(), Some(0), "{said}");
    assert_eq!(text(&resumed.stdout), "\"third\"\n");
    for line in [
        "stopped in the middle",
        "keep   first",
        "run    second",
        "never reached",
    ] {
        assert!(said.contains(line), "`{line}` in {said}");
    }
    assert!(!said.contains("Go on?"), "{said}");
    assert_eq!(
        place.ledger(),
        ["first", "second", "second", "fourth", "fifth", "third"]
    );
}

#[test]
fn a_kill_in_the_middle_of_a_resume_loses_nothing() {
    let place = Place::new();
    place.set("broken-fifth");
    let failed = place.night(&["run", "night", "--folder", "."]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    place.unset("broken-fifth");
    place.set("hold-fifth");
    let name = place.newest();
    let before = place.ledger();
    assert_eq!(before, ["first", "second", "fourth", "fifth"]);
    let resume = ["runs", "resume", &name, "--yes"];
    let mut child = place
        .command(&resume)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    until(|| place.ledger().len() >= 5);
    let stolen = place.night(&resume);
    assert_eq!(stolen.status.code(), Some(2), "a live run is never taken");
    assert!(text(&stolen.stderr).contains("under way"));
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
    place.unset("hold-fifth");
    let resumed = place.night(&resume);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert_eq!(place.ledger()[4..], ["fifth", "fifth", "third"]);
    let again = place.night(&resume);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains(&format!("runs rerun {name}")));
}

#[test]
fn a_plan_is_shown_and_nothing_is_done() {
    let place = Place::new();
    place.set("broken-fifth");
    place.night(&["run", "night", "--folder", "."]);
    place.unset("broken-fifth");
    let (name, before) = (place.newest(), place.ledger());
    let plan = place.night(&["runs", "resume", &name, "--plan", "--json"]);
    assert_eq!(plan.status.code(), Some(0), "{}", text(&plan.stderr));
    let plan = text(&plan.stdout);
    assert_eq!(plan.lines().count(), 1, "one object: {plan}");
    for part in [
        r#""name":""#,
        r#""flow":"night""#,
        r#""run_id":""#,
        r#"{"action":"reuse","reason":"same inputs, same text","step":"first","task":"act"}"#,
        r#"{"action":"run","reason":"failed","step":"inner","task":"within"}"#,
        r#"{"action":"reuse","reason":"same inputs, same text","step":"inner/fourth","task":"act"}"#,
        r#"{"action":"run","reason":"failed","step":"inner/fifth","task":"act"}"#,
        r#"{"action":"run","reason":"after inner","step":"last","task":"act"}"#,
    ] {
        assert!(plan.contains(part), "{part} in {plan}");
    }
    let shown = place.night(&["runs", "resume", &name, "--plan"]);
    assert!(shown.stdout.is_empty(), "{}", text(&shown.stdout));
    assert!(
        text(&shown.stderr).contains("run    inner/fifth"),
        "{}",
        text(&shown.stderr)
    );
    assert_eq!(place.ledger(), before);
    assert_eq!(
        place
            .night(&["runs", "resume", "no-such-run"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_rerun_takes_other_parameters_and_a_step_to_begin_from() {
    let place = Place::new();
    let first = place.night(&["run", "night", "--folder", "."]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let name = place.newest();
    let count = place.ledger().len();
    let other = place.night(&["runs", "rerun", &name, "--last", "dawn"]);
    assert_eq!(text(&other.stdout), "\"dawn\"\n", "{}", text(&other.stderr));
    assert_eq!(place.ledger()[count..], ["dawn"]);
    let from = place.night(&[
        "runs",
        "rerun",
        &name,
        "--from",
        "inner",
        "--set",
        "last=\"dusk\"",
    ]);
    assert_eq!(text(&from.stdout), "\"dusk\"\n", "{}", text(&from.stderr));
    assert_eq!(place.ledger()[count + 1..], ["fourth", "fifth", "dusk"]);
    let count = place.ledger().len();
    let deep = place.night(&["runs", "rerun", &name, "--from", "inner/fifth"]);
    assert_eq!(deep.status.code(), Some(0), "{}", text(&deep.stderr));
    assert_eq!(place.ledger()[count..], ["fifth", "third"]);
    let count = place.ledger().len();
    for (wrong, said) in [
        (["--lats", "x"].as_slice(), "did you mean `--last`"),
        (&["--from", "iner"], "did you mean `inner`"),
        (&["--set", "last=1"], "last"),
        (&["--set", "folder"], "NAME=JSON"),
        (&["dawn"], "--name value"),
        (&["--last"], "needs a value"),
    ] {
        let mut arguments = vec!["runs", "rerun", name.as_str()];
        arguments.extend(wrong);
        let output = place.night(&arguments);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {told}");
        assert!(told.contains(said), "{wrong:?}: {told}");
    }
    assert_eq!(place.ledger().len(), count, "nothing was started");
}

#[test]
fn a_long_program_that_is_killed_again_and_again_does_each_step_once() {
    let place = Place::new();
    let arguments = ["run", "counting", "--folder", ".", "--count", "40"];
    place.set("hold-n9");
    place.killed_in(&arguments, "n9");
    place.unset("hold-n9");
    let name = place.newest();
    for hold in ["n19", "n29"] {
        place.set(&format!("hold-{hold}"));
        place.killed_in(&["runs", "resume", &name], hold);
        place.unset(&format!("hold-{hold}"));
    }
    let last = place.night(&["runs", "resume", &name]);
    assert_eq!(text(&last.stdout), "40\n", "{}", text(&last.stderr));
    let mut ledger = place.ledger();
    let twice: Vec<_> = ["n9", "n19", "n29"].map(str::to_owned).to_vec();
    for held in &twice {
        let at = ledger.iter().position(|line| line == held);
        ledger.remove(at.expect("it was there twice"));
    }
    let all: Vec<_> = (0..40).map(|number| format!("n{number}")).collect();
    assert_eq!(ledger, all, "only the held steps began twice");
}
