//! What is written on a node: its name, its fan-out, and in words what is unusual about it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::mask;
use crate::model::graph::{Node, NodeKind, Trigger};
use crate::model::state::{RunState, TaskState};

/// Columns of a name before it is cut.
const NAME_COLUMNS: usize = 48;
/// Columns of an arm's text or of what a fan-out runs over before it is cut.
const DETAIL_COLUMNS: usize = 28;

/// The sign of a state. Colour may go with it but never instead of it.
pub const fn sign(state: TaskState) -> &'static str {
    match state {
        TaskState::Pending => "○",
        TaskState::Running => "●",
        TaskState::Retrying => "↻",
        TaskState::Waiting => "◷",
        TaskState::Completed | TaskState::Cached => "✓",
        TaskState::Failed | TaskState::TimedOut | TaskState::Crashed => "✗",
        TaskState::Cancelled | TaskState::Skipped | TaskState::UpstreamFailed => "⊘",
    }
}

/// The sign of a run's state.
pub const fn run_sign(state: RunState) -> &'static str {
    match state {
        RunState::Scheduled | RunState::Pending => "○",
        RunState::Running | RunState::Cancelling => "●",
        RunState::Retrying => "↻",
        RunState::Waiting => "◷",
        RunState::Completed => "✓",
        RunState::Failed | RunState::TimedOut | RunState::Crashed => "✗",
        RunState::Cancelled | RunState::Skipped => "⊘",
        RunState::Parked | RunState::Interrupted => "⏸",
    }
}

/// A state within a sentence: `UpstreamFailed` is `upstream failed`.
pub fn words(state: &str) -> String {
    let mut words = String::new();
    for (index, letter) in state.chars().enumerate() {
        if index > 0 && letter.is_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// What a trigger rule means, in words that fit behind a name; nothing for the usual one.
pub const fn rule_words(rule: Trigger) -> Option<&'static str> {
    match rule {
        Trigger::AllSuccess => None,
        Trigger::AllFailed => Some("if all failed"),
        Trigger::AllDone => Some("always"),
        Trigger::AllDoneMinOneSuccess => Some("when all ended, if one succeeded"),
        Trigger::AllSkipped => Some("if all were skipped"),
        Trigger::OneFailed => Some("on the first failure"),
        Trigger::OneSuccess => Some("on the first success"),
        Trigger::OneDone => Some("when the first ended"),
        Trigger::NoneFailed => Some("if none failed"),
        Trigger::NoneFailedMinOneSuccess => Some("if none failed, one succeeded"),
        Trigger::NoneSkipped => Some("if none was skipped"),
        Trigger::Always => Some("without waiting"),
    }
}

/// What a state's sign alone does not say.
const fn state_words(state: TaskState) -> Option<&'static str> {
    match state {
        TaskState::Cached => Some("cached"),
        TaskState::TimedOut => Some("timed out"),
        TaskState::Crashed => Some("crashed"),
        TaskState::Cancelled => Some("cancelled"),
        TaskState::UpstreamFailed => Some("upstream failed"),
        _ => None,
    }
}

/// The node's name, on one line and of bearable length.
pub fn name(node: &Node) -> String {
    let text = if node.label.trim().is_empty() {
        &node.id
    } else {
        &node.label
    };
    cut(&one_line(text), NAME_COLUMNS)
}

/// How often a fan-out runs: `×10` when that is known, `× 0..pages` when only the source text is.
pub fn fan_out(node: &Node) -> Option<String> {
    match (&node.over, node.items) {
        (_, Some(items)) => Some(format!("×{items}")),
        (Some(over), None) => Some(format!("× {}", cut(&one_line(over), DETAIL_COLUMNS))),
        (None, None) if node.kind == NodeKind::Map => Some("× n".to_owned()),
        (None, None) => None,
    }
}

/// The text of the arm that the node is in.
pub fn arm(node: &Node) -> Option<String> {
    let (_, text) = node.arm.as_ref()?;
    Some(cut(&one_line(text), DETAIL_COLUMNS))
}

/// What is unusual about the node, in words.
pub fn notes(node: &Node) -> String {
    let flow = (node.kind == NodeKind::Flow).then_some("flow");
    let tolerated = node.tolerated.then_some("may fail");
    let state = node.state.and_then(state_words);
    let all: Vec<&str> = [flow, rule_words(node.rule), tolerated, state]
        .into_iter()
        .flatten()
        .collect();
    all.join(", ")
}

/// All of it on one line, as text pictures show it. `with_arm` is for the first node of an arm.
pub fn line(node: &Node, with_arm: bool) -> String {
    let mut line = String::new();
    if let Some(state) = node.state {
        line.push_str(sign(state));
        line.push(' ');
    }
    if let Some(arm) = arm(node).filter(|_| with_arm) {
        line.push_str(&arm);
        line.push_str(": ");
    }
    line.push_str(&plain(node));
    line
}

/// Name, fan-out and notes, without state and arm.
pub fn plain(node: &Node) -> String {
    let mut line = name(node);
    if let Some(fan_out) = fan_out(node) {
        line.push(' ');
        line.push_str(&fan_out);
    }
    let notes = notes(node);
    if !notes.is_empty() {
        line.push_str(" (");
        line.push_str(&notes);
        line.push(')');
    }
    line
}

/// How many terminal columns a text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The text without line breaks, control characters and runs of spaces, which would tear a picture apart. The values of secrets are
/// taken out before it is cut: a part of one would not be known any more.
fn one_line(text: &str) -> String {
    let spaced: String = mask::text(text)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str, limit: usize) -> String {
    if columns(text) <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > limit {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}
