//! The text pictures of well-known shapes, letter by letter.

use super::samples::{self, edit, graph, put_in_arm};
use crate::draw::text::text;
use crate::model::graph::{Graph, Trigger};
use crate::model::state::TaskState;

/// Compares a picture with lines that are indented as the test is.
fn assert_picture(graph: &Graph, expected: &[&str]) {
    let picture = text(graph);
    let lines: Vec<&str> = picture.lines().collect();
    assert_eq!(lines, expected, "\n{picture}");
}

#[test]
fn chain() {
    assert_picture(&graph(&["a -> b -> c"]), &["a ─▶ b ─▶ c"]);
}

#[test]
fn diamond() {
    assert_picture(
        &graph(&["a -> b c -> d"]),
        &["a ─┬─▶ b ─┬─▶ d", "   └─▶ c ─┘"],
    );
}

#[test]
fn four_jobs() {
    assert_picture(
        &graph(&["job1 job2 -> job3 -> job4"]),
        &["job1 ─┐", "job2 ─┴─▶ job3 ─▶ job4"],
    );
}

#[test]
fn three_into_one_and_one_into_three() {
    assert_picture(
        &graph(&["a b c -> d -> e f g"]),
        &["a ─┐      ┌─▶ e", "b ─┼─▶ d ─┼─▶ f", "c ─┘      └─▶ g"],
    );
}

#[test]
fn offers_report() {
    assert_picture(
        &samples::offers_report(),
        &[
            "fetch_rates ───────────┐",
            "fetch_page × 0..pages ─┴─▶ summarise ─▶ notify ┄▶ cleanup (always)",
        ],
    );
}

#[test]
fn offers_report_while_it_runs() {
    assert_picture(
        &samples::offers_report_running(),
        &[
            "✓ fetch_rates (cached) ─┐",
            "● fetch_page ×10 ───────┴─▶ ○ summarise ─▶ ○ notify ┄▶ ○ cleanup (always)",
        ],
    );
}

#[test]
fn what_follows_a_branch_follows_its_arms() {
    assert_picture(
        &samples::branch(),
        &[
            "check ─▶ if report.ok ─┬─▶ true: send ──▶ log ─┬─▶ done",
            "                       └─▶ false: skip ────────┘",
        ],
    );
}

#[test]
fn a_branch_in_an_arm_hands_its_exits_on() {
    let mut graph = graph(&["outer -> done", "one inner two three"]);
    put_in_arm(&mut graph, "one", "outer", "a");
    put_in_arm(&mut graph, "inner", "outer", "b");
    put_in_arm(&mut graph, "two", "inner", "c");
    put_in_arm(&mut graph, "three", "inner", "d");
    assert_picture(
        &graph,
        &[
            "       ┌─▶ a: one ─────────────────┐",
            "outer ─┴─▶ b: inner ─┬─▶ c: two ───┼─▶ done",
            "                     └─▶ d: three ─┘",
        ],
    );
}

#[test]
fn separate_parts_stand_one_below_the_other() {
    assert_picture(
        &graph(&["a -> x", "c", "b -> y z"]),
        &["a ─▶ x", "c", "", "b ─┬─▶ y", "   └─▶ z"],
    );
}

#[test]
fn no_line_can_be_followed_to_the_wrong_name() {
    // Straight lines with one upright would say that `b` leads to `x` too.
    assert_picture(
        &graph(&["a -> x y", "b -> y"]),
        &["a ─┬───▶ x", "   └─┐", "b ───┴─▶ y"],
    );
}

#[test]
fn an_edge_that_a_longer_path_implies_is_not_drawn() {
    assert_picture(&graph(&["a -> b -> c", "a -> c"]), &["a ─▶ b ─▶ c"]);
    assert_picture(&graph(&["a -> b -> c", "a .> c"]), &["a ─▶ b ─▶ c"]);
}

#[test]
fn an_edge_of_values_is_not_implied_by_order() {
    assert_picture(
        &graph(&["a .> b -> c", "a -> c"]),
        &["a ─┬┄▶ b ─┬─▶ c", "   └──────┘"],
    );
}

#[test]
fn a_rule_of_its_own_keeps_every_edge() {
    let mut graph = graph(&["a -> b -> c", "a -> c"]);
    edit(&mut graph, "c").rule = Trigger::OneFailed;
    assert_picture(
        &graph,
        &["a ─┬─▶ b ─┬─▶ c (on the first failure)", "   └──────┘"],
    );
}

#[test]
fn every_state_has_its_sign() {
    let mut line = Vec::new();
    for state in TaskState::ALL {
        let mut graph = graph(&["a"]);
        edit(&mut graph, "a").state = Some(*state);
        line.push(text(&graph).trim_end().to_owned());
    }
    assert_eq!(
        line.join(" · "),
        "○ a · ● a · ↻ a · ◷ a · ✓ a · ✓ a (cached) · ✗ a · ✗ a (timed out) · ✗ a (crashed) · ⊘ a (cancelled) · \
         ⊘ a · ⊘ a (upstream failed)"
    );
}

#[test]
fn wide_names_keep_the_lines_straight() {
    assert_picture(&graph(&["取得 b -> c"]), &["取得 ─┐", "b ────┴─▶ c"]);
}

#[test]
fn a_line_break_in_a_name_does_not_tear_the_picture() {
    let mut graph = graph(&["a -> b"]);
    edit(&mut graph, "a").label = "one\n\ttwo\u{1b}[31m".to_owned();
    assert_picture(&graph, &["one two [31m ─▶ b"]);
}

#[test]
fn a_long_chain_becomes_a_list() {
    let names: Vec<String> = (1..=12)
        .map(|step| format!("a_rather_long_step_{step}"))
        .collect();
    let picture = text(&graph(&[&names.join(" -> ")]));
    assert!(picture.starts_with(
        " 1  a_rather_long_step_1\n 2  a_rather_long_step_2   after a_rather_long_step_1\n"
    ));
    assert!(picture.ends_with("\n12  a_rather_long_step_12  after a_rather_long_step_11\n"));
}

#[test]
fn a_tangle_becomes_a_list_by_layer() {
    assert_picture(
        &graph(&["a b c d e f g -> v w x y", "a -> z", "g -> z .> end"]),
        &[
            "1  a",
            "   b",
            "   c",
            "   d",
            "   e",
            "   f",
            "   g",
            "2  v    after a, b, c, d, e and 2 more",
            "   w    after a, b, c, d, e and 2 more",
            "   x    after a, b, c, d, e and 2 more",
            "   y    after a, b, c, d, e and 2 more",
            "   z    after a, g",
            "3  end  after z (order only)",
        ],
    );
}

#[test]
fn many_in_parallel_are_still_a_drawing() {
    let names: Vec<String> = (0..200).map(|job| format!("job{job}")).collect();
    let picture = text(&graph(&[&format!("start -> {} -> end", names.join(" "))]));
    assert_eq!(picture.lines().count(), 200);
    assert!(picture.starts_with("       ┌─▶ job0 ───┐\n"));
    assert!(
        picture.contains("\nstart ─┼─▶ job99 ──┼─▶ end\n"),
        "{picture}"
    );
}

#[test]
fn program_flows_list_their_call_sites() {
    assert_picture(
        &samples::program(),
        &[
            "enqueue                 src/flows/sidekiq.rs:12",
            "status                  src/flows/sidekiq.rs:13",
            "if status.failures > 0  src/flows/sidekiq.rs:14",
            "  true: escalate        src/flows/sidekiq.rs:15",
            "        tell            src/flows/sidekiq.rs:16",
            "close                   src/flows/sidekiq.rs:17",
        ],
    );
}

#[test]
fn a_flow_without_nodes_says_so() {
    assert_picture(&graph(&[]), &["sample has no nodes"]);
}
