//! What is written to the terminal.

use super::super::screen::Screen;
use super::super::text::{Line, Tone};

fn line(text: &str) -> Line {
    Line::new().with(Tone::Good, text)
}

#[test]
fn a_picture_takes_the_place_of_the_one_before() {
    let mut screen = Screen::default();
    let first = screen.redraw(&[], vec![line("one"), line("two")], 80, false);
    assert_eq!(first, "one\x1b[K\ntwo\x1b[K\n\x1b[J");
    assert_eq!(
        screen.redraw(&[], vec![line("one"), line("two")], 80, false),
        ""
    );
    let log = ["a log line".to_owned()];
    let second = screen.redraw(&log, vec![line("one")], 80, true);
    assert_eq!(
        second,
        "\x1b[2A\ra log line\x1b[K\n\x1b[32mone\x1b[0m\x1b[K\n\x1b[J"
    );
}

#[test]
fn lines_that_a_narrower_terminal_has_broken_are_counted() {
    let mut screen = Screen::default();
    screen.redraw(&[], vec![line(&"x".repeat(50)), line("y")], 80, false);
    let second = screen.redraw(&[], vec![line("z")], 20, false);
    assert!(second.starts_with("\x1b[4A\r"), "{second:?}");
}

#[test]
fn cutting_counts_columns_and_never_breaks_a_line() {
    assert_eq!(line("ab\ncd\x1b[2J").render(false), "ab cd [2J");
    assert_eq!(line("日本語").cut(5).render(false), "日本…");
    assert_eq!(line("日本語").cut(6).render(false), "日本語");
    let two = Line::new()
        .with(Tone::Plain, "abc")
        .with(Tone::Plain, "def");
    assert_eq!(two.cut(4).render(false), "abc…");
    assert_eq!(line("abc").cut(0).render(false), "");
}
