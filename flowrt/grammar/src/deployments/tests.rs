//! Whole files.

use std::time::Duration;

use super::*;

fn faults(text: &str) -> Vec<String> {
    let file = parse(text);
    let shown = file.faults.iter();
    shown
        .map(|fault| format!("{} {}", fault.place, fault.message))
        .collect()
}

fn notes(text: &str) -> Vec<String> {
    let file = parse(text);
    assert_eq!(file.faults, [], "{text}");
    let shown = file.notes.iter();
    shown
        .map(|note| format!("{} {}", note.place, note.message))
        .collect()
}

fn one(text: &str) -> Entry {
    let mut file = parse(text);
    assert_eq!(file.faults, [], "{text}");
    assert_eq!(file.deployments.len(), 1);
    file.deployments.remove(0)
}

/// The file of the examples: as a user of Prefect has it, but for the entrypoint.
const PREFECT: &str = include_str!("../../../../examples/flowrt.yaml");

#[test]
fn a_file_of_prefect_loads_as_it_is() {
    assert_eq!(notes(PREFECT), [""; 0]);
    let entry = one(PREFECT);
    assert_eq!(entry.name.value, "my-test-flow");
    assert_eq!(entry.flow.value, "greet");
    assert_eq!(
        entry.flow.at(),
        (
            Place {
                line: 11,
                column: 24
            },
            5
        )
    );
    assert_eq!(entry.shown.as_deref(), Some("my-test-flow"));
    assert_eq!(entry.description, "Test Flow");
    assert_eq!(entry.tags, ["test"]);
    assert_eq!(map_to_json(&entry.parameters), r#"{"arg":"hello"}"#);
    assert_eq!(entry.pool.as_deref(), Some("my-workpool"));
    assert!(entry.active);
    let [schedule] = &entry.schedules[..] else {
        panic!("{:?}", entry.schedules)
    };
    assert_eq!(schedule.slug, "schedule");
    assert_eq!(schedule.rule.cron.as_deref(), Some("0 10 * * *"));
    assert_eq!(schedule.rule.timezone.as_deref(), Some("Asia/Tokyo"));
    assert!(schedule.active);
    assert_eq!(schedule.catchup, CatchupWord::None);
}

#[test]
fn every_key_is_read() {
    let entry = one(r#"
definitions:
  base: &base {region: eu, pages: 10}
deployments:
- name: nightly
  flow_name: offers
  active: no
  parameters:
    <<: *base
    pages: 3
    deep: {list: [1, two, 3.5, null, true], text: "a\"b\n"}
  catchup: all
  retries: 2
  timeout: 1h 30m
  concurrency_limit: {limit: 2, collision_strategy: CANCEL_NEW}
  work_pool: {queue: heavy}
  schedules:
  - interval: 3600
    anchor_date: 2026-01-01T00:30
    timezone: Europe/Vienna
    jitter: 5m
    start: 2026-01-01
    end: "2027-01-01T00:00:00Z"
    catchup: last
    slug: hourly
  - rrule: FREQ=DAILY
    parameters: {pages: 1}
    active: false
  - interval: PT15M
  - interval: 1:30:00
"#);
    assert!(!entry.active);
    assert_eq!(
        map_to_json(&entry.parameters),
        r#"{"pages":3,"deep":{"list":[1,"two",3.5,null,true],"text":"a\"b\u000a"},"region":"eu"}"#
    );
    assert_eq!(
        (entry.retries, entry.queue.as_deref()),
        (Some(2), Some("heavy"))
    );
    assert_eq!(entry.timeout, Some(Duration::from_secs(5400)));
    let limit = entry.limit.unwrap();
    assert_eq!((limit.count, limit.when_full), (2, WhenFullWord::CancelNew));
    let [hourly, daily, quarter, colons] = &entry.schedules[..] else {
        panic!("{:?}", entry.schedules)
    };
    assert_eq!(hourly.slug, "hourly");
    assert_eq!(hourly.catchup, CatchupWord::Last);
    assert_eq!(hourly.rule.interval, Some(Duration::from_secs(3600)));
    assert_eq!(hourly.rule.jitter, Some(Duration::from_secs(300)));
    let at = |moment: &Option<Moment>| moment.as_ref().unwrap().at.to_string();
    assert_eq!(at(&hourly.rule.anchor), "2025-12-31T23:30:00Z");
    assert_eq!(at(&hourly.rule.start), "2025-12-31T23:00:00Z");
    assert_eq!(at(&hourly.rule.end), "2027-01-01T00:00:00Z");
    assert_eq!((&*daily.slug, daily.active), ("schedule-2", false));
    assert_eq!(daily.catchup, CatchupWord::All);
    assert_eq!(map_to_json(&daily.parameters), r#"{"pages":1}"#);
    assert_eq!(quarter.rule.interval, Some(Duration::from_secs(900)));
    assert_eq!(colons.rule.interval, Some(Duration::from_secs(5400)));
}

#[test]
fn a_program_and_a_path_are_told_apart() {
    let flow = |entrypoint: &str| {
        let text = format!("deployments:\n- name: a\n  entrypoint: {entrypoint}\n");
        one(&text).flow.value
    };
    assert_eq!(flow("examples:greet"), "greet");
    assert_eq!(flow("examples:order::ship"), "order::ship");
    assert_eq!(flow("order::ship"), "order::ship");
    assert_eq!(flow("examples:order.ship"), "order::ship");
    assert_eq!(flow("greet"), "greet");
    let text = "deployments:\n- name: a\n  entrypoint: flows/hello.py:hello\n";
    assert_eq!(
        notes(text),
        [
            "3:15 `flows/hello.py` means nothing here: the flow is looked for in the program that deploys"
        ]
    );
    assert_eq!(flow("flows/hello.py:hello"), "hello");
}

#[test]
fn all_faults_are_found_at_once() {
    let text = r#"prefect-version: 3.0.0
deploymnts: []
deployments:
- name: a b
  flow_nme: x
  shedule: {}
- name: b
  entrypoint: examples:greet
  schedule: {cron: 0 25 * * *, timezone: Asia/Tokio}
  concurrency_limit: 0
  tags: [{}]
  retries: -1
  active: maybe
- name: b
  flow_name: y
  schedule: {cron: "* * * * *", interval: 5}
  schedules: [{slug: x}]
  parameters: {a: 1, a: 2, token: "{{ $TOKEN }}"}
  timeout: soon
"#;
    assert_eq!(
        faults(text),
        [
            "2:1 `deploymnts` is no key of the file",
            "4:3 nothing says which flow this deployment starts",
            "4:9 `a b` cannot be the name of a deployment: it has no spaces and no `/`",
            "5:3 `flow_nme` is no key of a deployment",
            "6:3 `shedule` is no key of a deployment",
            "9:22 \"0 25 * * *\" is not a cron expression: hour 25 is not in 0–23",
            "9:42 `timezone`: there is no time zone `Asia/Tokio`; did you mean `Asia/Tokyo`?",
            "10:22 `concurrency_limit` is a whole number from 1 on, not 0",
            "11:10 a tag is a text, not a map",
            "12:12 `retries` is a whole number from 0 on, not -1",
            "13:11 `active` is true or false, not \"maybe\"",
            "14:9 two deployments are called `b`: the first in line 7",
            "16:20 a schedule has one of cron, interval, rrule",
            "17:3 `schedule` (line 16) and `schedules` exclude each other",
            "17:15 this schedule does not say when: it has one of cron, interval, rrule",
            "18:22 `a` is here twice: first in line 18",
            "18:35 templates are not filled in here: this would be taken as it stands",
            "19:12 `timeout`: here a number is expected; a duration looks like 30s or 1h 30m",
        ]
    );
}

#[test]
fn what_means_nothing_here_is_said_and_taken() {
    let text = r#"name: my-project
prefect-version: 3.0.0
build: null
pull:
- prefect.deployments.steps.set_working_directory: {directory: /x}
deployments:
- name: a
  flow_name: x
  version: null
  version_type: prefect:simple
  enforce_parameter_schema: true
  triggers: []
  job_variables: {a: 1}
  schedule: {cron: "@daily", day_or: true, replaces: old}
  concurrency_limit: {limit: 1, grace_period_seconds: 60}
  work_pool: {name: p, work_queue_name: q, job_variables: {image: x}}
"#;
    let notes = notes(text);
    let starts: Vec<_> = notes
        .iter()
        .map(|note| note.split(['`']).nth(1).unwrap())
        .collect();
    assert_eq!(
        starts,
        [
            "pull",
            "version_type",
            "job_variables",
            "replaces",
            "grace_period_seconds",
            "image"
        ]
    );
    assert_eq!(one(text).queue.as_deref(), Some("q"));
}

#[test]
fn job_variables_are_read_and_what_is_wrong_with_them_is_told() {
    let of = |variables: &str| {
        format!(
            "deployments:\n- name: a\n  flow_name: x\n  work_pool:\n    job_variables: {variables}\n"
        )
    };
    for nothing in [
        "{}",
        "",
        "null",
        "{env: {}}",
        "{env: null, working_dir: null}",
    ] {
        assert_eq!(notes(&of(nothing)), [""; 0], "{nothing}");
    }
    let entry = one(&of(
        "{working_dir: /srv/etl, env: {MODE: fast, PORT: 8080, DEBUG: true, HOME: null, EMPTY: ''}}",
    ));
    assert_eq!(
        map_to_json(&entry.job_variables),
        r#"{"env":{"MODE":"fast","PORT":"8080","DEBUG":"true","HOME":null,"EMPTY":""},"working_dir":"/srv/etl"}"#
    );
    for (variables, told) in [
        ("[a]", "5:20 `job_variables` is a map of keys, not a list"),
        ("{env: [A=1]}", "5:26 `env` is a map of keys, not a list"),
        ("{env: {A: [1]}}", "5:30 a variable is a text, not a list"),
        ("{env: {A: {b: 1}}}", "5:30 a variable is a text, not a map"),
        (
            "{env: {A=B: c}}",
            "5:27 `A=B` cannot be the name of a variable: there is no `=` in a name",
        ),
        (
            "{env: {A: '{{ $A }}'}}",
            "5:30 templates are not filled in here: this would be taken as it stands",
        ),
        (
            "{working_dir: 7}",
            "5:34 `working_dir` is the path of a folder, not 7",
        ),
        (
            "{working_dir: [/]}",
            "5:34 `working_dir` is the path of a folder, not a list",
        ),
        (
            "{working_dir: ' '}",
            "5:34 `working_dir` is the path of a folder",
        ),
    ] {
        assert_eq!(faults(&of(variables)), [told], "{variables}");
    }
    assert_eq!(
        notes(&of("{enw: {A: b}, image: x, stream_output: true}")),
        [
            "5:21 `enw` is kept, and no launcher of this version reads it; did you mean `env`?",
            "5:34 `image` is kept, and no launcher of this version reads it",
            "5:44 `stream_output` means nothing here: the process of a run is this program again",
        ]
    );
}

#[test]
fn a_remark_shows_its_line() {
    let text = "deployments:\n- name: a\n  flow_name: x\n  schedule: \"0 25 * * *\"\n";
    let file = parse(text);
    assert_eq!(
        file.faults[0].shown("flowrt.yaml", text),
        "flowrt.yaml:4:16: \"0 25 * * *\" is not a cron expression: hour 25 is not in 0–23\n  4 |   schedule: \"0 25 * * *\"\n    |                ^^"
    );
    let text = "deployments:\n- nam: a\n  flow_name: x\n";
    assert!(
        parse(text).faults[1]
            .shown("f", text)
            .ends_with("try: did you mean `name`?")
    );
}

#[test]
fn no_text_makes_it_panic_or_run_away() {
    for text in [
        "",
        "- a",
        "deployments: 5",
        "deployments: [1, [], {}]",
        "deployments:\n  - name: *x",
        "a: &a [*a]",
        "a: [",
        "\u{feff}deployments: []",
        "deployments: []\n---\n5",
        "? [a]\n: b",
        "deployments: !!set {}",
    ] {
        let file = parse(text);
        for remark in &file.faults {
            remark.shown("f", text);
        }
        if text != "\u{feff}deployments: []" && text != "deployments: !!set {}" {
            assert_ne!(file.faults, [], "{text}");
        }
    }
    assert_ne!(parse(&format!("a: {}", "[".repeat(10_000))).faults, []);
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        laughs += &format!("a{level}: &a{level} [{before}]\n");
    }
    assert!(faults(&laughs)[0].contains("more than can be meant"));
}
