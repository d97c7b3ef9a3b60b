//! `notices …`.

use serde_json::json;

use super::{DESK, Desk};

#[test]
fn a_store_without_notices_says_so() {
    let desk = Desk::of(DESK);
    let none = desk.ask("notices");
    assert!(
        none.err
            .contains("nobody is told: flowrt.toml has no [[notices]]"),
        "{none:?}"
    );
    assert_eq!(desk.json("notices ls"), json!([]));
    let nobody = ["nobody is to be told", "the guide"];
    desk.refuses(&["notices", "test", "team"], &nobody);
    desk.refuses(&["notices", "test"], &["lacks <NAME>"]);
    desk.refuses(
        &["notices", "tst"],
        &["has no command `tst`", "did you mean `test`?"],
    );
}

#[test]
fn a_notice_that_cannot_be_is_told_with_its_line() {
    for (line, what) in [
        (
            "comand = 'true'",
            "a notice has no `comand`; did you mean `command`?",
        ),
        (
            "command = 'true'\non = ['failed']",
            "is some of failure, recovery, late",
        ),
        (
            "command = 'true'\nemail = 'a@example.org'",
            "has one of `command`, `webhook`, `slack`, `email`",
        ),
        ("command = 'true'\nlate_after = 'soon'", "is a duration"),
        ("command = 'true'\ntemplate = '{floww}'", "not {floww}"),
    ] {
        let desk = Desk::of(DESK);
        let settings = format!("[[notices]]\nname = 'team'\n{line}\n");
        std::fs::write(desk.path().join("flowrt.toml"), settings).expect("written");
        desk.refuses(&["notices"], &[what, "flowrt.toml"]);
    }
}
