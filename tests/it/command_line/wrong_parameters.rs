//! Bad input: everything that is wrong at once, with its place and value; nothing recorded; exit code 2.

use std::process::Command;

use super::{Desk, said};

/// The lines of faults, each as place and message.
fn faults(desk: &Desk, arguments: &[&str]) -> Vec<(String, String)> {
    let said = desk.args(arguments);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(desk.is_untouched(), "nothing is recorded");
    assert!(said.err.contains("\ntry: "), "{said:?}");
    let lines = said.err.lines().filter_map(|line| line.strip_prefix("  "));
    lines
        .filter_map(|line| line.split_once("  "))
        .map(|(place, message)| (place.trim().to_owned(), message.trim().to_owned()))
        .collect()
}

fn places(faults: &[(String, String)]) -> Vec<&str> {
    faults.iter().map(|(place, _)| place.as_str()).collect()
}

fn message<'a>(faults: &'a [(String, String)], place: &str) -> &'a str {
    let found = faults.iter().find(|(there, _)| there == place);
    found.map_or_else(|| panic!("{place} in {faults:?}"), |(_, message)| message)
}

#[test]
fn missing_parameters_are_named_together() {
    let desk = Desk::new();
    let faults = faults(&desk, &["run", "strict"]);
    assert_eq!(places(&faults), ["--region", "--pages", "--window"]);
    assert_eq!(
        message(&faults, "--region"),
        "is missing: it expects one of eu, north-america, south-america"
    );
}

#[test]
fn faults_of_every_kind_are_listed_at_once() {
    let desk = Desk::new();
    let faults = faults(
        &desk,
        &[
            "run",
            "strict",
            "--region",
            "north-amerika",
            "--pages",
            "300",
            "--window.days",
            "1",
            "--window.days",
            "two",
            "--exact",
            "perhaps",
            "--windw.from",
            "x",
        ],
    );
    assert_eq!(
        places(&faults),
        [
            "--windw.from",
            "--region",
            "--pages",
            "--window.from",
            "--window.days[1]",
            "--exact"
        ]
    );
    for (place, expected) in [
        (
            "--windw.from",
            "is no parameter of `strict`; did you mean `--window.from`?",
        ),
        (
            "--region",
            "expects one of eu, north-america, south-america, got \"north-amerika\"; did you mean `north-america`?",
        ),
        ("--pages", "expects at most 255, got 300"),
        ("--window.from", "is missing: it expects text"),
        ("--window.days[1]", "expects a whole number, got \"two\""),
        ("--exact", "expects true or false, got \"perhaps\""),
    ] {
        assert_eq!(message(&faults, place), expected);
    }
}

#[test]
fn tags_of_enums_are_told_apart() {
    let desk = Desk::new();
    let target = |json: &str| faults(&desk, &["run", "ship", "--target", json]);
    let of = |json: &str, place: &str| message(&target(json), place).to_owned();
    assert_eq!(
        of(r#"{"kind":"fil"}"#, "--target.kind"),
        "expects one of file, bucket, got \"fil\"; did you mean `file`?"
    );
    assert_eq!(
        of("{}", "--target.kind"),
        "is missing: it expects one of file, bucket"
    );
    assert_eq!(
        of(
            r#"{"kind":"bucket","name":1,"public":true}"#,
            "--target.name"
        ),
        "expects text, got 1"
    );
    assert!(of("{bad", "--target").contains("as JSON, got \"{bad\""));
}

#[test]
fn a_file_is_judged_like_flags() {
    let desk = Desk::new();
    let file = desk.folder().join("params.json");
    let path = file.to_str().expect("a path");
    std::fs::write(&file, r#"{"pages": "many", "pagse": 1}"#).expect("a file");
    let faults = faults(&desk, &["run", "ship", "--params", path]);
    assert_eq!(
        message(&faults, "--pages"),
        "expects a whole number, got \"many\""
    );
    assert!(
        faults
            .iter()
            .any(|(place, message)| place.starts_with("pagse (in ")
                && message.contains("did you mean `pages`?")),
        "{faults:?}"
    );
    for (content, expected) in [
        ("[1]", "a list"),
        ("{\"pages\": }", "line 1 column 11"),
        ("", "EOF"),
    ] {
        std::fs::write(&file, content).expect("a file");
        let said = desk.args(&["run", "ship", "--params", path]);
        assert_eq!(said.code, Some(2));
        assert!(
            said.err.contains(expected) && said.err.contains("try: "),
            "{said:?}"
        );
    }
    let said = desk.say("run ship --params not-there.json");
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("not-there.json"), "{said:?}");
    assert!(desk.is_untouched());
}

#[test]
fn a_variable_is_named_where_its_value_is_wrong() {
    let desk = Desk::new();
    let mut command = desk.command();
    let said = said(command.env("DESK_PAGES", "many").args(["run", "ship"]));
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("--pages (from DESK_PAGES)"), "{said:?}");
}

#[test]
fn one_value_is_one_value() {
    let desk = Desk::new();
    let faults = faults(&desk, &["run", "ship", "--pages", "1", "--pages", "2"]);
    assert!(
        message(&faults, "--pages").contains("given 2 times"),
        "{faults:?}"
    );
}

#[test]
fn unknown_words_get_a_suggestion() {
    let desk = Desk::new();
    for (line, expected) in [
        ("run shipp", "did you mean `ship`?"),
        ("ship", "did you mean `desk run ship`?"),
        ("rnu ship", "did you mean `run`?"),
        ("runs shwo", "did you mean `show`?"),
        ("runs ls --flwo ship", "did you mean `--flow`?"),
        ("graph ship --format txt", "did you mean `text`?"),
        ("graph shi", "did you mean `ship`?"),
        ("runs ls --state Faild", "did you mean `Failed`?"),
        ("run", "asks, broken"),
        ("run ship stray", "not expected here"),
        ("run ship --pages", "lacks its value"),
        ("runs show", "<RUN>"),
        ("runs show nothing", "no run `nothing`"),
    ] {
        let said = desk.say(line);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(2), ""),
            "{line}: {said:?}"
        );
        assert!(
            said.err.starts_with("error: ") && said.err.contains("\ntry: "),
            "{line}: {said:?}"
        );
        assert!(said.err.contains(expected), "{line}: {said:?}");
    }
    assert!(desk.is_untouched());
}

#[cfg(unix)]
#[test]
fn bytes_that_are_no_text_are_told() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let desk = Desk::new();
    let mut command: Command = desk.command();
    command.args(["run", "ship", "--what"]);
    let said = said(command.arg(OsStr::from_bytes(b"caf\xe9")));
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("not valid UTF-8"), "{said:?}");
    assert!(desk.is_untouched());
}

#[test]
fn a_name_must_be_one_that_can_be_typed() {
    let desk = Desk::new();
    for name in ["", "two words", "a/b", "a\nb"] {
        let said = desk.args(&["run", "ship", "--name", name]);
        assert_eq!(said.code, Some(2), "{name:?}");
        assert!(said.err.contains("cannot be the name of a run"), "{said:?}");
    }
    assert!(desk.is_untouched());
}
