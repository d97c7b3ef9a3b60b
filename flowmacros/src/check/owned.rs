//! Inputs and outputs are recorded and may be read back by another process: no borrow, no `impl Trait`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{ReturnType, Type};

use crate::ctxt::Ctxt;
use crate::model::last_segment;
use crate::names::spelled;

/// The type of a parameter.
pub(super) fn parameter(ty: &Type, what: &str, cx: &mut Ctxt) {
    for fault in faults(ty) {
        let msg = match fault.kind {
            Kind::Borrow => format!(
                "a {what} cannot borrow its inputs: they are recorded, and it may run in another process"
            ),
            Kind::Open => format!(
                "a {what} cannot take `impl Trait`: its inputs come back from their record as one type"
            ),
        };
        cx.error(fault.at, format!("{msg}\n\n{}", fault.way_out));
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
    for fault in faults(ty) {
        let msg = match fault.kind {
            Kind::Borrow => format!(
                "a {what} cannot return a borrow: its result is recorded, and may be read in another process"
            ),
            Kind::Open => format!(
                "a {what} cannot return `impl Trait`: its result comes back from its record as one type"
            ),
        };
        cx.error(fault.at, format!("{msg}\n\n{}", fault.way_out));
    }
}

/// What is wrong with a part of a type.
struct Fault {
    at: TokenStream,
    kind: Kind,
    way_out: String,
}

enum Kind {
    Borrow,
    Open,
}

fn faults(ty: &Type) -> Vec<Fault> {
    let mut faults = Faults(Vec::new());
    faults.visit_type(ty);
    faults.0
}

struct Faults(Vec<Fault>);

impl Faults {
    fn push(&mut self, at: &impl ToTokens, kind: Kind, way_out: impl Into<String>) {
        self.0.push(Fault {
            at: at.to_token_stream(),
            kind,
            way_out: way_out.into(),
        });
    }
}

impl<'ast> Visit<'ast> for Faults {
    fn visit_type(&mut self, ty: &'ast Type) {
        match ty {
            Type::Reference(_) => self.push(ty, Kind::Borrow, format!("use `{}`", owned_form(ty))),
            Type::ImplTrait(_) => self.push(ty, Kind::Open, "name the type"),
            Type::FnPtr(_) => {}
            _ => visit::visit_type(self, ty),
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
        if lifetime.ident != "static" {
            self.push(lifetime, Kind::Borrow, "use a type without a lifetime");
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
