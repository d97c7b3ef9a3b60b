//! What the graph of a DAG may be.

use std::collections::HashMap;

use syn::Ident;

use crate::ctxt::Ctxt;
use crate::dag::model::{Body, Node, Source, What};

/// All rules about the graph.
pub(in crate::dag) fn all(body: &Body, cx: &mut Ctxt) {
    names_not_bound(body, cx);
    after_unknown(body, cx);
    equal_names(body, cx);
    rules_that_never_hold(body, cx);
    rules_over_missing_values(body, cx);
}

/// A later binding of that name in the block of the node, or in one around it.
fn bound_later(body: &Body, node: usize, name: &Ident) -> Option<(usize, usize)> {
    let mut at = Some(body.nodes[node].block);
    while let Some(index) = at {
        let block = &body.blocks[index];
        for binding in &block.bindings {
            let found = &body.bindings[*binding];
            if let (true, Source::Node(by)) = (found.name == *name, found.source) {
                return Some((found.block, by));
            }
        }
        at = block.parent;
    }
    None
}

/// Names used before they are bound: a loop if what binds them waits for the node that uses them.
fn names_not_bound(body: &Body, cx: &mut Ctxt) {
    let mut reported: Vec<Vec<usize>> = Vec::new();
    for (index, node) in body.nodes.iter().enumerate() {
        for name in node.unbound.iter().chain(&node.after_unbound) {
            let Some((block, target)) = bound_later(body, index, name) else {
                continue;
            };
            let Some(here) = body.in_block(index, block) else {
                continue;
            };
            match way(body, target, here, block) {
                Some(way) => {
                    let mut nodes = way.clone();
                    nodes.sort_unstable();
                    if !reported.contains(&nodes) {
                        reported.push(nodes);
                        cycle(body, name, here, &way, cx);
                    }
                }
                None => cx.error(
                    name,
                    format_args!(
                        "`{name}` is used before it is bound\nmove its `let` above this line"
                    ),
                ),
            }
        }
    }
}

fn cycle(body: &Body, name: &Ident, here: usize, way: &[usize], cx: &mut Ctxt) {
    let own = body.label(here);
    if way.len() == 1 {
        cx.error(
            name,
            format_args!("`{own}` waits for itself: {own} → {own}\na DAG cannot loop; to repeat until something holds, write an `async fn` flow"),
        );
        return;
    }
    let labels: Vec<String> = way.iter().map(|node| body.label(*node)).collect();
    let path = labels.join(" → ");
    let needs: Vec<String> = way
        .windows(2)
        .map(|pair| {
            let (from, to) = (body.label(pair[0]), body.label(pair[1]));
            let line = body.nodes[pair[0]].span.start().line;
            format!("`{from}` needs `{to}` in line {line}")
        })
        .collect();
    cx.error(
        name,
        format_args!(
            "these nodes wait for each other: {own} → {path}\n`{own}` needs `{name}` here, and {}\na DAG cannot loop; to repeat until something holds, write an `async fn` flow",
            needs.join(", ")
        ),
    );
}

/// The nodes on a way from one node to another along what they wait for, at the level of one block.
fn way(body: &Body, from: usize, to: usize, block: usize) -> Option<Vec<usize>> {
    let mut came: HashMap<usize, usize> = HashMap::new();
    let mut todo = vec![from];
    while let Some(node) = todo.pop() {
        if node == to {
            let mut way = vec![node];
            let mut at = node;
            while at != from {
                at = came[&at];
                way.push(at);
            }
            way.reverse();
            return Some(way);
        }
        for next in upstream(body, node, block) {
            if next != from && !came.contains_key(&next) {
                came.insert(next, node);
                todo.push(next);
            }
        }
    }
    None
}

/// What a node and the nodes inside it wait for, bound later or not.
fn upstream(body: &Body, node: usize, block: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for index in 0..body.nodes.len() {
        if body.in_block(index, block) != Some(node) {
            continue;
        }
        let one = &body.nodes[index];
        let later = one.unbound.iter().chain(&one.after_unbound);
        let later = later
            .filter_map(|name| bound_later(body, index, name))
            .map(|(_, by)| by);
        let sources = body
            .needs(index)
            .into_iter()
            .chain(body.waits(index))
            .chain(later);
        found.extend(
            sources
                .filter_map(|source| body.in_block(source, block))
                .filter(|s| *s != node),
        );
    }
    found
}

/// `.after` of a name that is bound nowhere.
fn after_unknown(body: &Body, cx: &mut Ctxt) {
    for (index, node) in body.nodes.iter().enumerate() {
        for name in &node.after_unbound {
            if bound_later(body, index, name).is_none() {
                cx.error(
                    name,
                    format_args!(
                        "no node is bound to `{name}`\n`.after` takes names that are bound above it"
                    ),
                );
            }
        }
    }
}

/// Two equal `.named("…")`.
fn equal_names(body: &Body, cx: &mut Ctxt) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for node in &body.nodes {
        let Some(name) = &node.named else { continue };
        let line = name.span().start().line;
        if let Some(first) = seen.insert(name.value(), line) {
            cx.error(
                name,
                format_args!("the name \"{}\" is already taken by the node in line {first}\ngive this node another one", name.value()),
            );
        }
    }
}

/// Nothing to wait for, so nothing that could have failed or succeeded.
fn rules_that_never_hold(body: &Body, cx: &mut Ctxt) {
    for (index, node) in body.nodes.iter().enumerate() {
        let Some(rule) = &node.rule else { continue };
        let waits = !body.needs(index).is_empty() || !body.waits(index).is_empty();
        let asks = !matches!(
            rule.name.as_str(),
            "AllSuccess" | "AllDone" | "NoneFailed" | "NoneSkipped" | "Always"
        );
        if asks && !waits && node.after_unbound.is_empty() && node.unbound.is_empty() {
            cx.error(
                &rule.path,
                format_args!("`Trigger::{}` can never hold: this node waits for no other\nsay which one it looks at: `.after(name)`", rule.name),
            );
        }
    }
}

/// A rule that lets a node run although what it uses gave no value.
fn rules_over_missing_values(body: &Body, cx: &mut Ctxt) {
    for node in &body.nodes {
        let Some(rule) = &node.rule else { continue };
        if rule.name == "AllSuccess" {
            continue;
        }
        for (binding, name) in &node.uses {
            let Source::Node(source) = body.bindings[*binding].source else {
                continue;
            };
            if may_lack_value(body, source) {
                cx.error(
                    name,
                    format_args!(
                        "with `Trigger::{}` this node may run although `{name}` has failed and has no value\nremove `.on(…)`, or keep the order only: `.after({name})`; or add `.attempt()` to the call of `{name}`, whose value is then a `Result`",
                        rule.name
                    ),
                );
            }
        }
    }
}

fn may_lack_value(body: &Body, index: usize) -> bool {
    let node: &Node = &body.nodes[index];
    let own = match node.what {
        What::Call { .. } | What::Map { .. } => !node.attempt,
        What::Wait { plain, .. } => !plain && !node.attempt,
        What::Branch { .. } => true,
        What::Glue { .. } | What::Unit => false,
    };
    let always = node
        .rule
        .as_ref()
        .is_some_and(|rule| matches!(rule.name.as_str(), "Always" | "AllDone"));
    let upstream = body.needs(index).into_iter().chain(body.waits(index));
    own || (!always
        && upstream
            .into_iter()
            .any(|source| may_lack_value(body, source)))
}
