//! The tree on a terminal, which `script` of util-linux makes.

use std::io::Read;
use std::process::{Child, Command, Stdio};

use super::{PROGRAM, STORE, folder, newest, stdout, text};

fn on_a_terminal(folder: &std::path::Path, line: &str, no_color: &str) -> Child {
    let line = format!("stty cols 100 rows 20; exec {PROGRAM} {line}");
    Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(folder)
        .env("TERM", "xterm")
        .env("TZ", "UTC")
        .env("NO_COLOR", no_color)
        .env("FLOWRT_STORE", STORE)
        .env_remove("FLOWRT_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect(
            "`script` of util-linux runs: install it with `apt-get install util-linux bsdutils`",
        )
}

#[test]
fn the_tree_is_drawn_anew_in_its_place() {
    let folder = folder();
    let mut child = on_a_terminal(folder.path(), "run asks", "");
    let mut screen = child.stdout.take().expect("is piped");
    let mut seen = Vec::new();
    while !text(&seen).contains("waits for the signal") {
        let mut more = [0; 1024];
        let read = screen.read(&mut more).expect("can be read");
        assert!(read > 0, "it ended too soon: {}", text(&seen));
        seen.extend_from_slice(&more[..read]);
    }
    let name = newest(folder.path());
    stdout(folder.path(), &["runs", "signal", &name, "answer", "true"]);
    screen.read_to_end(&mut seen).expect("can be read");
    assert!(child.wait().expect("it ends").success());
    let seen = text(&seen).replace("\r\n", "\n");
    assert!(
        seen.contains(&format!("\x1b[1masks\x1b[0m · {name}")),
        "{seen:?}"
    );
    assert!(
        seen.contains("\x1b[33m◷ \x1b[0mreceive  waits for the signal `answer`"),
        "{seen:?}"
    );
    assert!(
        seen.contains("\x1b[3A\r"),
        "the three lines of the tree are written over: {seen:?}"
    );
    assert!(seen.contains("\x1b[32m✓ \x1b[0mreceive"), "{seen:?}");
    let last = seen.rsplit("\x1b[J").next().unwrap_or_default();
    assert!(
        last.starts_with("Completed in ") && last.ends_with("\ntrue\n"),
        "{last:?}"
    );
    assert!(
        !seen.contains("\x1b[?"),
        "nothing that would have to be restored: {seen:?}"
    );
}

#[test]
fn log_lines_go_above_the_tree_and_colours_can_be_refused() {
    let folder = folder();
    let output = on_a_terminal(folder.path(), "run kinds", "1")
        .wait_with_output()
        .expect("it ends");
    let seen = text(&output.stdout).replace("\r\n", "\n");
    let log = seen
        .find("warn   flaky: not yet left=2")
        .expect("the line is shown");
    let tree = seen.rfind("✓ flaky").expect("the tree is shown");
    assert!(log < tree, "{seen:?}");
    assert!(
        !seen.contains("\x1b[3") && !seen.contains("\x1b[1m"),
        "no colours: {seen:?}"
    );
}
