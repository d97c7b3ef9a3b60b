//! What the calls of a program flow mean. The macro sees names only; which of them are tasks and flows is known when all
//! are linked.

use std::cmp::Reverse;

use super::everything;
use crate::author::meta::{Meta, Site, What};

/// The task or flow that a call site names, as the registry knows it. `None` for a plain function, for what flowrt itself
/// gives, and for a task that was imported under another name.
pub(crate) fn named(caller: &Meta, site: &Site) -> Option<&'static Meta> {
    find(everything(), caller.module, site.text)
}

/// The tasks and flows that a flow calls, as far as they can be named; some more than once.
pub(crate) fn callees(meta: &Meta) -> impl Iterator<Item = &'static Meta> {
    let nodes = meta.graph.map_or(&[][..], |graph| graph.nodes).iter();
    let nodes = nodes.filter_map(|node| match node.what {
        What::Call(callee) | What::Map(callee) => Some(callee),
        _ => None,
    });
    nodes.chain(meta.sites.iter().filter_map(|site| named(meta, site)))
}

/// The function that a path in a module most likely means: the one that fits the path and is nearest to the module.
fn find(
    all: impl Iterator<Item = &'static Meta>,
    module: &str,
    path: &str,
) -> Option<&'static Meta> {
    let path = absolute(module, path);
    let mut segments: Vec<&str> = path.split("::").map(plain).collect();
    let function = segments.pop()?;
    all.filter(|meta| meta.function == function && ends_with(meta.module, &segments))
        .max_by_key(|meta| {
            let depth = meta.module.split("::").count();
            (common(meta.module, module), Reverse(depth))
        })
}

/// The path without `crate`, `self` and `super`.
fn absolute(module: &str, path: &str) -> String {
    let mut at: Vec<&str> = module.split("::").collect();
    let mut rest = path.trim_start_matches("::");
    let mut is_relative = false;
    while let Some((first, more)) = rest.split_once("::") {
        match first.trim() {
            "crate" | "$crate" => at.truncate(1),
            "self" => {}
            "super" => {
                at.pop();
            }
            _ => break,
        }
        is_relative = true;
        rest = more.trim_start();
    }
    if !is_relative {
        return rest.to_owned();
    }
    at.push(rest);
    at.join("::")
}

fn plain(segment: &str) -> &str {
    segment.trim().trim_start_matches("r#")
}

/// Whether a module's path ends in these segments; a re-export may leave out those in the middle.
fn ends_with(module: &str, segments: &[&str]) -> bool {
    let mut left = module.split("::").map(plain);
    segments
        .iter()
        .all(|segment| left.any(|of_module| of_module == *segment))
}

fn common(one: &str, other: &str) -> usize {
    one.split("::")
        .zip(other.split("::"))
        .take_while(|(one, other)| one == other)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::stub::STUB;

    fn task(module: &'static str, function: &'static str) -> &'static Meta {
        Box::leak(Box::new(Meta {
            name: function,
            function,
            module,
            ..*STUB
        }))
    }

    fn found(module: &str, path: &str) -> Option<&'static str> {
        let all = [
            task("shop", "send"),
            task("shop::report", "send"),
            task("shop::report::mail", "attach"),
            task("rates::inside", "load"),
            task("shop::orders", "load"),
            task("shop", "match"),
        ];
        find(all.into_iter(), module, path).map(|meta| meta.module)
    }

    #[test]
    fn a_path_means_the_function_where_it_leads() {
        assert_eq!(found("shop", "report::send"), Some("shop::report"));
        assert_eq!(
            found("shop::orders", "crate::report::send"),
            Some("shop::report")
        );
        assert_eq!(
            found("shop::orders", "super::report::send"),
            Some("shop::report")
        );
        assert_eq!(found("shop::orders", "self::load"), Some("shop::orders"));
        assert_eq!(
            found("shop", "rates::load"),
            Some("rates::inside"),
            "re-exported"
        );
    }

    #[test]
    fn a_bare_name_means_the_nearest() {
        assert_eq!(found("shop", "send"), Some("shop"));
        assert_eq!(found("shop::report", "send"), Some("shop::report"));
        assert_eq!(found("shop::orders", "load"), Some("shop::orders"));
        assert_eq!(
            found("shop", "attach"),
            Some("shop::report::mail"),
            "imported"
        );
        assert_eq!(found("shop", "r#match"), Some("shop"));
    }

    #[test]
    fn a_plain_function_means_nothing() {
        assert_eq!(found("shop", "helper"), None);
        assert_eq!(found("shop", "other::send"), None);
        assert_eq!(found("shop", "sleep"), None);
    }
}
