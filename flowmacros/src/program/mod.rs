//! The bodies of flows that are `async`: every await goes through `Step`, every async block and closure gets a place of
//! its own, and what a resumed run could not repeat is said.

mod macros;
mod rewrite;
mod sites;

use syn::{Block, Path};

use crate::ctxt::Ctxt;

pub(crate) use sites::{CallSite, tokens as sites};

/// A rewritten body.
pub(crate) struct Program {
    /// The body.
    pub(crate) body: Block,
    /// The calls in it, in source order.
    pub(crate) sites: Vec<CallSite>,
}

/// Rewrites the body of an `async` flow; `rt` is where the run time is.
pub(crate) fn rewrite(mut body: Block, rt: &Path, cx: &mut Ctxt) -> Program {
    let mut rewriter = rewrite::Rewriter::new(rt, cx);
    syn::visit_mut::VisitMut::visit_block_mut(&mut rewriter, &mut body);
    let sites = rewriter.sites;
    Program { body, sites }
}

#[cfg(test)]
mod tests;
