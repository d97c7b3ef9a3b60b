//! From the statements of a body to nodes.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Ident, Pat, Stmt};

use super::chain::{Chain, Class, bare, classify, root};
use super::check::statements as check;
use super::model::{Binding, Block, Body, Dest, Node, Source, What, last};
use super::names::{Free, bound, free};
use super::text::text;
use crate::ctxt::Ctxt;

/// Reads a body.
pub(super) fn parse(block: &syn::Block, params: &[Ident], result: bool, cx: &mut Ctxt) -> Body {
    let mut parser = Parser {
        body: Body::default(),
        cx,
        result,
        pending: Vec::new(),
    };
    let root = parser.open_block(None);
    for param in params {
        parser.bind(param, Source::Param, root);
    }
    let place = Place {
        block: root,
        arm: None,
    };
    let tail = parser.statements(&block.stmts, place, &Dest::Return, None);
    parser.body.tail = tail;
    let nodes = 0..parser.body.nodes.len();
    parser.body.top = nodes
        .filter(|node| parser.body.nodes[*node].arm.is_none())
        .collect();
    parser.body
}

/// Where a node stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) block: usize,
    pub(super) arm: Option<(usize, usize)>,
}

pub(super) struct Parser<'a> {
    pub(super) body: Body,
    pub(super) cx: &'a mut Ctxt,
    /// The flow returns a `Result`, so that its value may be written `Ok(value)`.
    result: bool,
    /// Attributes of the statement that is read.
    pending: Vec<Attribute>,
}

impl Parser<'_> {
    pub(super) fn open_block(&mut self, parent: Option<usize>) -> usize {
        self.body.blocks.push(Block {
            parent,
            bindings: Vec::new(),
        });
        self.body.blocks.len() - 1
    }

    pub(super) fn bind(&mut self, name: &Ident, source: Source, block: usize) -> usize {
        let index = self.body.bindings.len();
        self.body.bindings.push(Binding {
            name: name.clone(),
            source,
            block,
        });
        self.body.blocks[block].bindings.push(index);
        index
    }

    /// Reads statements; gives the node of the tail.
    pub(super) fn statements(
        &mut self,
        stmts: &[Stmt],
        place: Place,
        dest: &Dest,
        agrees: Option<usize>,
    ) -> Option<usize> {
        let mut tail = None;
        for (index, stmt) in stmts.iter().enumerate() {
            check::attributes(stmt, self.cx);
            match stmt {
                Stmt::Local(local) => self.local(local, place),
                Stmt::Item(item) => {
                    check::item(item, self.cx);
                    self.body.items.push(item.clone());
                }
                Stmt::Expr(expr, None) if index + 1 == stmts.len() && !is_loop(expr) => {
                    let expr = self.without_ok(expr, dest);
                    tail = Some(self.node(&expr, place, dest.clone(), agrees));
                }
                Stmt::Expr(expr, _) => {
                    check::statement_loop(expr, self.cx);
                    self.node(expr, place, Dest::Discard, None);
                }
                Stmt::Macro(stmt) => {
                    let expr = Expr::Macro(syn::ExprMacro {
                        attrs: stmt.attrs.clone(),
                        mac: stmt.mac.clone(),
                    });
                    let is_tail = index + 1 == stmts.len() && stmt.semi_token.is_none();
                    let node_dest = if is_tail { dest.clone() } else { Dest::Discard };
                    let node = self.node(&expr, place, node_dest, agrees.filter(|_| is_tail));
                    tail = is_tail.then_some(node);
                }
            }
        }
        tail
    }

    fn local(&mut self, local: &syn::Local, place: Place) {
        let Some(init) = &local.init else {
            self.cx.error(local, "a `let` of a DAG flow needs a value");
            return;
        };
        if let Some((_, diverge)) = &init.diverge {
            self.cx.error(diverge, "`let … else` leaves the flow early, which a DAG cannot\nuse `match` with a value for the other case, or an `async fn` flow");
        }
        let (pat, ty) = match &local.pat {
            Pat::Type(typed) => ((*typed.pat).clone(), Some(typed.ty.clone())),
            other => (other.clone(), None),
        };
        check::pattern(&pat, self.cx);
        check::reference(&init.expr, self.cx);
        self.pending.clone_from(&local.attrs);
        let names: Vec<Ident> = bound(&pat).into_iter().cloned().collect();
        // The names are visible only after the node, which therefore is read before they are entered.
        let dest = Dest::Let {
            pat: Box::new(pat),
            ty,
            binds: Vec::new(),
        };
        let node = self.node(&init.expr, place, dest, None);
        let binds: Vec<usize> = names
            .iter()
            .map(|name| self.bind(name, Source::Node(node), place.block))
            .collect();
        self.set_binds(node, &binds);
    }

    /// Tells a node, and the tails of its arms, which bindings they fill.
    fn set_binds(&mut self, node: usize, filled: &[usize]) {
        let mut todo = vec![node];
        while let Some(node) = todo.pop() {
            if let Dest::Let { binds, .. } = &mut self.body.nodes[node].dest {
                *binds = filled.to_vec();
            }
            if let What::Branch { arms, .. } = &self.body.nodes[node].what {
                todo.extend(arms.iter().filter_map(|arm| arm.tail));
            }
        }
    }

    /// The flow's value may be wrapped in `Ok`.
    fn without_ok(&self, expr: &Expr, dest: &Dest) -> Expr {
        if let (Dest::Return, true, Expr::Call(call)) = (dest, self.result, bare(expr)) {
            let is_ok = matches!(bare(&call.func), Expr::Path(path) if last(&path.path) == "Ok");
            if is_ok && call.args.len() == 1 {
                let value = &call.args[0];
                let calls = root(value).is_some_and(|(_, path)| super::chain::is_node(&path));
                // `Ok(f(x))` is a constructor around plain code, and stays that.
                return if calls {
                    in_braces(value)
                } else {
                    value.clone()
                };
            }
        }
        expr.clone()
    }

    pub(super) fn push(&mut self, what: What, place: Place, dest: Dest, span: Span) -> usize {
        let attrs = std::mem::take(&mut self.pending);
        self.body.nodes.push(Node {
            what,
            dest,
            attrs,
            block: place.block,
            arm: place.arm,
            uses: Vec::new(),
            unbound: Vec::new(),
            after: Vec::new(),
            after_unbound: Vec::new(),
            after_nodes: Vec::new(),
            rule: None,
            attempt: false,
            named: None,
            span,
            value_span: span,
            agrees: None,
        });
        self.body.nodes.len() - 1
    }

    pub(super) fn use_names(&mut self, node: usize, names: Vec<Free>) {
        let block = self.body.nodes[node].block;
        for Free { name, perhaps } in names {
            match self.body.lookup(block, &name) {
                Some(binding) => {
                    let uses = &mut self.body.nodes[node].uses;
                    if !uses.iter().any(|(used, _)| *used == binding) {
                        uses.push((binding, name));
                    }
                }
                None if perhaps => {}
                None => self.body.nodes[node].unbound.push(name),
            }
        }
    }

    fn node(&mut self, expr: &Expr, place: Place, dest: Dest, agrees: Option<usize>) -> usize {
        let node = match classify(expr, self.cx) {
            Class::Call(chain) => self.call(*chain, place, dest),
            Class::If(branch) => self.if_node(&branch, place, dest, agrees),
            Class::Match(branch) => self.match_node(&branch, place, dest, agrees),
            Class::Glue => {
                check::plain(expr, self.cx);
                let statement = matches!(dest, Dest::Discard);
                let node = self.push(
                    What::Glue {
                        expr: expr.clone(),
                        statement,
                    },
                    place,
                    dest,
                    expr.span(),
                );
                self.use_names(node, free(expr));
                node
            }
        };
        self.body.nodes[node].agrees = agrees;
        node
    }

    fn call(&mut self, chain: Chain, place: Place, dest: Dest) -> usize {
        check::plain(&chain.expr, self.cx);
        let value = chain
            .callee
            .get_ident()
            .and_then(|name| self.body.lookup(place.block, name));
        if value.is_some_and(|value| self.body.bindings[value].source != Source::Param) {
            check::called_value(&chain.callee, &chain.expr, self.cx);
        }
        if is_step(&chain.callee, "continue_with") {
            self.cx.error(
                &chain.callee,
                "a DAG flow ends when all of its nodes have ended, so it cannot go on in another run\nuse an `async fn` flow, which may end its history with `continue_with`",
            );
        }
        let what = waits(&chain).unwrap_or_else(|| {
            if is_step(&chain.callee, "map") {
                self.map(&chain)
            } else {
                What::Call {
                    callee: chain.callee.clone(),
                    expr: chain.expr.clone(),
                }
            }
        });
        let node = self.push(what, place, dest, chain.span);
        let mut names = free(&chain.expr);
        // The callee is a function; a value of that name is something else.
        names.retain(|free| !(free.perhaps && chain.callee.get_ident() == Some(&free.name)));
        self.use_names(node, names);
        for name in chain.after {
            match self.body.lookup(place.block, &name) {
                Some(binding) => self.body.nodes[node].after.push((binding, name)),
                None => self.body.nodes[node].after_unbound.push(name),
            }
        }
        let made = &mut self.body.nodes[node];
        made.value_span = chain.value_span;
        (made.rule, made.attempt, made.named) = (chain.rule, chain.attempt, chain.named);
        node
    }

    fn map(&mut self, chain: &Chain) -> What {
        let over = chain.args.first().map(text).unwrap_or_default();
        let callee = chain.args.get(1).and_then(mapped).unwrap_or_else(|| {
            let at = chain.args.get(1).unwrap_or(&chain.expr);
            self.cx.error(
                at,
                "`map` fans out over calls of one task or flow, and none can be seen here\nwrite `map(items, |item| task(item))`",
            );
            chain.callee.clone()
        });
        What::Map {
            callee,
            over,
            expr: chain.expr.clone(),
        }
    }
}

fn in_braces(expr: &Expr) -> Expr {
    syn::parse_quote!({ #expr })
}

/// A loop at the end of a body is a statement.
fn is_loop(expr: &Expr) -> bool {
    matches!(bare(expr), Expr::ForLoop(_) | Expr::While(_))
}

/// The built-in steps, by the name under which the prelude brings them, or by a path of the crate.
fn is_step(callee: &syn::Path, name: &str) -> bool {
    let first = callee
        .segments
        .first()
        .map(|segment| segment.ident.to_string());
    last(callee) == name && (callee.segments.len() == 1 || first.as_deref() == Some("flowrt"))
}

fn waits(chain: &Chain) -> Option<What> {
    const WAITS: [(&str, bool); 7] = [
        ("sleep", true),
        ("sleep_until", true),
        ("poll", false),
        ("receive", false),
        ("race", true),
        ("untracked", true),
        // Refused, and so of no further interest.
        ("continue_with", true),
    ];
    WAITS
        .iter()
        .find(|(kind, _)| is_step(&chain.callee, kind))
        .map(|(kind, plain)| What::Wait {
            kind,
            plain: *plain,
            expr: chain.expr.clone(),
        })
}

/// The task or flow that the closure of a `map` calls.
fn mapped(closure: &Expr) -> Option<syn::Path> {
    match bare(closure) {
        Expr::Closure(closure) => called(&closure.body),
        Expr::Path(path) => Some(path.path.clone()),
        _ => None,
    }
}

fn called(expr: &Expr) -> Option<syn::Path> {
    let last_of = |block: &syn::Block| match block.stmts.last() {
        Some(Stmt::Expr(expr, None)) => called(expr),
        _ => None,
    };
    match bare(expr) {
        Expr::Block(block) => last_of(&block.block),
        Expr::If(branch) => last_of(&branch.then_branch),
        Expr::Match(branch) => branch.arms.first().and_then(|arm| called(&arm.body)),
        other => root(other)
            .map(|(_, path)| path)
            .filter(super::chain::is_node),
    }
}
