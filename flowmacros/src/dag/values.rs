//! How a node gets at the values that it uses.
//!
//! Most are taken out of cells. A name that a pattern binds to a part of a borrowed value, as in `match &status`, has no
//! cell, since a node may run long after the borrow: the nodes that use it match the value again.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Expr;

use super::chain::bare;
use super::lower::{Lowering, cell, hidden};
use super::model::{Body, Dest, Head, Node, Source, What};

/// Methods of the standard library whose value borrows from what they are called on.
const BORROWING: [&str; 18] = [
    "as_bytes",
    "as_deref",
    "as_ref",
    "as_slice",
    "as_str",
    "chars",
    "first",
    "get",
    "iter",
    "keys",
    "last",
    "lines",
    "split_at",
    "split_first",
    "split_last",
    "split_once",
    "strip_prefix",
    "trim",
];

/// Whether what a branch looks at is borrowed, as far as can be seen.
fn borrows(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Reference(_) => true,
        Expr::MethodCall(call) => {
            BORROWING.contains(&call.method.to_string().as_str()) || borrows(&call.receiver)
        }
        Expr::Tuple(tuple) => tuple.elems.iter().any(borrows),
        Expr::Let(one) => borrows(&one.expr),
        Expr::Binary(both) => borrows(&both.left) || borrows(&both.right),
        _ => false,
    }
}

/// The branch whose value a binding borrows from.
pub(super) fn lender(body: &Body, binding: usize) -> Option<usize> {
    let Source::Arm(branch) = body.bindings[binding].source else {
        return None;
    };
    match &body.nodes[branch].what {
        What::Branch {
            head: Head::If(expr) | Head::Match(expr),
            ..
        } if borrows(expr) => Some(branch),
        _ => None,
    }
}

/// The bindings with cells that the use of a binding comes to.
pub(super) fn with_cells(body: &Body, binding: usize) -> Vec<usize> {
    match lender(body, binding) {
        None => vec![binding],
        Some(branch) => {
            let uses = body.nodes[branch].uses.iter();
            uses.flat_map(|(used, _)| with_cells(body, *used)).collect()
        }
    }
}

impl Lowering<'_> {
    /// The branch whose value a binding borrows from.
    pub(super) fn lent(&self, binding: usize) -> Option<usize> {
        lender(self.body, binding)
    }

    /// The cells that a node reads and fills.
    pub(super) fn handles(&self, node: &Node) -> TokenStream {
        let mut cells: Vec<usize> = node
            .uses
            .iter()
            .flat_map(|(binding, _)| with_cells(self.body, *binding))
            .collect();
        let fills = |binding: &&usize| self.used(**binding) && self.lent(**binding).is_none();
        match (&node.what, &node.dest) {
            (What::Branch { arms, .. }, _) => {
                cells.extend(arms.iter().flat_map(|arm| &arm.binds).filter(fills));
            }
            (_, Dest::Let { binds, .. }) => cells.extend(binds.iter().filter(fills)),
            _ => {}
        }
        cells.sort_unstable();
        cells.dedup();
        let out = matches!(node.dest, Dest::Return) && !matches!(node.what, What::Branch { .. });
        let out = out.then(|| hidden("__out", Span::mixed_site()));
        cells
            .into_iter()
            .map(cell)
            .chain(out)
            .map(|name| quote!(let #name = #name.handle();))
            .collect()
    }

    /// Makes the names that a node uses plain values.
    pub(super) fn values(&self, node: &Node) -> TokenStream {
        let mut lenders: Vec<usize> = node
            .uses
            .iter()
            .filter_map(|(binding, _)| self.lent(*binding))
            .collect();
        lenders.dedup();
        let again = lenders
            .into_iter()
            .map(|branch| self.match_again(branch, node));
        let own = node
            .uses
            .iter()
            .filter(|(binding, _)| self.lent(*binding).is_none());
        let own = own.map(|(binding, used)| self.value(*binding, used.span(), false));
        quote!(#(#again)* #(#own)*)
    }

    fn value(&self, binding: usize, span: Span, again: bool) -> TokenStream {
        let name = &self.body.bindings[binding].name;
        let mut cell = cell(binding);
        cell.set_span(cell.span().located_at(span));
        let handle = again.then(|| quote!(.handle()));
        let once = self.uses.get(&binding).is_none_or(|count| *count < 2);
        let get = hidden(if once { "taken" } else { "cloned" }, span);
        quote!(#[allow(unused_variables)] let #name = #cell #handle.#get()?;)
    }

    /// The names that the patterns of a chosen arm bind, in a node of that arm.
    fn match_again(&self, branch: usize, node: &Node) -> TokenStream {
        let p = self.p;
        let at = &self.body.nodes[branch];
        let mut lenders: Vec<usize> = at
            .uses
            .iter()
            .filter_map(|(binding, _)| self.lent(*binding))
            .collect();
        lenders.dedup();
        let outer = lenders.into_iter().map(|outer| self.match_again(outer, at));
        let own = at
            .uses
            .iter()
            .filter(|(binding, _)| self.lent(*binding).is_none());
        let own = own.map(|(binding, used)| self.value(*binding, used.span(), true));
        let matches = self
            .chosen_patterns(branch, node)
            .into_iter()
            .map(|(pat, expr)| {
                quote! {
                    #[allow(unused_variables, irrefutable_let_patterns)]
                    let #pat = #expr else {
                        return ::core::result::Result::Err(#p::matched_before());
                    };
                }
            });
        quote!(#(#outer)* #(#own)* #(#matches)*)
    }

    /// The patterns of the arm that a node stands in, with what they match.
    fn chosen_patterns(&self, branch: usize, node: &Node) -> Vec<(syn::Pat, Expr)> {
        let What::Branch { head, arms } = &self.body.nodes[branch].what else {
            return Vec::new();
        };
        let number = self.arm_of(branch, node);
        match head {
            Head::Match(scrutinee) => {
                let pat = arms.get(number).and_then(|arm| arm.pat.clone());
                pat.map(|pat| (pat, scrutinee.clone()))
                    .into_iter()
                    .collect()
            }
            Head::If(condition) => lets(condition),
        }
    }

    /// The arm of a branch that a node stands in, perhaps inside branches inside it.
    fn arm_of(&self, branch: usize, node: &Node) -> usize {
        let mut arm = node.arm;
        while let Some((around, number)) = arm {
            if around == branch {
                return number;
            }
            arm = self.body.nodes[around].arm;
        }
        0
    }
}

fn lets(condition: &Expr) -> Vec<(syn::Pat, Expr)> {
    match bare(condition) {
        Expr::Let(one) => vec![((*one.pat).clone(), (*one.expr).clone())],
        Expr::Binary(both) => {
            let mut all = lets(&both.left);
            all.extend(lets(&both.right));
            all
        }
        _ => Vec::new(),
    }
}
