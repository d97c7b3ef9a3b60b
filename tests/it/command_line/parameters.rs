//! Parameters that fit: from flags of every form, a file, the environment and defaults.

use std::io::Write;
use std::process::Stdio;

use super::{Desk, Said, said, text};

fn result(said: &Said) -> String {
    assert_eq!(said.code, Some(0), "{said:?}");
    serde_json::from_str(&said.out).expect("the value of a flow is JSON")
}

#[test]
fn defaults_fill_what_is_not_given() {
    let desk = Desk::new();
    assert_eq!(
        result(&desk.say("run ship")),
        "Eu 10 all false None [] {} None None 0.5 60s"
    );
}

#[test]
fn every_kind_of_flag_is_read() {
    let desk = Desk::new();
    let all = desk.say(
        "run ship --region north-america --pages 3 --what 7 --dry-run --only null --tags a --tags b --max-share 1 --pause 1h30s",
    );
    assert_eq!(
        result(&all),
        "NorthAmerica 3 7 true Some(\"null\") [\"a\", \"b\"] {} None None 1 3630s"
    );
    for (flag, dry) in [
        ("--dry-run", true),
        ("--dry-run true", true),
        ("--dry-run=false", false),
        ("--dry-run false", false),
    ] {
        let text = result(&desk.say(&format!("run ship {flag} --pages=1")));
        assert!(
            text.starts_with(&format!("Eu 1 all {dry}")),
            "{flag}: {text}"
        );
    }
}

#[test]
fn text_stays_as_it_was_typed() {
    let desk = Desk::new();
    for what in [
        "\"quoted\"",
        "123",
        "true",
        "null",
        "{}",
        "two words",
        "Ünïcode",
        "",
    ] {
        let text = result(&desk.args(&["run", "ship", "--what", what]));
        assert_eq!(
            text,
            format!("Eu 10 {what} false None [] {{}} None None 0.5 60s")
        );
    }
}

#[test]
fn nested_values_are_json_or_dotted() {
    let desk = Desk::new();
    let json = desk.args(&[
        "run",
        "ship",
        "--window",
        r#"{"from":"mon","until_day":null,"days":[1,2]}"#,
    ]);
    let dotted = desk.say("run ship --window.from mon --window.days 1 --window.days 2");
    assert_eq!(result(&json), result(&dotted));
    let both = desk.args(&[
        "run",
        "ship",
        "--window",
        r#"{"from":"mon","until_day":null,"days":[1,2]}"#,
        "--window.until-day=fri",
        "--window.days",
        "[7]",
    ]);
    assert!(
        result(&both).contains(r#"Window { from: "mon", until_day: Some("fri"), days: [7] }"#),
        "{both:?}"
    );
    // A field by its own name, the item of a list, the key of a map, the fields of an enum's variant.
    let odd = desk.say(
        "run ship --window.from mon --window.until_day tue --window.days.0 5 --labels.team-a 3 --target.kind bucket --target.name x --target.public",
    );
    let odd = result(&odd);
    for part in [
        r#"until_day: Some("tue"), days: [5]"#,
        r#"{"team-a": 3}"#,
        r#"Bucket { name: "x", public: true }"#,
    ] {
        assert!(odd.contains(part), "{odd}");
    }
}

#[test]
fn flags_go_before_a_file_before_the_environment_before_defaults() {
    let desk = Desk::new();
    let file = desk.folder().join("params.json");
    std::fs::write(
        &file,
        r#"{"pages": 2, "what": "file", "window": {"from": "a", "until_day": null}}"#,
    )
    .expect("a file");
    let run = |pages: &str, arguments: &str| {
        let mut command = desk.command();
        command.env("DESK_PAGES", pages);
        result(&said(command.args(arguments.split(' '))))
    };
    assert!(run("4", "run ship").starts_with("Eu 4 all"));
    assert!(
        run("", "run ship").starts_with("Eu 10 all"),
        "an empty variable is not set"
    );
    assert!(run("4", "run ship --params params.json").starts_with("Eu 2 file"));
    assert!(run("4", "run ship --params params.json --pages 1").starts_with("Eu 1 file"));
    let merged = run("4", "run ship --params params.json --window.until-day b");
    assert!(
        merged.contains(r#"Window { from: "a", until_day: Some("b"), days: [] }"#),
        "{merged}"
    );
}

#[test]
fn parameters_come_from_stdin() {
    let desk = Desk::new();
    let mut child = desk
        .command()
        .args(["run", "ship", "--params", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(br#"{"pages": 5}"#).expect("it listens");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(text(&output.stdout).starts_with("\"Eu 5 "), "{output:?}");
}

#[test]
fn defaults_are_recorded_with_the_run() {
    let desk = Desk::new();
    desk.say("run ship --name first --pages 1");
    let shown = desk.say("runs show first");
    for line in ["pages = 1", "what = \"all\"", "share = 0.5"] {
        assert!(shown.out.contains(line), "{shown:?}");
    }
}
