//! What a statement of a DAG body may be.

use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Pat, Path, Stmt};

use crate::ctxt::Ctxt;
use crate::dag::chain::{bare, is_node, root};
use crate::dag::names;
use crate::dag::text::text;

/// A DAG's graph is built from the source, where `#[cfg]` is not yet decided.
pub(in crate::dag) fn attributes(stmt: &Stmt, cx: &mut Ctxt) {
    if !matches!(stmt, Stmt::Item(_)) {
        Conditional(cx).visit_stmt(stmt);
    }
}

/// The same for the arms of a `match`.
pub(in crate::dag) fn arm_attributes(arm: &syn::Arm, cx: &mut Ctxt) {
    arm.attrs
        .iter()
        .for_each(|attr| Conditional(cx).visit_attribute(attr));
}

struct Conditional<'a>(&'a mut Ctxt);

impl<'a> Visit<'a> for Conditional<'_> {
    fn visit_attribute(&mut self, attr: &'a Attribute) {
        if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            self.0.error(
                attr,
                "`#[cfg]` cannot stand on a part of a DAG flow: its graph is made before `#[cfg]` is decided\nuse `if cfg!(…) { … }`, or two flows",
            );
        }
    }
    fn visit_block(&mut self, _: &'a syn::Block) {}
    fn visit_arm(&mut self, _: &'a syn::Arm) {}
    fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
}

/// `use` and `const` are repeated beside the graph; other items cannot be.
pub(in crate::dag) fn item(item: &syn::Item, cx: &mut Ctxt) {
    if !matches!(item, syn::Item::Use(_) | syn::Item::Const(_)) {
        cx.error(item, "only `use` and `const` items may stand in a DAG flow\nmove this one out of the function");
    }
}

/// Values of a DAG are made once.
pub(in crate::dag) fn pattern(pat: &Pat, cx: &mut Ctxt) {
    struct Mutable<'a>(&'a mut Ctxt);
    impl<'a> Visit<'a> for Mutable<'_> {
        fn visit_pat_ident(&mut self, pat: &'a syn::PatIdent) {
            let name = &pat.ident;
            if let Some(token) = &pat.mutability {
                self.0.error(
                    token,
                    format_args!("each name of a DAG flow is one value that does not change\nmake it in a block: `let {name} = {{ let mut {name} = …; …; {name} }};`"),
                );
            }
            if let Some(token) = &pat.by_ref {
                self.0.error(token, "a name of a DAG flow owns its value, since its node may run at any time\nremove `ref`");
            }
            visit::visit_pat_ident(self, pat);
        }
    }
    Mutable(cx).visit_pat(pat);
}

/// A value outlives the node that makes it, so it cannot borrow from another.
pub(in crate::dag) fn reference(expr: &Expr, cx: &mut Ctxt) {
    if let Expr::Reference(borrow) = bare(expr)
        && !matches!(bare(&borrow.expr), Expr::Lit(_))
        && names::free(&borrow.expr)
            .iter()
            .any(|free| !starts_capital(&free.name))
    {
        let inner = text(&borrow.expr);
        cx.error(
            expr,
            format_args!("a name of a DAG flow owns its value: it cannot borrow from another node\nwrite `{inner}.clone()`, or borrow where it is used: `task(&{inner})` becomes `task({inner}.clone())`"),
        );
    }
}

fn starts_capital(name: &syn::Ident) -> bool {
    name.to_string().starts_with(char::is_uppercase)
}

/// `for`, `while` and `loop` around calls.
pub(in crate::dag) fn statement_loop(expr: &Expr, cx: &mut Ctxt) {
    let (keyword, body): (&dyn quote::ToTokens, _) = match bare(expr) {
        Expr::ForLoop(repeat) => (&repeat.for_token, &repeat.body),
        Expr::While(repeat) => (&repeat.while_token, &repeat.body),
        Expr::Loop(repeat) => (&repeat.loop_token, &repeat.body),
        _ => return,
    };
    let mut calls = Calls(None);
    calls.visit_block(body);
    if let Some(callee) = calls.0 {
        let callee = text(&callee);
        cx.error(
            keyword,
            format_args!("a DAG flow cannot loop around a call: its nodes are known before it runs\nfan out with `map(items, |item| {callee}(item))`, or write an `async fn` flow; if `{callee}` is a plain function, put the loop in braces: `{{ for … }}`"),
        );
    }
}

/// The first call in a loop that would be a node if it stood outside.
struct Calls(Option<Path>);

impl<'a> Visit<'a> for Calls {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let expr = match stmt {
            Stmt::Local(local) => local.init.as_ref().map(|init| &*init.expr),
            Stmt::Expr(expr, _) => Some(expr),
            _ => None,
        };
        let call = expr.and_then(root).map(|(_, path)| path).filter(is_node);
        if self.0.is_none() {
            self.0 = call;
        }
        visit::visit_stmt(self, stmt);
    }
    fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
}

/// Control flow that only a program has.
pub(in crate::dag) fn plain(expr: &Expr, cx: &mut Ctxt) {
    Control(cx).visit_expr(expr);
}

struct Control<'a>(&'a mut Ctxt);

impl<'a> Visit<'a> for Control<'_> {
    fn visit_expr_try(&mut self, expr: &'a syn::ExprTry) {
        self.0.error(
            expr.question_token,
            "a DAG flow has no `?`: a node that fails stops what depends on it\nremove the `?`; to handle the failure, add `.attempt()` to the call",
        );
        visit::visit_expr_try(self, expr);
    }
    fn visit_expr_await(&mut self, expr: &'a syn::ExprAwait) {
        self.0.error(
            expr.await_token,
            "a DAG flow has no `.await`: a node starts as soon as what it uses is ready\nremove the `.await`, or make the flow an `async fn`",
        );
        visit::visit_expr_await(self, expr);
    }
    fn visit_expr_return(&mut self, expr: &'a syn::ExprReturn) {
        self.0.error(
            expr.return_token,
            "a DAG flow has no `return`: its value is its last line\nuse `if` or `match`, or make the flow an `async fn`",
        );
    }
    fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'a syn::ExprAsync) {}
    fn visit_item(&mut self, _: &'a syn::Item) {}
}

/// A name that hides the function of the same name.
pub(in crate::dag) fn called_value(callee: &Path, call: &Expr, cx: &mut Ctxt) {
    let (name, call) = (text(callee), text(call));
    cx.error(
        callee,
        format_args!("`{name}` is a value here, not a task or flow\nplain code of a DAG flow stands in braces: `{{ {call} }}`"),
    );
}
