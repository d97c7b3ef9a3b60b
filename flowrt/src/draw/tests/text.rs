//! The text pictures of well-known shapes, letter by letter.

use super::samples::{self, graph};
use crate::draw::text::text;

#[test]
fn show() {
    let dir = std::env::var("SHOW").unwrap_or_default();
    for (i, g) in [
        samples::offers_report(), samples::offers_report_running(), samples::branch(), samples::program(),
        graph(&["a -> b -> c"]), graph(&["a -> b c -> d"]), graph(&["job1 job2 -> job3 -> job4"]),
        graph(&["a b c -> d", "a -> e"]),
        graph(&["a -> x y", "b -> y"]),
        graph(&["a -> x", "b -> y", "c", "d"]),
        graph(&["a -> y", "b -> x", "b -> y", "a -> x z"]),
        graph(&["a -> b c d e -> f -> g", "a -> g h", "c .> h", "h .> i"]),
        graph(&["extract -> clean -> load -> report", "extract -> audit -> report", "config -> load", "config -> publish", "report -> publish", "audit .> archive", "clean .> archive"]),
        graph(&["a b c d e -> f g h", "a -> i j", "e -> i"]),
    ].into_iter().enumerate() {
        if !dir.is_empty() { for f in crate::draw::Format::ALL { std::fs::write(format!("{dir}/{i}.{f}"), crate::draw::draw(&g, *f)).expect("written"); } }
        println!("{}", text(&g));
    }
}
