//! Which names from outside an expression uses.

use std::collections::HashSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Ident, Macro, Pat, Stmt, Token};

use super::formats;

/// A name that an expression uses and does not bind itself.
#[derive(Debug)]
pub(super) struct Free {
    pub(super) name: Ident,
    /// Found in tokens that could not be parsed, or called as a function: perhaps no value of ours.
    pub(super) perhaps: bool,
}

/// The free names of an expression, in the order of their first use.
pub(super) fn free(expr: &Expr) -> Vec<Free> {
    let mut finder = Finder::default();
    finder.scoped(|finder| finder.visit_expr(expr));
    finder.found
}

/// The free names of a guard, in which the names of a pattern are bound.
pub(super) fn free_under(pat: &Pat, expr: &Expr) -> Vec<Free> {
    let mut finder = Finder::default();
    finder.scoped(|finder| {
        finder.visit_pat(pat);
        finder.visit_expr(expr);
    });
    finder.found
}

/// The names a pattern binds, each once. A name that starts with a capital is a constant or a variant.
pub(super) fn bound(pat: &Pat) -> Vec<&Ident> {
    let mut finder = Bound(Vec::new());
    finder.visit_pat(pat);
    finder.0
}

struct Bound<'a>(Vec<&'a Ident>);

impl<'a> Visit<'a> for Bound<'a> {
    fn visit_pat_ident(&mut self, pat: &'a syn::PatIdent) {
        let constant = pat
            .ident
            .unraw()
            .to_string()
            .starts_with(char::is_uppercase);
        if !constant && !self.0.contains(&&pat.ident) {
            self.0.push(&pat.ident);
        }
        if let Some((_, inner)) = &pat.subpat {
            self.visit_pat(inner);
        }
    }
    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// The patterns of the `let`s of a condition.
pub(super) fn condition_lets(condition: &Expr) -> Vec<&Pat> {
    match condition {
        Expr::Let(one) => vec![&one.pat],
        Expr::Binary(both) if matches!(both.op, syn::BinOp::And(_)) => {
            let mut pats = condition_lets(&both.left);
            pats.extend(condition_lets(&both.right));
            pats
        }
        Expr::Paren(inner) => condition_lets(&inner.expr),
        _ => Vec::new(),
    }
}

#[derive(Default)]
struct Finder {
    scopes: Vec<HashSet<String>>,
    found: Vec<Free>,
}

impl Finder {
    fn scoped(&mut self, visit: impl FnOnce(&mut Self)) {
        self.scopes.push(HashSet::new());
        visit(self);
        self.scopes.pop();
    }

    fn bind(&mut self, pat: &Pat) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.extend(bound(pat).into_iter().map(ToString::to_string));
        }
    }

    fn used(&mut self, name: &Ident, perhaps: bool) {
        let text = name.to_string();
        let ours = self.scopes.iter().any(|scope| scope.contains(&text));
        if ours || text == "self" {
            return;
        }
        match self.found.iter_mut().find(|free| free.name == *name) {
            Some(free) => free.perhaps &= perhaps,
            None => self.found.push(Free {
                name: name.clone(),
                perhaps,
            }),
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let (mut previous, mut before) = (None, None);
        let mut tokens = tokens.into_iter().peekable();
        while let Some(tree) = tokens.next() {
            match &tree {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(name) => {
                    let member = matches!(previous, Some('.' | ':'));
                    let path = matches!(tokens.peek(), Some(TokenTree::Punct(p)) if matches!(p.as_char(), ':' | '!'));
                    let body = matches!(tokens.peek(), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Parenthesis);
                    if !member
                        && !path
                        && !body
                        && syn::parse_str::<Ident>(&name.to_string()).is_ok()
                    {
                        self.used(name, true);
                    }
                }
                TokenTree::Literal(literal) => self.literal(literal),
                TokenTree::Punct(_) => {}
            }
            // `0..n` and `key: n` use `n`; `a.n` and `a::n` do not.
            previous = match &tree {
                TokenTree::Punct(p) => match (before, p.as_char()) {
                    (Some('.'), '.') => None,
                    (Some(':'), ':') => Some(':'),
                    (_, ':') => Some(';'),
                    (_, other) => Some(other),
                },
                _ => None,
            };
            before = match &tree {
                TokenTree::Punct(p) => Some(p.as_char()),
                _ => None,
            };
        }
    }

    /// An argument of a macro: a string may capture names.
    fn argument(&mut self, arg: &Expr) {
        match arg {
            Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => self.literal(&text.token()),
            other => self.visit_expr(other),
        }
    }

    fn literal(&mut self, literal: &proc_macro2::Literal) {
        let parsed = syn::parse2::<syn::LitStr>(TokenTree::Literal(literal.clone()).into());
        if let Ok(text) = parsed {
            for name in formats::captured(&text.value()) {
                if let Ok(name) = Ident::parse_any.parse_str(&name) {
                    self.used(&Ident::new(&name.to_string(), literal.span()), true);
                }
            }
        }
    }
}

impl<'a> Visit<'a> for Finder {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Path(path) if path.qself.is_none() => {
                if let Some(name) = path.path.get_ident() {
                    self.used(name, false);
                }
            }
            Expr::Call(call) => {
                match &*call.func {
                    Expr::Path(path) if path.path.get_ident().is_some() => {
                        path.path
                            .get_ident()
                            .into_iter()
                            .for_each(|name| self.used(name, true));
                    }
                    other => self.visit_expr(other),
                }
                call.args.iter().for_each(|arg| self.visit_expr(arg));
            }
            Expr::Closure(closure) => self.scoped(|finder| {
                closure
                    .inputs
                    .iter()
                    .for_each(|input| finder.visit_pat(input));
                finder.visit_expr(&closure.body);
            }),
            Expr::Let(one) => {
                self.visit_expr(&one.expr);
                self.visit_pat(&one.pat);
            }
            Expr::If(branch) => {
                self.scoped(|finder| {
                    finder.visit_expr(&branch.cond);
                    finder.visit_block(&branch.then_branch);
                });
                if let Some((_, other)) = &branch.else_branch {
                    self.visit_expr(other);
                }
            }
            Expr::While(repeat) => self.scoped(|finder| {
                finder.visit_expr(&repeat.cond);
                finder.visit_block(&repeat.body);
            }),
            Expr::ForLoop(repeat) => {
                self.visit_expr(&repeat.expr);
                self.scoped(|finder| {
                    finder.visit_pat(&repeat.pat);
                    finder.visit_block(&repeat.body);
                });
            }
            other => visit::visit_expr(self, other),
        }
    }

    fn visit_arm(&mut self, arm: &'a syn::Arm) {
        self.scoped(|finder| {
            finder.visit_pat(&arm.pat);
            if let Pat::Guard(guarded) = &arm.pat {
                finder.visit_expr(&guarded.guard);
            }
            finder.visit_expr(&arm.body);
        });
    }

    fn visit_block(&mut self, block: &'a Block) {
        self.scoped(|finder| block.stmts.iter().for_each(|stmt| finder.visit_stmt(stmt)));
    }

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Local(local) => {
                if let Some(init) = &local.init {
                    self.visit_expr(&init.expr);
                    if let Some((_, other)) = &init.diverge {
                        self.visit_expr(other);
                    }
                }
                self.visit_pat(&local.pat);
            }
            // An item cannot use local names.
            Stmt::Item(_) => {}
            other => visit::visit_stmt(self, other),
        }
    }

    fn visit_pat(&mut self, pat: &'a Pat) {
        self.bind(pat);
    }

    fn visit_type(&mut self, _: &'a syn::Type) {}

    fn visit_macro(&mut self, call: &'a Macro) {
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let Ok(args) = parser.parse2(call.tokens.clone()) else {
            self.tokens(call.tokens.clone());
            return;
        };
        for arg in &args {
            match arg {
                Expr::Assign(named) if matches!(&*named.left, Expr::Path(_)) => {
                    self.argument(&named.right);
                }
                other => self.argument(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> String {
        let expr = syn::parse_str::<Expr>(text).expect("parses");
        let names: Vec<_> = free(&expr)
            .iter()
            .map(|free| free.name.to_string())
            .collect();
        names.join(" ")
    }

    #[test]
    fn scopes_hide_their_names() {
        for (text, expected) in [
            ("|a| a + b", "b"),
            ("{ let a = b; a + c }", "b c"),
            ("{ let a = a; a }", "a"),
            (
                "match x { Some(y) if y > z => y, None => w, _ => MAX }",
                "x z w MAX",
            ),
            ("if let Some(a) = a && a > b { a } else { c }", "a b c"),
            (
                "{ for i in 0..n { s += i } while let Some(q) = next { f(q) } }",
                "n s next f",
            ),
            ("Report { title, n: count, ..rest }", "title count rest"),
            ("a.b.c(d)", "a d"),
            ("std::cmp::max(a, b)", "a b"),
            ("{ fn inner(x: u32) -> u32 { x } inner(y) }", "inner y"),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn macros_are_looked_into() {
        for (text, expected) in [
            ("format!(\"{a} {b:?} {{c}} {:w$}\", d, e = f)", "a b w d f"),
            ("vec![a; n]", "a n"),
            ("vec![a, b.c]", "a b"),
            ("matches!(x, Some(n) if n > limit)", "x n limit"),
            ("json!({ \"a\": b, \"c\": d.e })", "b d"),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }
}
