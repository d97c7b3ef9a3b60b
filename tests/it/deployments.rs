//! Deployments as people have them: a file beside the program, deployed by real processes.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::command_line::{examples, flows, text};

/// The file of the examples: as a user of Prefect has it, but for the entrypoint.
const FILE: &str = include_str!("../../examples/flowrt.yaml");

fn folder(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("flowrt.yaml"), file).expect("a file");
    folder
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = flows(folder, &[arguments, &["--json"]].concat());
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn fates(plan: &Value) -> Vec<String> {
    let deployments = plan["deployments"].as_array().expect("a list");
    deployments
        .iter()
        .map(|one| format!("{} {}", one["name"], one["fate"]).replace('"', ""))
        .collect()
}

#[test]
fn a_file_of_prefect_is_deployed_as_it_is_and_only_once() {
    let folder = folder(FILE);
    let folder = folder.path();
    assert_eq!(fates(&json(folder, &["deploy"])), ["my-test-flow created"]);
    assert_eq!(
        fates(&json(folder, &["deploy"])),
        ["my-test-flow unchanged"]
    );

    let all = json(folder, &["deployments", "ls"]);
    let one = &all[0];
    assert_eq!(one["flow"], "greet");
    assert_eq!(one["shown"], "my-test-flow");
    assert_eq!(one["parameters"]["arg"], "hello");
    assert_eq!(one["pool"], "my-workpool");
    assert_eq!(one["fires"], true);
    let next = one["next"].as_str().expect("a time");
    assert!(next.ends_with(":00:00Z"), "{one}");
    assert_eq!(one["schedules"][0]["schedule"]["timezone"], "Asia/Tokyo");

    let run = json(
        folder,
        &["deployments", "run", "my-test-flow", "-p", "arg=you"],
    );
    assert_eq!(run["workers"], 0);
    let name = run["name"].as_str().expect("a name");
    let resumed = flows(folder, &["runs", "resume", name]);
    assert_eq!(text(&resumed.stdout), "\"hello you\"\n");
}

#[test]
fn what_would_change_is_shown_before_it_changes() {
    let folder = folder(FILE);
    let path = folder.path();
    json(path, &["deploy"]);
    std::fs::write(
        path.join("flowrt.yaml"),
        FILE.replace("0 10", "0 11").replace("\"hello\"", "bye"),
    )
    .expect("a file");
    let dry = flows(path, &["deploy", "--dry-run"]);
    assert_eq!(
        text(&dry.stdout),
        "  change   my-test-flow\n             parameters.arg: hello → bye\n             schedules.schedule.cron: 0 10 * * * → 0 11 * * *\n"
    );
    let cron = |path: &Path| {
        let one = json(path, &["deployments", "show", "my-test-flow"]);
        one["schedules"][0]["schedule"]["cron"].clone()
    };
    assert_eq!(cron(path), "0 10 * * *");
    json(path, &["deployments", "pause", "my-test-flow"]);
    assert_eq!(fates(&json(path, &["deploy"])), ["my-test-flow changed"]);
    assert_eq!(cron(path), "0 11 * * *");
    let one = json(path, &["deployments", "show", "my-test-flow"]);
    assert_eq!(one["fires"], false, "it stays paused: {one}");

    std::fs::write(path.join("flowrt.yaml"), "deployments: []\n").expect("a file");
    assert_eq!(fates(&json(path, &["deploy"])), ["my-test-flow gone"]);
    let pruned = json(path, &["deploy", "--prune"]);
    assert_eq!(fates(&pruned), ["my-test-flow removed"]);
    assert_eq!(json(path, &["deployments", "ls"]), serde_json::json!([]));
}

#[test]
fn everything_that_is_wrong_is_told_with_its_place_and_nothing_is_deployed() {
    let folder = folder(
        &FILE
            .replace("tags:", "tgas:")
            .replace("0 10 * * *", "0 31 * * *")
            .replace("examples:greet", "examples:gret"),
    );
    let output = flows(folder.path(), &["deploy", "--yes"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    for line in [
        "flowrt.yaml:4:3: `tgas` is no key of a deployment",
        "flowrt.yaml:7:13: \"0 31 * * *\" is not a cron expression: hour 31 is not in 0–23",
        "flowrt.yaml:11:24: there is no flow `gret` in this program",
        "try: did you mean `greet`?",
        "nothing was deployed",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert_eq!(
        json(folder.path(), &["deployments", "ls"]),
        serde_json::json!([])
    );
}

/// As `work_pool` of the example, with such variables.
fn with_variables(variables: &str) -> String {
    FILE.replace("job_variables: {}", &format!("job_variables: {variables}"))
}

#[test]
fn variables_of_a_process_are_told_by_name_only() {
    let folder = folder(&with_variables(
        "{working_dir: /srv/etl, env: {API_KEY: s3same-4711, OLD: null}}",
    ));
    let folder = folder.path();
    let mut told = Vec::new();
    let mut says = |arguments: &[&str]| {
        let output = flows(folder, arguments);
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        told.push(said.clone());
        said
    };
    says(&["deploy", "--dry-run"]);
    says(&["deploy", "--yes", "--json"]);
    let shown = says(&["deployments", "show", "my-test-flow"]);
    assert!(shown.contains("API_KEY, OLD (taken away)"), "{shown}");
    assert!(shown.contains("/srv/etl"), "{shown}");
    let listed = says(&["deployments", "ls", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("it is JSON");
    assert_eq!(listed[0]["job_variables"]["env"]["API_KEY"], "•••");
    says(&["deployments", "show", "my-test-flow", "--json"]);
    let other = with_variables("{working_dir: /srv/etl, env: {API_KEY: s3same-4712}}");
    std::fs::write(folder.join("flowrt.yaml"), other).expect("written");
    let changed = says(&["deploy", "--dry-run"]);
    assert!(changed.contains("job_variables.env.API_KEY"), "{changed}");
    says(&["deploy", "--dry-run", "--json"]);
    says(&["deploy", "--yes"]);
    assert!(!told.iter().any(|said| said.contains("s3same")), "{told:?}");
}

#[test]
fn job_variables_that_mean_nothing_are_noted_and_wrong_ones_are_refused() {
    let odd = folder(&with_variables("{enw: {A: b}, image: etl}"));
    let output = flows(odd.path(), &["deploy", "--yes"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for line in [
        "flowrt.yaml:16:21: `enw` is kept, and no launcher of this version reads it; did you mean `env`?",
        "flowrt.yaml:16:34: `image` is kept, and no launcher of this version reads it",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let wrong = folder(&with_variables("{env: {A: [b]}, working_dir: 7}"));
    let output = flows(wrong.path(), &["deploy", "--yes"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for line in [
        "flowrt.yaml:16:30: a variable is a text, not a list",
        "flowrt.yaml:16:49: `working_dir` is the path of a folder, not 7",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

#[test]
fn a_program_has_its_deployments_without_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = json(folder.path(), &["deploy"]);
    assert_eq!(fates(&plan), ["my-test-flow created"]);
    let one = json(folder.path(), &["deployments", "show", "my-test-flow"]);
    assert_eq!(one["source"], "program");
}

#[test]
fn a_deploy_that_is_killed_has_happened_or_not() {
    for (place, deployed) in [("ops::before_deploy", false), ("ops::after_deploy", true)] {
        let folder = folder(FILE);
        let killed: Output = Command::new(examples())
            .args(["deploy", "--yes"])
            .current_dir(folder.path())
            .env_remove("FLOWRT_STORE")
            .env("FLOWRT_FAILPOINT", format!("{place}:1"))
            .output()
            .expect("the program runs");
        assert!(!killed.status.success(), "{place}: it was to die");
        let there = json(folder.path(), &["deployments", "ls"]);
        assert_eq!(there[0]["name"] == "my-test-flow", deployed, "{place}");
        let again = fates(&json(folder.path(), &["deploy"]));
        let fate = if deployed { "unchanged" } else { "created" };
        assert_eq!(again, [format!("my-test-flow {fate}")]);
    }
}
