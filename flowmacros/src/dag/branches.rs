//! `if` and `match` as nodes with arms.

use proc_macro2::Span;
use syn::{Expr, Ident, Pat, Stmt};

use super::chain::bare;
use super::check::statements as check;
use super::model::{Arm, Body, Dest, Head, Source, What};
use super::names::{bound, condition_lets, free, free_under};
use super::parse::{Parser, Place};
use super::text::text;

impl Parser<'_> {
    pub(super) fn if_node(
        &mut self,
        branch: &syn::ExprIf,
        place: Place,
        dest: Dest,
        agrees: Option<usize>,
    ) -> usize {
        let head = Head::If((*branch.cond).clone());
        let span = branch.if_token.span;
        let node = self.branch(head, &branch.cond, span, place, &dest, agrees);
        let pats: Vec<Pat> = condition_lets(&branch.cond).into_iter().cloned().collect();
        let then = &branch.then_branch.stmts;
        self.arm(node, text(&branch.cond), (None, None), &pats, then, &dest);
        let other = match branch.else_branch.as_ref().map(|(_, other)| &**other) {
            None => Vec::new(),
            Some(Expr::Block(block)) => block.block.stmts.clone(),
            Some(other) => vec![Stmt::Expr(other.clone(), None)],
        };
        self.arm(node, "else".to_owned(), (None, None), &[], &other, &dest);
        node
    }

    pub(super) fn match_node(
        &mut self,
        branch: &syn::ExprMatch,
        place: Place,
        dest: Dest,
        agrees: Option<usize>,
    ) -> usize {
        let head = Head::Match((*branch.expr).clone());
        let span = branch.match_token.span;
        let node = self.branch(head, &branch.expr, span, place, &dest, agrees);
        for arm in &branch.arms {
            check::arm_attributes(arm, self.cx);
            let (pat, guard) = match &arm.pat {
                Pat::Guard(guarded) => ((*guarded.pat).clone(), Some((*guarded.guard).clone())),
                pat => (pat.clone(), None),
            };
            let mut label = text(&pat);
            if let Some(guard) = &guard {
                check::plain(guard, self.cx);
                self.use_names(node, free_under(&pat, guard));
                label = format!("{label} if {}", text(guard));
            }
            let stmts = match bare(&arm.body) {
                Expr::Block(block) if block.label.is_none() => block.block.stmts.clone(),
                other => vec![Stmt::Expr(other.clone(), None)],
            };
            let pats = [pat.clone()];
            self.arm(node, label, (Some(pat), guard), &pats, &stmts, &dest);
        }
        node
    }

    /// The node that chooses an arm by `chooser`.
    fn branch(
        &mut self,
        head: Head,
        chooser: &Expr,
        span: Span,
        place: Place,
        dest: &Dest,
        agrees: Option<usize>,
    ) -> usize {
        let arms = Vec::new();
        let node = self.push(What::Branch { head, arms }, place, dest.clone(), span);
        self.body.nodes[node].agrees = agrees;
        check::plain(chooser, self.cx);
        self.use_names(node, free(chooser));
        node
    }

    fn arm(
        &mut self,
        branch: usize,
        label: String,
        (pat, guard): (Option<Pat>, Option<Expr>),
        pats: &[Pat],
        stmts: &[Stmt],
        dest: &Dest,
    ) {
        let block = self.open_block(Some(self.body.nodes[branch].block));
        let names: Vec<Ident> = pats.iter().flat_map(bound).cloned().collect();
        let binds = names
            .iter()
            .map(|name| self.bind(name, Source::Arm(branch), block))
            .collect();
        let number = match &self.body.nodes[branch].what {
            What::Branch { arms, .. } => arms.len(),
            _ => 0,
        };
        let place = Place {
            block,
            arm: Some((branch, number)),
        };
        let first = self.body.nodes.len();
        let valued = !matches!(dest, Dest::Discard);
        // A branch that is the value of an arm agrees with the whole.
        let whole = self.body.nodes[branch].agrees.unwrap_or(branch);
        let agrees = valued.then_some(whole);
        let mut tail = self
            .statements(stmts, place, dest, agrees)
            .filter(|_| valued);
        let own = |body: &Body| -> Vec<usize> {
            (first..body.nodes.len())
                .filter(|node| body.nodes[*node].arm == place.arm)
                .collect()
        };
        if valued && tail.is_none() {
            let before = own(&self.body);
            let span = self.body.nodes[branch].span;
            let unit = self.push(What::Unit, place, dest.clone(), span);
            self.body.nodes[unit].after_nodes = before;
            self.body.nodes[unit].agrees = agrees;
            tail = Some(unit);
        }
        let nodes = own(&self.body);
        if let What::Branch { arms, .. } = &mut self.body.nodes[branch].what {
            arms.push(Arm {
                text: label,
                pat,
                guard,
                binds,
                nodes,
                tail,
            });
        }
    }
}
