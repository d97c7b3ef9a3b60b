//! Walks the body.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, Expr, ExprAsync, ExprAwait, ExprCall, ExprClosure, ExprMacro, ExprMethodCall, ExprPath,
    Item, Local, Pat, Path, StmtMacro,
};

use super::macros;
use super::sites::{CallSite, is_function};
use crate::check::effects::effect_of;
use crate::ctxt::Ctxt;
use crate::names::{path_at, spelled};

/// Rewrites what it visits, and collects calls and mistakes.
pub(super) struct Rewriter<'a> {
    rt: &'a Path,
    pub(super) cx: &'a mut Ctxt,
    pub(super) sites: Vec<CallSite>,
    /// Names bound to async closures. The future of one has no name, so no trait can hold it; its body is rewritten.
    async_closures: Vec<Ident>,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(rt: &'a Path, cx: &'a mut Ctxt) -> Self {
        Self {
            rt,
            cx,
            sites: Vec::new(),
            async_closures: Vec::new(),
        }
    }

    /// Makes a future go through `Step`. The support code has the span of one punctuation token, so that editors show
    /// the user's code.
    pub(super) fn step(&self, future: &Expr, at: proc_macro2::Span) -> Expr {
        if self.calls_async_closure(future) {
            return future.clone();
        }
        let rt = path_at(self.rt, at);
        verbatim(quote_spanned!(at=> #rt::__private::step(#future)))
    }

    fn calls_async_closure(&self, future: &Expr) -> bool {
        let Expr::Call(call) = future else {
            return false;
        };
        let mut callee = &*call.func;
        while let Expr::Paren(paren) = callee {
            callee = &paren.expr;
        }
        match callee {
            Expr::Closure(closure) => closure.asyncness.is_some(),
            Expr::Path(path) => path
                .path
                .get_ident()
                .is_some_and(|name| self.async_closures.contains(name)),
            _ => false,
        }
    }

    fn branch(&self, block: &ExprAsync) -> Expr {
        let rt = path_at(self.rt, block.async_token.span);
        verbatim(quote_spanned!(block.async_token.span=> #rt::__private::branch(#block)))
    }

    /// `.after` and its like belong to DAGs, where nothing else gives the order.
    fn no_dag_builders(&mut self, mut future: &mut Expr) {
        while let Expr::MethodCall(call) = future {
            let name = call.method.to_string();
            let way_out = match name.as_str() {
                "after" => "await the other call before this one",
                "on" => "look at the result of the other call: `match other(…).await { … }`",
                "attempt" => "an awaited call is a `Result` already: match on it",
                _ => {
                    future = chained(future);
                    continue;
                }
            };
            if is_task_chain(&call.receiver) {
                self.cx.error(
                    &call.method,
                    format!("`.{name}` arranges the nodes of a DAG; in an `async` flow the order is that of the awaits\n\n{way_out}"),
                );
            }
            // Without it, so that rustc does not say the same in other words.
            let receiver = (*call.receiver).clone();
            *future = receiver;
        }
    }

    fn closure_body(&self, closure: &ExprClosure) -> Option<TokenStream> {
        let body = &closure.body;
        let at = closure.inputs_end.span();
        let rt = path_at(self.rt, at);
        if closure.asyncness.is_some() {
            let inner = match &closure.output {
                syn::ReturnType::Default => quote_spanned!(at=> #body),
                syn::ReturnType::Type(_, ty) => quote_spanned! {at=>
                    #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop)]
                    if false {
                        let __output: #ty = loop {};
                        return __output;
                    }
                    #body
                },
            };
            return Some(
                quote_spanned!(at=> { #rt::__private::branch_late(async { #inner }).await }),
            );
        }
        builds_calls(body)
            .then(|| quote_spanned!(at=> { let _scope = #rt::__private::closure_guard(); #body }))
    }
}

impl VisitMut for Rewriter<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Call(call) = expr
            && is_untracked(call)
        {
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
        match expr {
            Expr::Await(ExprAwait {
                base, await_token, ..
            }) => {
                self.no_dag_builders(base);
                **base = self.step(base, await_token.span);
            }
            Expr::Async(block) => *expr = self.branch(block),
            _ => {}
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let outside = self.async_closures.clone();
        visit_mut::visit_block_mut(self, block);
        self.async_closures = outside;
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        let is_async = local.init.as_ref().is_some_and(
            |init| matches!(&*init.expr, Expr::Closure(closure) if closure.asyncness.is_some()),
        );
        visit_mut::visit_local_mut(self, local);
        let bound = Names::of(&local.pat);
        self.async_closures.retain(|name| !bound.contains(name));
        if is_async {
            self.async_closures.extend(bound);
        }
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        visit_mut::visit_expr_closure_mut(self, closure);
        if let Some(body) = self.closure_body(closure) {
            *closure.body = verbatim(body);
        }
    }

    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        if let Expr::Path(path) = &*call.func {
            self.sites.extend(CallSite::of(&path.path));
        }
        let is_map = is_map(call);
        self.visit_expr_mut(&mut call.func);
        for (place, given) in call.args.iter_mut().enumerate() {
            let before = self.sites.len();
            // `map(items, fetch)` names what it calls without calling it.
            if let (Expr::Path(path), true) = (&*given, is_map && place > 0) {
                self.sites.extend(CallSite::of(&path.path));
            }
            self.visit_expr_mut(given);
            for site in &mut self.sites[before..] {
                site.mapped |= is_map && place > 0;
            }
        }
    }

    fn visit_expr_path_mut(&mut self, path: &mut ExprPath) {
        if let Some(effect) = effect_of(&path.path) {
            self.cx.error(&*path, effect.message(&spelled(path)));
        }
    }

    fn visit_expr_macro_mut(&mut self, mac: &mut ExprMacro) {
        macros::rewrite(self, &mut mac.mac);
    }

    fn visit_stmt_macro_mut(&mut self, mac: &mut StmtMacro) {
        macros::rewrite(self, &mut mac.mac);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        if call.method == "submit" {
            self.no_dag_builders(&mut call.receiver);
        }
        visit_mut::visit_expr_method_call_mut(self, call);
    }

    /// Functions inside the body are code of their own.
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// The names that a pattern binds.
struct Names(Vec<Ident>);

impl Names {
    fn of(pat: &Pat) -> Vec<Ident> {
        let mut names = Self(Vec::new());
        syn::visit::Visit::visit_pat(&mut names, pat);
        names.0
    }
}

impl<'ast> syn::visit::Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        self.0.push(pat.ident.clone());
        syn::visit::visit_pat_ident(self, pat);
    }
}

/// `map(items, …)`: a call for each item.
fn is_map(call: &ExprCall) -> bool {
    matches!(&*call.func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "map"))
}

/// `untracked(…)`: nothing in it is recorded, and all is allowed.
fn is_untracked(call: &ExprCall) -> bool {
    matches!(&*call.func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "untracked"))
}

/// What a method is called on.
fn chained(expr: &mut Expr) -> &mut Expr {
    match expr {
        Expr::MethodCall(call) => &mut call.receiver,
        other => other,
    }
}

/// A call of a function, or methods on it: not on some value that happens to have a method of that name.
fn is_task_chain(mut expr: &Expr) -> bool {
    loop {
        match expr {
            Expr::MethodCall(call) => expr = &call.receiver,
            Expr::Paren(paren) => expr = &paren.expr,
            Expr::Call(call) => {
                return matches!(&*call.func, Expr::Path(path)
                    if path.path.segments.last().is_some_and(|last| is_function(&last.ident.to_string())));
            }
            _ => return false,
        }
    }
}

/// Whether a closure may build calls of tasks: it calls functions.
fn builds_calls(body: &Expr) -> bool {
    struct Finder(bool);
    impl<'ast> syn::visit::Visit<'ast> for Finder {
        fn visit_expr_call(&mut self, call: &'ast ExprCall) {
            self.0 |= matches!(&*call.func, Expr::Path(path) if CallSite::of(&path.path).is_some());
            syn::visit::visit_expr_call(self, call);
        }
    }
    let mut finder = Finder(false);
    syn::visit::Visit::visit_expr(&mut finder, body);
    finder.0
}

fn verbatim(tokens: TokenStream) -> Expr {
    Expr::Verbatim(tokens)
}
