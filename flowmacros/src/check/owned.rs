//! Inputs and outputs are recorded and may be read back by another process: no borrow, no `impl Trait`.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{ReturnType, Type};

use crate::ctxt::Ctxt;
use crate::model::last_segment;
use crate::names::spelled;

/// The type of a parameter.
pub(super) fn parameter(ty: &Type, what: &str, cx: &mut Ctxt) {
    for (span, way_out) in faults(ty) {
        let msg = format!(
            "a {what} cannot borrow its inputs or leave their type open: they are recorded, and it may run in another process\n\n{way_out}"
        );
        cx.error_at(span, msg);
    }
}

/// The type of the result.
pub(super) fn result(output: &ReturnType, what: &str, cx: &mut Ctxt) {
    let ReturnType::Type(_, ty) = output else {
        return;
    };
    if matches!(**ty, Type::Never(_)) {
        cx.error(
            ty,
            format!("a {what} that never returns never completes\n\nreturn `Result<()>`"),
        );
    }
    for (span, way_out) in faults(ty) {
        let msg = format!(
            "a {what} cannot return a borrow or leave the type of its result open: it is recorded, and may be read in another process\n\n{way_out}"
        );
        cx.error_at(span, msg);
    }
}

fn faults(ty: &Type) -> Vec<(Span, String)> {
    let mut faults = Faults(Vec::new());
    faults.visit_type(ty);
    faults.0
}

struct Faults(Vec<(Span, String)>);

impl<'ast> Visit<'ast> for Faults {
    fn visit_type(&mut self, ty: &'ast Type) {
        match ty {
            Type::Reference(_) => self
                .0
                .push((ty.span(), format!("use `{}`", owned_form(ty)))),
            Type::ImplTrait(_) => self.0.push((
                ty.span(),
                "name the type instead of `impl Trait`".to_owned(),
            )),
            Type::FnPtr(_) => {}
            _ => visit::visit_type(self, ty),
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
        if lifetime.ident != "static" {
            self.0
                .push((lifetime.span(), "use a type without a lifetime".to_owned()));
        }
    }
}

fn owned_form(ty: &Type) -> String {
    let Type::Reference(reference) = ty else {
        return spelled(ty);
    };
    match &*reference.elem {
        Type::Slice(slice) => format!("Vec<{}>", spelled(&slice.elem)),
        elem => match last_segment(elem).map(ToString::to_string).as_deref() {
            Some("str") => "String".to_owned(),
            Some("Path") => "PathBuf".to_owned(),
            _ => spelled(elem),
        },
    }
}
