//! `artifacts …`: a drawing, which is bytes and text at once.

use serde_json::json;

use super::Desk;

/// As the program publishes it.
const DRAWING: &str =
    r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><script>alert(1)</script></svg>"#;

#[test]
fn a_drawing_is_listed_shown_and_given_as_it_was_published() {
    let desk = Desk::of(env!("CARGO_BIN_EXE_gallery"));
    let none = desk.ask("artifacts");
    assert!(none.err.contains("nothing was published"), "{none:?}");
    assert_eq!(desk.json("artifacts ls"), json!([]));
    desk.ask("run drawing");
    let listed = desk.json("artifacts ls");
    assert_eq!(
        (&listed[0]["key"], &listed[0]["version"]),
        (&json!("chart"), &json!(1)),
        "{listed}"
    );
    let shown = desk.json("artifacts show chart");
    assert_eq!(shown["kind"], "image", "{shown}");
    assert_eq!(shown["data"]["media"], "image/svg+xml", "{shown}");
    let said = desk.ask("artifacts show chart");
    assert!(said.err.contains("artifacts get chart -o FILE"), "{said:?}");
    assert_eq!(desk.ask("artifacts get chart").out, DRAWING);
    let saved = desk.ask("artifacts get chart -o chart.svg");
    assert!(saved.err.contains("chart.svg: "), "{saved:?}");
    let file = std::fs::read_to_string(desk.path().join("chart.svg")).expect("written");
    assert_eq!(file, DRAWING);
    for (words, what) in [
        (
            &["show", "chart", "--version", "2"][..],
            &["chart", "2"][..],
        ),
        (
            &["show", "char"],
            &["nothing was published as `char`", "artifacts ls"],
        ),
        (
            &["get", "chart", "-o", "no/folder/chart.svg"],
            &["cannot be written", "a folder that exists"],
        ),
        (&["get"], &["lacks <KEY>"]),
        (&["show", "chart", "--version", "a"], &["--version"]),
        (
            &["gett", "chart"],
            &["has no command `gett`", "did you mean `get`?"],
        ),
    ] {
        desk.refuses(&[&["artifacts"], words].concat(), what);
    }
}
