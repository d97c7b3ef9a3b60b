//! Secrets are read in tasks: what a flow's body reads would not be recorded.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block, ExprCall, Item, Macro};

use crate::ctxt::Ctxt;

const MESSAGE: &str = "a secret is read in the body of a flow, where it would decide how the flow goes on without being recorded\n\nread it in the task that needs it, or take a parameter `token: Secret<String>` and pass it on";

/// Reproaches each `secret!(…)` in the body of a flow.
pub(crate) fn secrets(block: &Block, cx: &mut Ctxt) {
    Finder { cx }.visit_block(block);
}

struct Finder<'a> {
    cx: &'a mut Ctxt,
}

impl Finder<'_> {
    /// What another macro is given may hold it too.
    fn look_through(&mut self, tokens: TokenStream) {
        let mut before: Option<TokenTree> = None;
        for token in tokens {
            if let TokenTree::Group(group) = &token {
                self.look_through(group.stream());
            }
            if matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '!')
                && let Some(TokenTree::Ident(name)) = &before
                && name == "secret"
            {
                self.cx.error(name, MESSAGE);
            }
            before = Some(token);
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_macro(&mut self, call: &'ast Macro) {
        let is_ours = call
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "secret");
        if is_ours {
            self.cx.error(&call.path, MESSAGE);
        } else {
            self.look_through(call.tokens.clone());
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && path.path.segments.len() == 2
            && path.path.segments[0].ident == "flowrt"
            && path.path.segments[1].ident == "secret"
        {
            self.cx.error(&path.path, MESSAGE);
        }
        visit::visit_expr_call(self, call);
    }

    /// Functions inside the body are code of their own.
    fn visit_item(&mut self, _: &'ast Item) {}
}
