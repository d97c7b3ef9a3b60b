//! A DAG body as nodes, bindings and blocks.

use proc_macro2::Span;
use syn::{Attribute, Expr, Ident, LitStr, Pat, Path, Type};

/// The whole body.
#[derive(Default)]
pub(super) struct Body {
    pub(super) nodes: Vec<Node>,
    pub(super) bindings: Vec<Binding>,
    pub(super) blocks: Vec<Block>,
    /// Inner `use` and `const` items.
    pub(super) items: Vec<syn::Item>,
    /// The nodes that are not in an arm.
    pub(super) top: Vec<usize>,
    /// The node that gives the flow its value.
    pub(super) tail: Option<usize>,
}

/// A name that stands for a value.
pub(super) struct Binding {
    pub(super) name: Ident,
    pub(super) source: Source,
    pub(super) block: usize,
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Source {
    Param,
    Node(usize),
    /// A pattern of an arm of that branch.
    Arm(usize),
}

/// A scope: the body, or an arm.
pub(super) struct Block {
    pub(super) parent: Option<usize>,
    /// In the order in which they are bound.
    pub(super) bindings: Vec<usize>,
}

/// One node.
pub(super) struct Node {
    pub(super) what: What,
    pub(super) dest: Dest,
    pub(super) attrs: Vec<Attribute>,
    /// The block it stands in.
    pub(super) block: usize,
    /// The branch and the number of its arm.
    pub(super) arm: Option<(usize, usize)>,
    /// The bindings it uses, each once.
    pub(super) uses: Vec<(usize, Ident)>,
    /// Names it uses that are not bound yet, or not at all.
    pub(super) unbound: Vec<Ident>,
    pub(super) after: Vec<(usize, Ident)>,
    pub(super) after_unbound: Vec<Ident>,
    /// Nodes that it waits for without a name: those of its arm, for the unit value of an arm without a tail.
    pub(super) after_nodes: Vec<usize>,
    pub(super) rule: Option<Rule>,
    pub(super) attempt: bool,
    pub(super) named: Option<LitStr>,
    /// Where messages about the whole node point.
    pub(super) span: Span,
    /// Where messages about its value point.
    pub(super) value_span: Span,
    /// The branch whose arms must agree on the type of this value.
    pub(super) agrees: Option<usize>,
}

/// `.on(Trigger::…)`.
pub(super) struct Rule {
    pub(super) path: Path,
    pub(super) name: String,
}

/// What a node does.
pub(super) enum What {
    Call {
        callee: Path,
        expr: Expr,
    },
    Map {
        callee: Path,
        over: String,
        expr: Expr,
    },
    /// A wait; `plain` if its output is no `Result`.
    Wait {
        kind: &'static str,
        plain: bool,
        expr: Expr,
    },
    Branch {
        head: Head,
        arms: Vec<Arm>,
    },
    Glue {
        expr: Expr,
        statement: bool,
    },
    /// The unit value of an arm without a tail.
    Unit,
}

/// What a branch looks at.
pub(super) enum Head {
    If(Expr),
    Match(Expr),
}

/// An arm of a branch.
pub(super) struct Arm {
    pub(super) text: String,
    /// None for `if`.
    pub(super) pat: Option<Pat>,
    pub(super) guard: Option<Expr>,
    /// The names its pattern binds.
    pub(super) binds: Vec<usize>,
    pub(super) nodes: Vec<usize>,
    pub(super) tail: Option<usize>,
}

/// Where a node's value goes.
#[derive(Clone)]
pub(super) enum Dest {
    Discard,
    Let {
        pat: Box<Pat>,
        ty: Option<Box<Type>>,
        binds: Vec<usize>,
    },
    Return,
}

impl Body {
    /// The latest binding of that name that is visible in the block.
    pub(super) fn lookup(&self, block: usize, name: &Ident) -> Option<usize> {
        let mut at = Some(block);
        while let Some(index) = at {
            let block = &self.blocks[index];
            let found = block
                .bindings
                .iter()
                .rev()
                .find(|b| self.bindings[**b].name == *name);
            if found.is_some() {
                return found.copied();
            }
            at = block.parent;
        }
        None
    }

    /// What messages call a node.
    pub(super) fn label(&self, node: usize) -> String {
        let node = &self.nodes[node];
        match (&node.dest, &node.what) {
            (Dest::Let { binds, .. }, _) if !binds.is_empty() => {
                self.bindings[binds[0]].name.to_string()
            }
            (_, What::Call { callee, .. } | What::Map { callee, .. }) => last(callee),
            (_, What::Wait { kind, .. }) => (*kind).to_owned(),
            (
                _,
                What::Branch {
                    head: Head::If(_), ..
                },
            ) => "if".to_owned(),
            (_, What::Branch { .. }) => "match".to_owned(),
            (Dest::Return, _) => "the flow's value".to_owned(),
            _ => "plain code".to_owned(),
        }
    }

    /// Every branch that a node stands in, innermost first, after the node itself.
    pub(super) fn ancestors(&self, node: usize) -> impl Iterator<Item = usize> {
        let up = move |node: &usize| self.nodes[*node].arm.map(|(branch, _)| branch);
        std::iter::successors(Some(node), up)
    }

    /// The node itself, or the branch around it, that stands in that block.
    pub(super) fn in_block(&self, node: usize, block: usize) -> Option<usize> {
        self.ancestors(node)
            .find(|at| self.nodes[*at].block == block)
    }

    /// The nodes whose values a node uses, in order.
    pub(super) fn needs(&self, node: usize) -> Vec<usize> {
        self.sources(
            self.nodes[node].uses.iter().map(|(binding, _)| *binding),
            Vec::new(),
        )
    }

    /// The nodes that a node only waits for, in order.
    pub(super) fn waits(&self, node: usize) -> Vec<usize> {
        let node = &self.nodes[node];
        self.sources(
            node.after.iter().map(|(binding, _)| *binding),
            node.after_nodes.clone(),
        )
    }

    fn sources(&self, bindings: impl Iterator<Item = usize>, mut nodes: Vec<usize>) -> Vec<usize> {
        nodes.extend(
            bindings.filter_map(|binding| match self.bindings[binding].source {
                Source::Node(node) => Some(node),
                Source::Param | Source::Arm(_) => None,
            }),
        );
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

/// The last segment of a path.
pub(super) fn last(path: &Path) -> String {
    path.segments
        .last()
        .map(|segment| segment.ident.to_string())
        .unwrap_or_default()
}
